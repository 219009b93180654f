"""Which files are meant: those that are named, and with -r those of folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from docuvault_client import File

from deploy.local.errors import StackError

LINK = "it is a link to a folder, and those are not followed"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A path of which nothing is uploaded, and why."""

    path: Path
    reason: str


def chosen(paths: Iterable[Path], *, recursive: bool) -> tuple[list[File], list[Trouble]]:
    """The files in order, each once. Raises StackError where there are none."""
    files: dict[str, File] = {}
    troubles: list[Trouble] = []
    for path in paths:
        for found in _of(path, recursive=recursive):
            if isinstance(found, Trouble):
                troubles.append(found)
            else:
                files.setdefault(os.path.realpath(found), File(found))
    if not files and not troubles:
        raise StackError("there is no file in what was named")
    return list(files.values()), troubles


def _of(path: Path, *, recursive: bool) -> Iterator[Path | Trouble]:
    if not os.path.isdir(path):  # noqa: PTH112 - of a name with a NUL, say, which pathlib makes an error of
        yield path
    elif recursive:
        yield from _below(path)
    else:
        yield Trouble(path, "it is a folder: -r takes all files of it")


def _below(folder: Path) -> Iterator[Path | Trouble]:
    closed: list[Trouble] = []

    def note(error: OSError) -> None:
        closed.append(Trouble(Path(error.filename), f"it cannot be read: {error.strerror}"))

    for where, folders, names in os.walk(folder, onerror=note):
        folders.sort()
        yield from (Trouble(Path(where) / name, LINK) for name in folders if os.path.islink(f"{where}/{name}"))  # noqa: PTH114
        yield from (Path(where) / name for name in sorted(names))
    yield from closed
