"""Bounds that the kernel keeps for every process (setrlimit)."""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from pathlib import Path

MOST_FILES = 64
MOST_THREADS = 64


def before_imports() -> None:
    """No file grows, no core is dumped; and where memory runs out, the kernel takes this process and not its parent."""
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_CORE, 0)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def before_documents(memory_bytes: int, *, counts_alone: bool) -> None:
    """Private writable memory and files. Threads, where this user's are `counts_alone`: in a namespace of its own."""
    _lower(resource.RLIMIT_DATA, memory_bytes)
    _lower(resource.RLIMIT_NOFILE, MOST_FILES)
    if counts_alone:
        _lower(resource.RLIMIT_NPROC, MOST_THREADS)


def bound_address_space(process_id: int, more_bytes: int) -> None:
    """A process may map so much more than it has: shared memory is no private memory, but it is memory. Raises OSError.

    The same bound for all address space would have to be far higher than for private memory: libraries map and reserve
    half a gigabyte that they never touch.
    """
    most = _pages(process_id, 0) + more_bytes
    resource.prlimit(process_id, resource.RLIMIT_AS, (most, most))


def allow_cpu(process_id: int, seconds: int) -> None:
    """From now on the process may use so many more seconds of CPU, then it is ended by SIGXCPU. Raises OSError."""
    used = cpu_seconds(process_id)
    _soft, hard = resource.prlimit(process_id, resource.RLIMIT_CPU)
    resource.prlimit(process_id, resource.RLIMIT_CPU, (int(used) + 1 + seconds, hard))


def cpu_seconds(process_id: int) -> float:
    """CPU time of a process so far, on all its threads. Raises OSError where it is gone."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def waited(process_id: int) -> float:
    """Seconds that a process has waited for a core so far, by the thread of it that waited longest.

    0 where the kernel does not say. Raises OSError where the process is gone.
    """
    threads = Path(f"/proc/{process_id}/task").iterdir()
    return max((_waited(each / "schedstat") for each in threads), default=0.0)


def _waited(schedstat: Path) -> float:
    """A thread may end while it is looked at."""
    with suppress(OSError):
        return int(schedstat.read_text().split()[1]) / 1e9
    return 0.0


def resident(process_id: int) -> int:
    """Bytes of a process in memory. Raises OSError where it is gone."""
    return _pages(process_id, 1)


def _pages(process_id: int, field: int) -> int:
    return int(Path(f"/proc/{process_id}/statm").read_text().split()[field]) * resource.getpagesize()


def _lower(what: int, value: int) -> None:
    _soft, hard = resource.getrlimit(what)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (value, value))
