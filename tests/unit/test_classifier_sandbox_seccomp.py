"""The filter of system calls, run as the kernel would run it: what is allowed, refused, and deadly, on each machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence

import pytest

from services.classifier.sandbox import landlock
from services.classifier.sandbox.numbers import NUMBERS
from services.classifier.sandbox.seccomp import ALLOW, KILL, Instruction, filter_of, refuse

X86_64, AARCH64 = 0xC000003E, 0xC00000B7
MACHINES = {"x86_64": X86_64, "aarch64": AARCH64}
PID = 4711
EPERM, EACCES, ENOSYS = 1, 13, 38


def verdict(machine: str, call: str | int, *arguments: int, architecture: int = 0, may_open: bool = False) -> int:
    """What the filter answers; a call by its name on that machine, or by its number."""
    number = call if isinstance(call, int) else NUMBERS[machine][call]
    data = {0: number, 4: architecture or MACHINES[machine]}
    data |= {16 + 8 * at: argument & 0xFFFFFFFF for at, argument in enumerate([*arguments, 0, 0, 0, 0])}
    return _run(filter_of(machine, PID, may_open=may_open), data)


def _run(program: Sequence[Instruction], data: dict[int, int]) -> int:
    at = loaded = 0
    while True:
        code, if_true, if_false, value = program[at]
        at += 1
        match code:
            case 0x20:
                loaded = data[value]
            case 0x06:
                return value
            case _:
                holds = {0x15: loaded == value, 0x35: loaded >= value, 0x45: bool(loaded & value)}[code]
                at += if_true if holds else if_false


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_reading_and_memory_are_allowed(machine: str) -> None:
    for call in ("read", "write", "munmap", "futex", "exit_group", "rt_sigreturn", "epoll_pwait", "getrandom"):
        assert verdict(machine, call) == ALLOW


@pytest.mark.parametrize("call", ["execve", "connect", "ptrace", "bind", "sendto", "unshare", "bpf", "io_uring_setup"])
def test_what_no_library_does_is_deadly(call: str, machine: str) -> None:
    assert verdict(machine, call) == KILL


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET, 38])
def test_a_socket_for_any_network_is_deadly(family: int, machine: str) -> None:
    assert verdict(machine, "socket", family) == KILL
    assert verdict(machine, "socketpair", family) == KILL


def test_threads_are_started_and_processes_are_not(machine: str) -> None:
    thread, process = 0x003D0F00, 17
    assert verdict(machine, "clone", thread) == ALLOW
    assert verdict(machine, "clone", process) == KILL
    assert verdict(machine, "clone3") == refuse(ENOSYS)


def test_files_are_opened_to_be_read_or_not_at_all(machine: str) -> None:
    assert verdict(machine, "openat", 0, 0, os.O_RDONLY) == refuse(EACCES)
    assert verdict(machine, "openat", 0, 0, os.O_RDONLY, may_open=True) == ALLOW
    for flags in (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC, os.O_APPEND | os.O_WRONLY):
        assert verdict(machine, "openat", 0, 0, flags, may_open=True) == refuse(EACCES)
    assert verdict(machine, "openat2", may_open=True) == refuse(EPERM)


def test_signals_go_to_the_process_itself_only(machine: str) -> None:
    for call in ("kill", "tgkill"):
        assert verdict(machine, call, PID) == ALLOW
        assert verdict(machine, call, 1) == KILL
        assert verdict(machine, call, -1) == KILL


def test_memory_never_holds_code(machine: str) -> None:
    for call in ("mmap", "mprotect"):
        assert verdict(machine, call, 0, 4096, 3) == ALLOW
        assert verdict(machine, call, 0, 4096, 7) == refuse(EACCES)


def test_calls_by_other_numbers_are_deadly_or_refused(machine: str) -> None:
    assert verdict(machine, 0, architecture=0x40000003) == KILL
    assert verdict(machine, 0x40000000) == KILL
    assert verdict(machine, 9999) == refuse(EPERM)
    for call in ("memfd_create", "prlimit64", "seccomp", "mlock", "capset", "dup"):
        assert verdict(machine, call) == (ALLOW if call == "dup" else refuse(EPERM))


def test_landlock_handles_what_each_version_knows() -> None:
    rights = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16, 7: 16}
    for abi, count in rights.items():
        assert landlock.attributes(abi)[:8] == ((1 << count) - 1).to_bytes(8, "little")
    assert [len(landlock.attributes(abi)) for abi in (1, 3, 4, 5, 6, 7)] == [8, 8, 16, 16, 24, 24]
