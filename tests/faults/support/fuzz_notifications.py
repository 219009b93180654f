"""Notifications of the store as it never writes them, made of those it does."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from docuvault_contracts import topics

from tests.faults.support.fuzz import BIG_VALUES, MANY, VALUES, Fate, Ghost, Hostile
from tests.stack.support.bucket import Seen
from tests.stack.support.notifications import created, removed
from tests.unit.kafka_batches import Rec

NOW_NS = 1_760_000_000_000_000_000
Message = dict[str, Any]
Change = Callable[[Message, Ghost], None]


def notification(rng: Random, bucket: str, *, big: bool = False) -> Hostile:
    """One of them, of one kind in equal parts."""
    ghost = Ghost(rng)
    good = created(bucket, Seen(ghost.key, f"{rng.getrandbits(128):032x}", rng.randrange(10**6), NOW_NS))
    kinds = (
        [*BIG_VALUES, ("many and a bad one", Fate.BAD, _many)] if big else [*VALUES, *CHANGES, *_whole(bucket, ghost)]
    )
    kind, fate, make = rng.choice(kinds)
    value = make(rng, good)
    return Hostile(topics.STORAGE_EVENTS.name, kind, Rec(value, f"{bucket}/{ghost.key}".encode()), fate, ghost.key)


def _many(rng: Random, good: bytes) -> bytes:
    """All records of a message are told, or none."""
    message = json.loads(good)
    message["Records"] *= MANY
    message["Records"][rng.randrange(MANY)] = rng.choice((7, {}, None, [], "x"))
    return json.dumps(message).encode()


def _whole(bucket: str, ghost: Ghost) -> list[tuple[str, Fate, Callable[[Random, bytes], bytes | None]]]:
    return [
        ("good", Fate.DECIDED, lambda _, good: good),
        ("a removal of nothing", Fate.QUIET, lambda *_: removed(bucket, ghost.key, NOW_NS)),
        ("the test event", Fate.QUIET, lambda *_: b'{"Service":"Amazon S3","Event":"s3:TestEvent"}'),
    ]


def _changed(change: Callable[[Random, Message], None]) -> Callable[[Random, bytes], bytes]:
    def make(rng: Random, good: bytes) -> bytes:
        message = json.loads(good)
        change(rng, message)
        return json.dumps(message).encode()

    return make


def _record(message: Message) -> Message:
    found: Message = message["Records"][0]
    return found


def _item(message: Message) -> Message:
    found: Message = _record(message)["s3"]["object"]
    return found


def _put(where: Callable[[Message], Message], name: str, *values: object) -> Callable[[Random, bytes], bytes]:
    return _changed(lambda rng, message: where(message).update({name: rng.choice(values)}))


def _gone(where: Callable[[Message], Message], name: str) -> Callable[[Random, bytes], bytes]:
    return _changed(lambda _, message: where(message).pop(name))


def _longer(bytes_of_key: int) -> Callable[[Random, bytes], bytes]:
    def change(_: Random, message: Message) -> None:
        key = _item(message)["key"]
        short = key.replace("%2F", "/")
        _item(message)["key"] = key + "x" * (bytes_of_key - len(short))

    return _changed(change)


def _rekeyed(change: Callable[[str], str]) -> Callable[[Random, bytes], bytes]:
    return _changed(lambda _, message: _item(message).update(key=change(_item(message)["key"])))


def _raw_size(text: str) -> Callable[[Random, bytes], bytes]:
    """A number that Python's own writer of JSON would not write."""
    marked = _put(_item, "size", "@")
    return lambda rng, good: marked(rng, good).replace(b'"@"', text.encode())


def _bucket(message: Message) -> Message:
    found: Message = _record(message)["s3"]["bucket"]
    return found


_NO_TEXT: tuple[object, ...] = (None, "", 7, [], {}, "a\0b")
CHANGES: list[tuple[str, Fate, Callable[[Random, bytes], bytes | None]]] = [
    (
        "a size that is none",
        Fate.BAD,
        _put(_item, "size", -1, -(2**63), 2**63, 2**64, 10**300, 1.5, "12", True, [], {}),
    ),
    ("no size", Fate.BAD, _gone(_item, "size")),
    *((f"the size {text}", Fate.BAD, _raw_size(text)) for text in ("1e999", "NaN", "9" * 5000, "-0.5", "0x10", "01")),
    ("the largest size", Fate.DECIDED, _put(_item, "size", 2**63 - 1)),
    ("a key that is none", Fate.BAD, _put(_item, "key", *_NO_TEXT)),
    (
        "a foreign key",
        Fate.BAD,
        _put(_item, "key", "a/b/c.pdf", "/", "..", "%2F", "x" * 1024, "\u0000", "%00", "é" * 400),
    ),
    ("a key that unescapes to no UTF-8", Fate.BAD, _rekeyed(lambda key: key + "%FF%FE")),
    ("a key with a lone surrogate", Fate.BAD, _rekeyed(lambda key: key + "\ud800")),
    ("a key with a NUL", Fate.BAD, _rekeyed(lambda key: key + "%00")),
    ("a key with a slash more", Fate.BAD, _rekeyed(lambda key: key + "%2Fx")),
    ("a key in capitals", Fate.BAD, _rekeyed(lambda key: "A" + key[1:].upper())),
    ("a key with a broken escape", Fate.ANY, _rekeyed(lambda key: key + "%Z")),
    ("a key of 1,025 bytes", Fate.BAD, _longer(1025)),
    ("a key of 1,024 bytes", Fate.ANY, _longer(1024)),
    ("another bucket", Fate.BAD, _put(_bucket, "name", "of-somebody-else", *_NO_TEXT)),
    ("no bucket", Fate.BAD, _gone(lambda message: _record(message)["s3"], "bucket")),
    ("no s3", Fate.BAD, _gone(_record, "s3")),
    ("an s3 that is none", Fate.BAD, _put(_record, "s3", None, 7, [], "s3", {"bucket": 1, "object": 2})),
    ("an etag that is none", Fate.BAD, _put(_item, "eTag", None, "", 7, "e" * 257, "a\nb", "\0", '""')),
    (
        "records that are none",
        Fate.BAD,
        _put(lambda message: message, "Records", None, [], {}, "x", 7, [7], [None], [[]]),
    ),
    ("an event without a name", Fate.BAD, _put(_record, "eventName", None, "", 7, [])),
    (
        "an event of a kind to come",
        Fate.QUIET,
        _put(_record, "eventName", "s3:ObjectAccessed:Get", "s3:Scanner:ManyVersions"),
    ),
    (
        "a time far off",
        Fate.DECIDED,
        _put(_record, "eventTime", "9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00Z", "", None),
    ),
    ("a sequencer that is none", Fate.DECIDED, _put(_item, "sequencer", "", "no hex", "-5", "F" * 40, None, 7, "0")),
    (
        "no time at all",
        Fate.BAD,
        _changed(lambda _, message: (_item(message).pop("sequencer"), _record(message).update(eventTime="never"))[0]),
    ),
    ("metadata that is none", Fate.DECIDED, _put(_item, "userMetadata", None, 7, [], {"X-Amz-Meta-Traceparent": 7})),
    ("a broken trace", Fate.DECIDED, _put(_item, "userMetadata", {"X-Amz-Meta-Traceparent": "\0" * 99})),
]
