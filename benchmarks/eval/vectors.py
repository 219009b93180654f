"""The vectors of all windows, kept in build/ by the text and the model: a second `make eval` embeds nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from services.classifier.filing import Vector

CACHE = Path(__file__).parents[2] / "build" / "eval-vectors.npz"


class Vectors:
    """Makes vectors of windows with `embed`, at most two at a time, each text once."""

    def __init__(self, embed: Callable[[str], Vector], model: str, cache: Path = CACHE) -> None:
        self._embed, self._model, self._path = embed, model, cache
        self._known = dict(np.load(cache)) if cache.exists() else {}

    def make(self, texts: Iterable[str]) -> None:
        """Makes what is missing of them, and keeps all."""
        missing = sorted({text for text in texts if self._key(text) not in self._known})
        with ThreadPoolExecutor(2) as pool:
            made = zip(missing, pool.map(self._embed, missing), strict=True)
            self._known.update((self._key(text), vector) for text, vector in made)
        if missing:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            np.savez(self._path, **self._known)

    def of(self, text: str) -> Vector:
        """The vector of a text that was made."""
        vector: Vector = self._known[self._key(text)]
        return vector

    def _key(self, text: str) -> str:
        return hashlib.sha256(f"{self._model}\0{text}".encode()).hexdigest()
