"""A filter of system calls (seccomp-BPF): what a worker that reads needs is allowed, and nothing else."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from collections.abc import Iterable, Iterator

from services.classifier.sandbox import kernel
from services.classifier.sandbox.numbers import NUMBERS

ALLOW = 0x7FFF0000
KILL = 0x80000000
_REFUSE = 0x00050000

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000

_LOAD, _IS, _AT_LEAST, _HAS_ANY, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16

_SET_MODE_FILTER, _ON_ALL_THREADS = 1, 1

_EPERM, _EACCES, _ENOSYS, _ENOTTY = 1, 13, 38, 25
_CLONE_THREAD = 0x00010000
_PROT_EXEC = 4
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PR_SET_NAME, _PR_SET_VMA = 15, 0x53564D41

READING = """
    read write readv writev pread64 preadv2 close close_range fstat newfstatat lseek mremap munmap madvise brk
    membarrier mincore futex futex_waitv get_robust_list set_robust_list rseq set_tid_address sched_yield
    sched_getaffinity sched_getparam sched_getscheduler getcpu gettid getpid getppid rt_sigaction rt_sigprocmask
    rt_sigreturn sigaltstack restart_syscall exit exit_group nanosleep clock_nanosleep clock_gettime clock_getres
    gettimeofday epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd2 pipe2 dup poll ppoll select
    pselect6 fcntl getrandom getrusage times uname sysinfo getuid geteuid getgid getegid getcwd fadvise64 statx stat
    lstat access faccessat faccessat2 readlink readlinkat getdents64 timerfd_create timerfd_settime shutdown arch_prctl
"""
"""Memory, threads, clocks, files that are open, and looks at those that are not."""

DEADLY = """
    execve execveat fork vfork ptrace process_vm_readv process_vm_writev connect bind listen accept accept4 sendto
    sendmsg unshare setns mount umount2 pivot_root chroot bpf perf_event_open keyctl add_key init_module
    finit_module kexec_load userfaultfd io_uring_setup open_by_handle_at
"""
"""No library of ours calls these while it reads: who does is an intruder, and the process ends."""

Instruction = tuple[int, int, int, int]


def refuse(error: int) -> int:
    """The action that fails a call with this errno."""
    return _REFUSE | error


def filter_of(machine: str, process_id: int, *, may_open: bool) -> list[Instruction]:
    """The program for one worker. It may open files to read only where `may_open` (OCR reads its models late)."""
    numbers = NUMBERS[machine]
    return [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IS, 1, 0, _ARCHITECTURES[machine]),
        (_RETURN, 0, 0, KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, KILL),
        *_by_name(numbers, READING.split(), ALLOW),
        *_by_name(numbers, DEADLY.split(), KILL),
        *_by_name(numbers, ["clone3"], refuse(_ENOSYS)),  # its flags cannot be seen; libraries fall back to clone
        *_by_name(numbers, ["ioctl"], refuse(_ENOTTY)),
        *_conditional(numbers, process_id),
        *_opening(numbers, may_open=may_open),
        (_RETURN, 0, 0, refuse(_EPERM)),
    ]


def install(program: Iterable[Instruction], seccomp: int) -> None:
    """For this process, all its threads, for good. Raises OSError where the kernel has none."""
    code = b"".join(struct.pack("=HBBI", *each) for each in program)
    instructions = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("@HP", len(code) // 8, ctypes.addressof(instructions))
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    stopped_at = kernel.call(seccomp, _SET_MODE_FILTER, _ON_ALL_THREADS, ctypes.create_string_buffer(head, len(head)))
    if stopped_at:
        raise OSError(f"thread {stopped_at} could not be filtered")


def _conditional(numbers: dict[str, int], process_id: int) -> Iterator[Instruction]:
    """Calls whose arguments decide: threads yes, processes no; signals to itself; memory that holds no code."""
    yield from _where(numbers, "clone", 0, _any(_CLONE_THREAD, ALLOW), KILL)
    for call in ("kill", "tgkill"):
        yield from _where(numbers, call, 0, _equal(process_id, ALLOW), KILL)
    for call in ("mmap", "mprotect"):
        yield from _where(numbers, call, 2, _any(_PROT_EXEC, refuse(_EACCES)), ALLOW)
    yield from _where(numbers, "socket", 0, _equal(socket.AF_UNIX, refuse(_EACCES)), KILL)  # libc looks for nscd
    yield from _where(numbers, "socketpair", 0, _equal(socket.AF_UNIX, ALLOW), KILL)
    names = [*_equal(_PR_SET_NAME, ALLOW), *_equal(_PR_SET_VMA, ALLOW)]
    yield from _where(numbers, "prctl", 0, names, refuse(_EPERM))


def _opening(numbers: dict[str, int], *, may_open: bool) -> Iterator[Instruction]:
    """`open` and `openat` for reading, or not at all."""
    otherwise = ALLOW if may_open else refuse(_EACCES)
    yield from _where(numbers, "openat", 2, _any(_WRITES, refuse(_EACCES)), otherwise)
    yield from _where(numbers, "open", 1, _any(_WRITES, refuse(_EACCES)), otherwise)


def _by_name(numbers: dict[str, int], names: Iterable[str], action: int) -> Iterator[Instruction]:
    for name in names:
        if name in numbers:
            yield (_IS, 0, 1, numbers[name])
            yield (_RETURN, 0, 0, action)


def _where(
    numbers: dict[str, int], name: str, argument: int, test: list[Instruction], otherwise: int
) -> Iterator[Instruction]:
    """A call for which the low half of an argument decides: as `test` says, or otherwise."""
    if name in numbers:
        yield (_IS, 0, len(test) + 2, numbers[name])
        yield (_LOAD, 0, 0, _ARGUMENTS + 8 * argument)
        yield from test
        yield (_RETURN, 0, 0, otherwise)


def _any(bits: int, action: int) -> list[Instruction]:
    """It has any of these bits."""
    return [(_HAS_ANY, 0, 1, bits), (_RETURN, 0, 0, action)]


def _equal(value: int, action: int) -> list[Instruction]:
    """It is this value."""
    return [(_IS, 0, 1, int(value)), (_RETURN, 0, 0, action)]
