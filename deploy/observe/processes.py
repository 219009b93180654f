"""A program that runs as long as a block: its log in a folder, ended with the block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen, TimeoutExpired

from deploy.local.errors import StackError

STOP_SECONDS = 20


@dataclass(frozen=True)
class Running:
    """A process, what people call it, and where it says what."""

    title: str
    process: Popen[bytes]
    log: Path

    def check_alive(self) -> None:
        """Raises StackError where it has ended, with the last that it said."""
        if self.process.poll() is not None:
            said = self.log.read_text("utf-8", "replace").strip().splitlines()
            raise StackError(f"{self.title} has ended: {said[-1] if said else 'it said nothing'}")


@contextmanager
def running(title: str, command: Sequence[str], log: Path) -> Iterator[Running]:
    """The process, as long as the block. Raises OSError where there is no such program."""
    with log.open("ab") as out:
        process = Popen(command, stdin=DEVNULL, stdout=out, stderr=STDOUT)  # noqa: S603 - our own
    try:
        yield Running(title, process, log)
    finally:
        _end(process)


def _end(process: Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except TimeoutExpired:
        process.kill()
        process.wait()
