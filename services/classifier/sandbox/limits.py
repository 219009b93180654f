"""What a worker may use for one document, and when it has done enough of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Each is a bound that a document ends at, with an outcome; a worker that reached one is replaced."""

    memory_bytes: int = 512 * MIB
    """Private writable memory of a worker, its libraries' included (some 140 MiB before the first document)."""

    cpu_seconds: int = 20
    """CPU time for one document, on all threads together. Whole seconds: the kernel counts no finer."""

    wall_seconds: float = 60.0
    """Time from sending a document until its text is there: for what waits and does not compute, so it may be long."""

    starved_share: float = 0.5
    """Of that time: a worker that waited longer for a core was not slow, and its document is tried again later."""

    most_characters: int = 200_000
    """Characters of text taken from a document; the rest is cut off."""

    documents: int = 500
    """Documents that one worker reads before another takes its place."""

    recycle_bytes: int = 320 * MIB
    """A worker whose resident memory is larger after a document is replaced."""

    start_seconds: float = 60.0
    """Time within which a new worker must be ready (half a second on an idle machine)."""

    @property
    def most_answer_bytes(self) -> int:
        """The longest text in UTF-8."""
        return 4 * self.most_characters


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the operator provides for workers, and demands of them."""

    must_be_isolated: bool = True
    """No worker reads that could reach a network: where the kernel gives no way to keep it from one, none starts."""

    tessdata: Path | None = None
    """The folder of tesseract's models (eng.traineddata, …). With it, images and scanned pages are read by OCR."""

    nice: int = 0
    """How far workers give way to other processes, 0 to 19."""

    libraries: Path | None = None
    """Where 8 MB are unpacked, once a version; None is the system's folder for temporary files."""
