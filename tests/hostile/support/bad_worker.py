"""A worker that does what a document says, as one would that a document had taken over.

Started and confined as the real one is: `Pool(…, module="tests.hostile.support.bad_worker")`. What it managed to do is
its answer, so that a layer that does not hold is seen.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import resource
import signal
import socket
import stat
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from services.classifier.reading import Reading, Source, Text
from services.classifier.sandbox import worker
from services.classifier.sandbox.messages import Orders

Deed = Callable[[str], object]

MEBIBYTE = 1024 * 1024
kept: list[bytearray | mmap.mmap] = []


def echo(said: str) -> str:
    return said


def leave(code: str) -> None:
    os._exit(int(code))


def spin(_: str) -> None:
    while True:
        pass


def spin_on_threads(_: str) -> None:
    for _number in range(4):
        threading.Thread(target=spin, args=("",)).start()
    spin("")


def sleep(_: str) -> None:
    threading.Event().wait()


def allocate(size: str) -> int:
    kept.extend(bytearray(MEBIBYTE) for _number in range(int(size)))
    return len(kept)


def share(size: str) -> int:
    """Memory that is shared is no private memory, but is memory."""
    for _number in range(int(size)):
        kept.append(mmap.mmap(-1, MEBIBYTE, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS))
        kept[-1].write(b"x" * MEBIBYTE)  # type: ignore[union-attr]
    return len(kept)


def print_much(_: str) -> None:
    """To where answers go: what is not the beginning of one."""
    for _number in range(1024):
        os.write(_answers(), b"\xff" * MEBIBYTE)


def complain_much(_: str) -> str:
    """Whatever room there is, nobody waits for it."""
    for _number in range(1024):
        try:
            os.write(2, b"x" * MEBIBYTE)
        except BlockingIOError:
            continue
    return "complained"


def answer_half(_: str) -> None:
    os.write(_answers(), b"\0\0\0\x10\0\0\0\0")
    os._exit(0)


def answer_more_than_allowed(_: str) -> None:
    os.write(_answers(), b"\0\0\0\x02" + (1 << 40).to_bytes(8, "big") + b"{}" + b"x" * MEBIBYTE)
    sleep("")


def shut_up(_: str) -> None:
    """The pipe is closed, the process lives."""
    os.close(_answers())
    sleep("")


def connect(port: str) -> str:
    with socket.create_connection(("127.0.0.1", int(port)), timeout=5):
        return "connected"


def send(port: str) -> str:
    """What is no TCP, and so nothing to Landlock."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"a secret", ("127.0.0.1", int(port)))
    return "sent"


def look_for_nscd(_: str) -> str:
    try:
        socket.socket(socket.AF_UNIX)
    except PermissionError:
        return "refused"
    return "a socket"


def read(path: str) -> str:
    try:
        return Path(path).read_text()
    except PermissionError:
        return "refused"


def write(path: str) -> str:
    try:
        Path(path).write_text("I was here")
    except PermissionError:
        return "refused"
    return "written"


def execute(_: str) -> None:
    os.execv("/bin/true", ["/bin/true"])  # noqa: S606 - that it cannot is what is tested


def fork(_: str) -> str:
    return f"forked {os.fork()}"


def fork_for_ever(_: str) -> None:
    while True:
        os.fork()


def start_threads_for_ever(_: str) -> None:
    while True:
        threading.Thread(target=sleep, args=("",), daemon=True).start()


def trace(process_id: str) -> str:
    return str(ctypes.CDLL(None).ptrace(16, int(process_id), None, None))


def kill(process_id: str) -> str:
    try:
        os.kill(int(process_id), signal.SIGTERM)
    except PermissionError:
        return "refused"
    return "killed"


def raise_limits(_: str) -> str:
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (PermissionError, ValueError):
        return "refused"
    return "raised"


def run_code(_: str) -> str:
    """Memory that is made to hold code."""
    try:
        mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    except PermissionError:
        return "refused"
    return "runs"


def crash(_: str) -> None:
    ctypes.string_at(0)


def get_lost(number: str) -> None:
    os.kill(os.getpid(), int(number))
    time.sleep(60)


def environment(_: str) -> str:
    return "\n".join(f"{name}={value}" for name, value in os.environ.items())


def state(_: str) -> str:
    """Where it is, and what it has open."""
    return "\n".join([f"cwd {Path.cwd()}", *map(_kind, _open())])


DEEDS: dict[str, Deed] = {name: deed for name, deed in globals().items() if callable(deed) and name.islower()}


def _answers() -> int:
    """The descriptor that is a pipe to the parent beside the three that every process has."""
    return next(number for number in _open() if number > 2 and stat.S_ISFIFO(os.fstat(number).st_mode))


def _open() -> list[int]:
    found = []
    for number in range(64):
        with suppress(OSError):
            os.fstat(number)
            found.append(number)
    return found


def _kind(number: int) -> str:
    mode = os.fstat(number).st_mode
    return "pipe" if stat.S_ISFIFO(mode) else f"another file {mode:o}"


def _prepare(_: Orders) -> worker.Read:
    return obey


def obey(source: Source) -> Reading:
    """Does what the document says, a deed and what it is done to; the answer says what came of it."""
    deed, _, said = source.head.decode().partition(" ")
    return Text(str(DEEDS[deed](said)) or "nothing", "text/plain")


if __name__ == "__main__":
    sys.setswitchinterval(0.001)
    worker.main(_prepare)
