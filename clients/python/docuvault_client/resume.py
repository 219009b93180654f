"""What is remembered of uploads in parts, so that a later run goes on with them: one small file for each."""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

KEPT_SECONDS = 8 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Begun:
    """An upload in parts that was begun."""

    document_id: UUID
    part_bytes: int


class Journal:
    """A folder, the user's own. What cannot be read or written there is not remembered, and nothing else is wrong."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, url: str, identity: str) -> Begun | None:
        """What was begun of this source at this address."""
        try:
            found = json.loads(self._path(url, identity).read_bytes())
            begun = Begun(UUID(str(found["document_id"])), int(found["part_bytes"]))
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return begun if begun.part_bytes > 0 else None

    def note(self, url: str, identity: str, begun: Begun) -> None:
        """Remembers it, all at once or not at all."""
        path = self._path(url, identity)
        half = path.with_suffix(f".{uuid4().hex}")
        with suppress(OSError):
            self._sweep()
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            text = json.dumps({"document_id": str(begun.document_id), "part_bytes": begun.part_bytes})
            half.touch(0o600)
            half.write_text(text)
            os.replace(half, path)  # noqa: PTH105 - as plain

    def forget(self, url: str, identity: str) -> None:
        """It is complete, or lost."""
        with suppress(OSError):
            self._path(url, identity).unlink(missing_ok=True)

    def _sweep(self) -> None:
        """No upload lives for that long."""
        old = time.time() - KEPT_SECONDS
        for note in self._folder.iterdir() if self._folder.is_dir() else ():
            if note.stat().st_mtime < old:
                note.unlink(missing_ok=True)

    def _path(self, url: str, identity: str) -> Path:
        name = hashlib.sha256(f"{url}\0{identity}".encode("utf-8", "surrogateescape")).hexdigest()
        return self._folder / f"{name}.json"
