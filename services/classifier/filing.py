"""What files a document under topics: its owner's topics and wishes in, topics with scores and reasons out."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from uuid import UUID

import numpy as np
from docuvault_contracts.events import FiledTopic
from numpy.typing import NDArray

from services.chassis.errors import Transient
from services.classifier.reading import Text

Vector = NDArray[np.float32]
"""A unit vector of the model's dimension."""


class Mode(StrEnum):
    """How a user's documents are classified; OFF reads nothing."""

    EMBEDDING = "embedding"
    KEYWORDS = "keywords"
    LLM = "llm"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Example:
    """A document that its owner filed by hand under a topic."""

    document_id: UUID
    vector: Vector = field(compare=False)


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic of a user. `vector` is that of its name and description where it is known already."""

    id: UUID
    name: str
    description: str = ""
    keywords: tuple[str, ...] = ()
    revision: int = 1
    vector: Vector | None = field(default=None, compare=False)
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class Llm:
    """An endpoint that speaks OpenAI's chat completions. `key` is the plain key, None where it wants none."""

    url: str
    model: str
    key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Wishes:
    """A user's settings. `threshold` is the least score, 0 to 1, at which a document is filed under a topic."""

    mode: Mode
    threshold: float
    most_topics: int
    llm: Llm | None = None
    falls_back: bool = True


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose document it is, with all that decides where it belongs."""

    user_id: UUID
    topics: tuple[Topic, ...]
    wishes: Wishes


@dataclass(frozen=True, slots=True)
class Filed:
    """The topics a text belongs under, best first; none where nothing reaches the threshold."""

    topics: tuple[FiledTopic, ...]
    vector: Vector | None = field(default=None, compare=False)
    """The document's vector, where the mode made one."""


@dataclass(frozen=True, slots=True)
class NotFiled:
    """The model said nothing that could be used, and will not; `reason` is for a person."""

    reason: str


class Later(Transient):
    """The same may work later, and where it is known: after so many seconds. The message is for a person too."""

    def __init__(self, reason: str, after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.after_seconds = after_seconds


class Filer(Protocol):
    """Files texts, by one mode."""

    async def file(self, text: Text, owner: Owner) -> Filed | NotFiled:
        """Where the text belongs. Raises Transient where the same may work later, Later among them."""
        ...
