"""One dead letter, whole, as text or as JSON. Pure."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from deploy.ops.dlq.bodies import as_text, body_lines, cut, parsed
from deploy.ops.dlq.letters import Letter, Original, Refusal
from deploy.ops.dlq.selecting import age
from deploy.ops.output import printable

MOST_CHARACTERS = 64 * 1024
"""Of a body on a terminal."""
MOST_OF_A_HEADER = 1000


def as_lines(letter: Letter, state: str, replay: Original | Refusal, now: datetime, *, whole: bool) -> Iterator[str]:
    """Every line of it; a body that is long is cut unless it is wanted `whole`."""
    most = 1 << 62 if whole else MOST_OF_A_HEADER
    facts = {
        "written": f"{when(letter.written_ms)}, {age(letter.written_ms, now)} ago",
        "state": state,
        "cause": letter.cause,
        "reason": letter.reason,
        "from": str(letter.origin) if letter.origin else "it does not say",
        "replay": f"refused: {replay.reason}" if isinstance(replay, Refusal) else "possible",
        "key": _part(letter.key, "key", letter, most),
    }
    yield f"dead letter {letter.name}"
    yield from (f"  {name:<8} {cut(printable(text), most)}" for name, text in facts.items())
    yield f"  headers  {len(letter.headers) or 'none'}"
    for number, (name, value) in enumerate(letter.headers):
        yield f"    {cut(printable(name), most)}: {_part(value or b'', f'header.{number}', letter, most)}"
    yield f"  body     {'null' if _is_null('value', letter) else f'{len(letter.value):,} bytes'}"
    yield from body_lines(letter.value) if whole else _shortened(body_lines(letter.value))


def _part(value: bytes, name: str, letter: Letter, most: int) -> str:
    return "null" if _is_null(name, letter) else cut(as_text(value), most)


def _is_null(name: str, letter: Letter) -> bool:
    return name in letter.marks.get("null", "").split(",")


def _shortened(lines: Iterable[str]) -> Iterator[str]:
    room = MOST_CHARACTERS
    for line in lines:
        if room <= 0:
            yield "… there is more: --whole shows it, --raw writes its bytes"
            return
        yield cut(line, room)
        room -= len(line) + 1


def as_object(letter: Letter, state: str, replay: Original | Refusal) -> dict[str, object]:
    """The same for a program; what is no text is there in base64 alone."""
    found: dict[str, object] = summary(letter, state) | {
        "replay": {"possible": True} if isinstance(replay, Original) else {"possible": False, "why": replay.reason},
        "marks": dict(letter.marks),
        "key": _json_part(letter.key, "key", letter),
        "headers": [
            {"name": name, **_json_part(value or b"", f"header.{number}", letter)}
            for number, (name, value) in enumerate(letter.headers)
        ],
        "value": _json_part(letter.value, "value", letter),
    }
    if (body := parsed(letter.value)) is not None:
        found["json"] = body[0]
    return found


def _json_part(value: bytes, name: str, letter: Letter) -> dict[str, object]:
    if _is_null(name, letter):
        return {"null": True}
    try:
        return {"text": value.decode()}
    except UnicodeDecodeError:
        return {"base64": b64encode(value).decode()}


def summary(letter: Letter, state: str) -> dict[str, object]:
    """A letter without what it holds."""
    origin = letter.origin
    return {
        "id": letter.name,
        "written": when(letter.written_ms),
        "state": state,
        "cause": letter.cause,
        "reason": letter.reason,
        "from": str(origin) if origin else None,
        "bytes": len(letter.value),
    }


def when(written_ms: int) -> str:
    """A time of Kafka's as RFC 3339; as a number where it is none that a calendar has."""
    try:
        return datetime.fromtimestamp(written_ms / 1000, UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return f"{written_ms} ms"
