"""Values as the database's columns hold them: filed topics as JSON, vectors as bytes."""

from __future__ import annotations

import numpy as np
from docuvault_contracts.events import FiledTopic
from pydantic import TypeAdapter

from services.classifier.filing import Vector

_TOPICS = TypeAdapter(tuple[FiledTopic, ...])


def json_of(topics: tuple[FiledTopic, ...]) -> str:
    """A JSON array, as the events have it."""
    return _TOPICS.dump_json(topics).decode()


def topics_of(text: str) -> tuple[FiledTopic, ...]:
    """The topics of such an array."""
    return _TOPICS.validate_json(text)


def bytes_of(vector: Vector) -> bytes:
    """Little-endian float32."""
    return np.asarray(vector, dtype="<f4").tobytes()


def vector_of(raw: bytes) -> Vector:
    """The vector of such bytes; it cannot be written to."""
    return np.frombuffer(raw, dtype="<f4")
