"""How a worker's end is read: which outcome its document has, or that the document had no part in it."""

from __future__ import annotations

import signal

from services.classifier.reading import Unreadable

_MEMORY_WORDS = (b"memory allocation of", b"MemoryError", b"bad_alloc", b"out of memory", b"Cannot allocate memory")
_SLOW = (-signal.SIGXCPU,)
_FROM_OUTSIDE = (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP)


def outcome_of_end(return_code: int | None, last_words: bytes) -> Unreadable | None:
    """None where somebody else ended it: the same document may be read by another worker.

    A process that has not ended (no return code) has closed its pipe, which no sane worker does.
    """
    if return_code in _SLOW:
        return Unreadable.TOO_SLOW
    if any(words in last_words for words in _MEMORY_WORDS):
        return Unreadable.TOO_MUCH_MEMORY
    return None if return_code in _FROM_OUTSIDE else Unreadable.UNREADABLE
