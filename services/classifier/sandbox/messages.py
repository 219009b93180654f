"""What parent and worker tell each other, as frames and back. A worker's answer is not trusted, but checked."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass

from services.classifier.reading import NoText, Reading, Source, Text, Unreadable
from services.classifier.sandbox.protocol import BadFrame, Frame, Header

MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,64}/[a-z0-9.+-]{1,128}")
LANGUAGE = re.compile(r"[a-z]{2}")


@dataclass(frozen=True, slots=True)
class Orders:
    """What a worker is told at its start, as its one argument; no secret is among it."""

    most_characters: int
    memory_bytes: int
    libraries: str = "/nonexistent"
    """The folder of libraries that are not among the packages."""
    tessdata: str | None = None
    """The folder of OCR's models, where the operator has some."""
    nice: int = 0
    """How far it gives way to other processes, 0 to 19."""
    is_probe: bool = False
    """Only says which layers can be had, and ends."""

    def to_argument(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_argument(cls, argument: str) -> Orders:
        """The inverse of `to_argument`."""
        return cls(**json.loads(argument))


def frame_of_source(source: Source) -> Frame:
    """A document on its way to a worker."""
    hints = {"size": source.size_bytes, "type": source.content_type[:200], "suffix": source.suffix[:32]}
    return Frame(hints, source.head)


def source_of_frame(frame: Frame) -> Source:
    """The inverse of `frame_of_source`; a worker trusts its parent."""
    said = frame.header
    return Source(frame.body, int(str(said["size"])), str(said["type"]), str(said["suffix"]))


def frame_of_reading(reading: Reading) -> Frame:
    """An answer on its way to the parent."""
    if isinstance(reading, NoText):
        return Frame({"why": reading.why.value, "type": reading.media_type})
    said: Header = {"type": reading.media_type, "language": reading.language, "cut": reading.is_cut}
    return Frame(said, reading.text.encode("utf-8", "replace"))


def reading_of_frame(frame: Frame, most_characters: int) -> Reading:
    """The inverse of `frame_of_reading`. Raises BadFrame for whatever a sane worker does not say."""
    said = frame.header
    media_type = _matching(said.get("type"), MEDIA_TYPE)
    if "why" in said:
        return NoText(_why(said["why"]), media_type)
    if media_type is None:
        raise BadFrame("a text of no type")
    text = _text(frame.body, most_characters)
    return Text(text, media_type, _matching(said.get("language"), LANGUAGE), said.get("cut") is True)


def _why(value: object) -> Unreadable:
    try:
        return Unreadable(str(value))
    except ValueError as error:
        raise BadFrame("an outcome that is none") from error


def _matching(value: object, pattern: re.Pattern[str]) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise BadFrame("a type or language that is none")
    return value


def _text(body: bytes, most_characters: int) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise BadFrame("a text that is not UTF-8") from error
    if len(text) > most_characters or "\0" in text:
        raise BadFrame("a text that is too long, or holds NUL")
    return text
