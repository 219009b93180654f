"""Hostile records from a seed, each with what must become of it: told by how it was made, never by reading it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from random import Random
from uuid import UUID

from tests.unit.kafka_batches import Rec

DEEP = 100_000
MANY = 1_000


class Fate(StrEnum):
    """What must become of a record; ANY where the mutation is blind, and may have left it as good as it was."""

    BAD = "among the dead letters"
    QUIET = "understood, and nothing to be said"
    DECIDED = "in the ledger"
    ANY = "one of these"


@dataclass(frozen=True, slots=True)
class Hostile:
    """A record to be written, and its fate; `key` is the object it decides about. A `big` one has a batch alone."""

    topic: str
    kind: str
    rec: Rec
    fate: Fate
    key: str = ""

    @property
    def big(self) -> bool:
        """Whether it would fill a batch."""
        return len(self.rec.value or b"") > 20_000 or len(self.rec.key or b"") > 20_000


@dataclass(frozen=True, slots=True)
class Ghost:
    """A document of a user whom nobody registered: a record about it that is good is decided, and charges nobody."""

    rng: Random
    user: UUID = field(init=False)
    document: UUID = field(init=False)
    key: str = field(init=False)

    def __post_init__(self) -> None:
        user, document, nonce = (UUID(int=self.rng.getrandbits(128), version=4) for _ in range(3))
        object.__setattr__(self, "user", user)
        object.__setattr__(self, "document", document)
        object.__setattr__(self, "key", f"{user}/{document}/{nonce}.pdf")


Bytes = Callable[[Random, bytes], bytes | None]


def truncated(rng: Random, value: bytes) -> bytes:
    """Any real beginning of it."""
    return value[: rng.randrange(1, len(value) - 1)]


def flipped(rng: Random, value: bytes) -> bytes:
    """A few bytes of it changed, put in or taken out."""
    found = bytearray(value)
    for _ in range(rng.randint(1, 8)):
        place = rng.randrange(len(found))
        match rng.randrange(3):
            case 0:
                found[place] = rng.randrange(256)
            case 1:
                found.insert(place, rng.randrange(256))
            case _:
                del found[place]
    return bytes(found)


def spliced(rng: Random, value: bytes) -> bytes:
    """A piece of it said twice, or left out."""
    start, end = sorted(rng.sample(range(len(value)), 2))
    return value[:end] + value[start:] if rng.random() < 0.5 else value[:start] + value[end:]


def doubled(_: Random, value: bytes) -> bytes:
    """A JSON object whose names all come twice."""
    return value[:-1] + b"," + value[1:]


VALUES: tuple[tuple[str, Fate, Bytes], ...] = (
    ("null", Fate.BAD, lambda *_: None),
    ("empty", Fate.BAD, lambda *_: b""),
    ("random bytes", Fate.BAD, lambda rng, _: b"\xff" + rng.randbytes(rng.randrange(200))),
    ("truncated", Fate.BAD, truncated),
    ("UTF-16", Fate.BAD, lambda _, value: value.decode().encode("utf-16")),
    ("with a BOM", Fate.ANY, lambda _, value: b"\xef\xbb\xbf" + value),
    ("with a NUL before it", Fate.BAD, lambda _, value: b"\0" + value),
    ("with more after it", Fate.BAD, lambda _, value: value + b"{}"),
    ("flipped", Fate.ANY, flipped),
    ("spliced", Fate.ANY, spliced),
    ("names twice", Fate.ANY, doubled),
    *(
        (f"the JSON {text}", Fate.BAD, lambda _, __, text=text: text.encode())
        for text in ("{}", "[]", "7", "null", '"x"')
    ),
    *((f"the JSON {text}", Fate.BAD, lambda _, __, text=text: text.encode()) for text in ("1e999", "NaN", "-Infinity")),
    ("a number of 5,000 digits", Fate.BAD, lambda *_: b"9" * 5000),
    ("a name of an object missing", Fate.BAD, lambda _, value: value.replace(b'"', b"", 1)),
)
BIG_VALUES: tuple[tuple[str, Fate, Bytes], ...] = (
    ("deep lists", Fate.BAD, lambda *_: b"[" * DEEP),
    ("deep objects", Fate.BAD, lambda *_: b'{"a":' * DEEP),
    ("deep and closed", Fate.BAD, lambda *_: b"[" * DEEP + b"]" * DEEP),
    ("deep in a field nobody reads", Fate.ANY, lambda _, v: v[:-1] + b',"x":' + b"[" * DEEP + b"]" * DEEP + b"}"),
    ("a long text", Fate.BAD, lambda *_: json.dumps({"Records": "x" * 1_000_000}).encode()),
)


def on_the_wire(rng: Random, hostile: Hostile) -> Hostile:
    """Now and then, what the record says is wrapped so that no client library would have written it so."""
    chance, rec = rng.random(), hostile.rec
    if chance < 0.06:
        name = b"\xff" + rng.randbytes(rng.randrange(9))
        at = rng.randint(0, len(rec.headers))
        headers = (*rec.headers[:at], (name, rng.randbytes(4)), *rec.headers[at:])
        rec = replace(rec, headers=headers)
        return replace(hostile, rec=rec, fate=Fate.BAD, kind=f"{hostile.kind}; a header name that is no UTF-8")
    if chance < 0.12:
        return replace(hostile, rec=replace(rec, attributes=rng.randrange(1, 256)))
    if chance < 0.18:
        return replace(hostile, rec=replace(rec, offset_delta=rng.choice((-1, 0, 0, 1, 2**20, 2**30))))
    if chance < 0.24:
        return replace(hostile, rec=replace(rec, key=rng.choice((None, b"", b"\0", b"\xff\xfe", b"k" * 1024))))
    return hostile
