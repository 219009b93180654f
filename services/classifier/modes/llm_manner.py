"""How language models are asked: bounds of time, length and patience."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmManner:
    """Times are in seconds. The defaults are the service's."""

    timeout_seconds: float = 60
    """The longest one request may take, from the connection to the answer's last byte."""
    connect_seconds: float = 5
    """The longest a connection may take to come about."""
    answer_bytes: int = 256 * 1024
    """The longest answer that is read."""
    answer_tokens: int = 2000
    """What the model may write; one that reasons spends of it before it answers."""
    text_characters: int = 12_000
    """How much of a document is sent."""
    topics_characters: int = 20_000
    """How much of all topics' descriptions and keywords is sent; their names always are."""
    patience_seconds: float = 3
    """The longest wait for a second attempt; where more is asked for, the queue waits or the fall-back files."""
    retry_after_cap_seconds: float = 300
    """The longest wait that an endpoint may ask for."""
    failures_to_open: int = 5
    """After so many failures in a row a user's endpoint is left alone."""
    open_seconds: float = 30
    """How long; then one request tries it."""

    @property
    def longest_seconds(self) -> float:
        """The longest that one document is in the hands of this mode: two attempts with a wait in between."""
        return 2 * self.timeout_seconds + self.patience_seconds
