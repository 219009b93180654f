"""Things made once and kept in the cache folder: complete or not there, whoever is interrupted or runs beside."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from deploy.local.console import Note, Steps

MARKER = ".complete"

Make = Callable[[Path, Path, Note], None]
"""Called with a scratch folder that survives an interruption, the folder to fill, and where to note progress."""


def artefact(cache: Path, name: str, title: str, make: Make, steps: Steps) -> Path:
    """The folder `cache/name`, made by `make` unless it is complete. Another process making it is waited for."""
    final = cache / name
    if (final / MARKER).exists():
        return final
    with steps.step(title) as note, _alone(cache / "locks" / f"{name}.lock", note):
        if not (final / MARKER).exists():
            _make(final, cache / f"{name}.making", make, note)
    return final


def _make(final: Path, scratch: Path, make: Make, note: Note) -> None:
    filled = scratch / "filled"
    remove_tree(filled)
    filled.mkdir(parents=True)
    make(scratch, filled, note)
    (filled / MARKER).touch()
    remove_tree(final)
    filled.rename(final)
    remove_tree(scratch)


@contextmanager
def _alone(path: Path, note: Note) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        note("another process makes it; waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def remove_tree(folder: Path) -> None:
    """Removes a folder, also one with read-only folders in it, such as Go's module cache."""
    if not folder.exists():
        return
    for inner in (folder, *folder.rglob("*")):
        if inner.is_dir() and not inner.is_symlink():
            inner.chmod(0o700)
    shutil.rmtree(folder)
