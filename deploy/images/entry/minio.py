"""MinIO's first process, here and in its image: takes out of its queue what a crash cut short, becomes the server.

`minio.py COMMAND…`; the queue is the folder that MINIO_NOTIFY_KAFKA_QUEUE_DIR_DOCUVAULT names, a file an event. One
that a crash left empty MinIO neither sends nor removes, so that its queue is never empty again; one that ends in the
middle it tries for ever, and sends nothing that came later (internal/store of the build that deploy/local makes). The
request of either was never answered: if its object is there, a sweep or a walk finds it. Standard library only.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

QUEUE = "MINIO_NOTIFY_KAFKA_QUEUE_DIR_DOCUVAULT"


def cut_short(queue: Path) -> Iterator[Path]:
    """The files of events that are no whole JSON."""
    for path in queue.rglob("*.event"):
        try:
            json.loads(path.read_bytes())
        except (ValueError, RecursionError):
            yield path


def say(message: str) -> None:
    """A line of the log as MinIO writes its own."""
    line = {"level": "WARNING", "time": datetime.now(UTC).isoformat(), "message": message}
    sys.stdout.write(json.dumps(line) + "\n")


def main(command: list[str]) -> None:
    """Does not return: it becomes the server, which hears the signals itself."""
    for path in cut_short(Path(os.environ[QUEUE])):
        size = path.stat().st_size
        path.unlink()
        say(f"an event was cut short by a crash, the sweep or a walk finds its object: {path.name}, {size} bytes")
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606 - MinIO, as its image or the supervisor's configuration says


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (OSError, KeyError) as error:
        sys.exit(f"minio: {error!r}")
