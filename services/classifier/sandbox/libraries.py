"""A folder of our own with the library for PDFs, which kreuzberg carries within itself and unpacks before use.

Left alone, it would load whatever is in a folder of a known name under /tmp, and a worker may write nowhere.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import sys
import tempfile
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from services.chassis.errors import Transient
from services.classifier.sandbox import unpack
from services.classifier.sandbox.confine import ROOT

UNPACKED = "kreuzberg-pdfium"
CACHE = "cache"
"""Of kreuzberg's, and empty: without the folder it has no OCR, and a worker can make none."""
_OWNER_ONLY = 0o700


async def unpacked(base: Path | None = None) -> Path:
    """The folder, under `base` or the system's one for temporary files; made once a machine, user and version.

    Raises Transient where it cannot be written, or is not this user's alone.
    """
    folder = (base or Path(tempfile.gettempdir())) / f"docuvault-classifier-{os.getuid()}-{version('kreuzberg')}"
    try:
        _own(folder)
        (folder / CACHE / "ocr").mkdir(parents=True, exist_ok=True)
        if not (folder / UNPACKED).exists():
            await _unpack_into(folder)
    except OSError as error:
        raise Transient(f"the library for PDFs cannot be unpacked into {folder}: {error}") from error
    return folder


def _own(folder: Path) -> None:
    """It is there, a real folder, and nobody else can write or look into it. Raises OSError."""
    with suppress(FileExistsError):
        folder.mkdir(_OWNER_ONLY, parents=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) != _OWNER_ONLY:
        raise PermissionError(f"{folder} is not a folder of this user's alone")


async def _unpack_into(folder: Path) -> None:
    """Beside it and then moved in whole: others may do the same at the same time."""
    aside = Path(tempfile.mkdtemp(dir=folder))
    try:
        await _run(aside)
        (aside / UNPACKED).rename(folder / UNPACKED)
    except OSError:
        if not (folder / UNPACKED).exists():
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


async def _run(folder: Path) -> None:
    environment = {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder), "HOME": "/nonexistent", "ORT_DISABLE_TELEMETRY": "1"}
    command = (sys.executable, "-s", "-P", "-B", "-m", unpack.__name__)
    process = await asyncio.create_subprocess_exec(*command, cwd="/", env=environment, stdin=asyncio.subprocess.DEVNULL)
    try:
        await process.wait()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
