"""Whether the content type that a client told of a document is another than what its bytes are."""

from __future__ import annotations

UNTOLD = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/x-www-form-urlencoded"})
"""What is sent where nobody said what it is."""


def differs(told: str, found: str | None) -> bool:
    """Two kinds of text are not told apart: clients call most of them text/plain. Nothing told differs from nothing."""
    if found is None:
        return False
    said, real = _essence(told), _essence(found)
    return said not in UNTOLD and said != real and not (_is_text(said) and _is_text(real))


def _essence(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _is_text(media_type: str) -> bool:
    return media_type.startswith("text/") or media_type.endswith(("xml", "json"))
