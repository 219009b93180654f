"""Numbers of system calls, as in the headers of the kernel (asm/unistd_64.h, asm-generic/unistd.h)."""

from __future__ import annotations

_X86_64 = """
    read=0 write=1 readv=19 writev=20 pread64=17 pwrite64=18 preadv2=327 close=3 close_range=436 fstat=5
    newfstatat=262 lseek=8 mmap=9 munmap=11 mremap=25 mprotect=10 madvise=28 brk=12 membarrier=324 mlock=149
    mincore=27 futex=202 futex_waitv=449 get_robust_list=274 set_robust_list=273 rseq=334 set_tid_address=218
    sched_yield=24 sched_getaffinity=204 sched_getparam=143 sched_getscheduler=145 getcpu=309 gettid=186
    getpid=39 getppid=110 rt_sigaction=13 rt_sigprocmask=14 rt_sigreturn=15 sigaltstack=131 restart_syscall=219
    exit=60 exit_group=231 nanosleep=35 clock_nanosleep=230 clock_gettime=228 clock_getres=229 gettimeofday=96
    epoll_create1=291 epoll_ctl=233 epoll_pwait=281 epoll_pwait2=441 epoll_wait=232 eventfd2=290 pipe2=293
    dup=32 poll=7 ppoll=271 select=23 pselect6=270 fcntl=72 getrandom=318 getrusage=98 times=100 uname=63
    sysinfo=99 getuid=102 geteuid=107 getgid=104 getegid=108 getcwd=79 fadvise64=221 statx=332 stat=4 lstat=6
    access=21 faccessat=269 faccessat2=439 readlink=89 readlinkat=267 getdents64=217 timerfd_create=283
    timerfd_settime=286 socketpair=53 shutdown=48 arch_prctl=158 execve=59 execveat=322 fork=57 vfork=58
    ptrace=101 process_vm_readv=310 process_vm_writev=311 socket=41 connect=42 bind=49 listen=50 accept=43
    accept4=288 sendto=44 sendmsg=46 recvfrom=45 recvmsg=47 unshare=272 setns=308 mount=165 umount2=166
    pivot_root=155 chroot=161 bpf=321 perf_event_open=298 keyctl=250 add_key=248 init_module=175
    finit_module=313 kexec_load=246 userfaultfd=323 io_uring_setup=425 memfd_create=319 open_by_handle_at=304
    clone=56 clone3=435 openat=257 open=2 openat2=437 kill=62 tkill=200 tgkill=234 ioctl=16 prctl=157
    prlimit64=302 seccomp=317 landlock_create_ruleset=444 landlock_add_rule=445 landlock_restrict_self=446
    capset=126
"""

_AARCH64 = """
    read=63 write=64 readv=65 writev=66 pread64=67 pwrite64=68 preadv2=286 close=57 close_range=436 fstat=80
    newfstatat=79 lseek=62 mmap=222 munmap=215 mremap=216 mprotect=226 madvise=233 brk=214 membarrier=283
    mlock=228 mincore=232 futex=98 futex_waitv=449 get_robust_list=100 set_robust_list=99 rseq=293
    set_tid_address=96 sched_yield=124 sched_getaffinity=123 sched_getparam=121 sched_getscheduler=120
    getcpu=168 gettid=178 getpid=172 getppid=173 rt_sigaction=134 rt_sigprocmask=135 rt_sigreturn=139
    sigaltstack=132 restart_syscall=128 exit=93 exit_group=94 nanosleep=101 clock_nanosleep=115
    clock_gettime=113 clock_getres=114 gettimeofday=169 epoll_create1=20 epoll_ctl=21 epoll_pwait=22
    epoll_pwait2=441 eventfd2=19 pipe2=59 dup=23 ppoll=73 pselect6=72 fcntl=25 getrandom=278 getrusage=165
    times=153 uname=160 sysinfo=179 getuid=174 geteuid=175 getgid=176 getegid=177 getcwd=17 fadvise64=223
    statx=291 faccessat=48 faccessat2=439 readlinkat=78 getdents64=61 timerfd_create=85 timerfd_settime=86
    socketpair=199 shutdown=210 execve=221 execveat=281 ptrace=117 process_vm_readv=270 process_vm_writev=271
    socket=198 connect=203 bind=200 listen=201 accept=202 accept4=242 sendto=206 sendmsg=211 recvfrom=207
    recvmsg=212 unshare=97 setns=268 mount=40 umount2=39 pivot_root=41 chroot=51 bpf=280 perf_event_open=241
    keyctl=219 add_key=217 init_module=105 finit_module=273 kexec_load=104 userfaultfd=282 io_uring_setup=425
    memfd_create=279 open_by_handle_at=265 clone=220 clone3=435 openat=56 openat2=437 kill=129 tkill=130
    tgkill=131 ioctl=29 prctl=167 prlimit64=261 seccomp=277 landlock_create_ruleset=444 landlock_add_rule=445
    landlock_restrict_self=446 capset=91
"""


def _table(text: str) -> dict[str, int]:
    pairs = (pair.split("=") for pair in text.split())
    return {name: int(number) for name, number in pairs}


NUMBERS = {"x86_64": _table(_X86_64), "aarch64": _table(_AARCH64)}
"""By machine; an older call that a machine never had is not among its numbers."""
