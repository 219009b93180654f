"""Structured logs: one JSON object a line on stdout, ours and those of every library, with no secret in any of them.

Each line has `time` (RFC 3339, UTC), `level`, `event` (a constant dotted name of ours, or a library's text), `service`,
`replica`, `logger`, and what the line is caused by: `request_id`, `trace_id`, or the records' places …

Our own lines go from structlog straight to bytes; only a library's pass through the standard library's machinery.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal, TextIO, cast

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from services.chassis.redaction import redact_keys, redact_line

# Libraries that say at INFO what our own canonical lines say already, or narrate every retry.
_QUIET = {"aiokafka": logging.WARNING, "aiohttp.access": logging.WARNING, "asyncio": logging.WARNING}

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
_CHATTY = ("aiokafka", "opentelemetry")

SPARING_SECONDS = 10.0
"""With brokers away, aiokafka repeats itself 20 times a second: the same text is passed on this often."""

_CAUSE: ContextVar[Mapping[str, object]] = ContextVar("docuvault_cause", default={})  # noqa: B039 - never written to


@contextmanager
def caused_by(facts: Mapping[str, object]) -> Iterator[None]:
    """Each line of the block, and of the tasks it starts, carries `facts`, in place of what an outer block bound.

    One variable for all of them: structlog's bound_contextvars takes one each, and ten times as long.
    """
    token = _CAUSE.set(facts)
    try:
        yield
    finally:
        _CAUSE.reset(token)


class _Sparing(logging.Filter):
    """Lets each text of a chatty library through once in a while. Time is the record's own."""

    def __init__(self) -> None:
        super().__init__()
        self._passed: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(_CHATTY):
            return True
        text = (record.name, str(record.msg))
        if record.created - self._passed.get(text, 0.0) < SPARING_SECONDS:
            return False
        self._passed[text] = record.created
        return True


class _Lines:
    """Where lines go: each in one write, so that those of two threads never mix, and at once, so that none is lost."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._raw = getattr(stream, "buffer", None)  # a test's StringIO has none

    def write(self, line: bytes) -> None:
        """A full disk or a reader that is gone costs the line, never the work that it tells of."""
        with suppress(OSError, ValueError):
            if self._raw is None:
                self._stream.write(line.decode() + "\n")
            else:
                self._raw.write(line + b"\n")
                self._raw.flush()


class _Logger:
    """What structlog's bound loggers end in: every level is the same write."""

    def __init__(self, lines: _Lines, name: str = "services") -> None:
        self.name = name
        self.debug = self.info = self.warning = self.error = self.critical = self.msg = lines.write


class _Handler(logging.Handler):
    """What the standard library's loggers end in."""

    def __init__(self, lines: _Lines) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._lines.write(self.format(record).encode())
        except Exception:  # noqa: BLE001 - as the standard library's own handlers do: logging never fails the work
            self.handleError(record)


class _Bound(structlog.make_filtering_bound_logger("DEBUG")):  # type: ignore[misc]  # made at run time
    """The loggers there are; they are kept by who uses them, so a change of the level changes their class."""


def set_level(level: Level) -> None:
    """The least level that is logged, from now on, by whoever has a logger already too; DEBUG lets libraries speak."""
    for name, method in vars(structlog.make_filtering_bound_logger(level)).items():
        if not name.startswith("_"):
            setattr(_Bound, name, method)
    logging.getLogger().setLevel(level)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(logging.DEBUG if level == "DEBUG" else least)


def level_now() -> Level:
    """The least level that is logged."""
    return cast("Level", logging.getLevelName(logging.getLogger().level))


def configure(service: str, replica: str, level: Level = "INFO", *, stream: TextIO | None = None) -> None:
    """Routes structlog and the standard library's loggers to `stream` (default stdout) as redacted JSON lines.

    `level` is DEBUG, INFO, WARNING or ERROR; DEBUG also lets the libraries speak.
    """
    lines = _Lines(stream or sys.stdout)
    _configure_libraries(lines, level, service, replica)
    structlog.configure(
        processors=[*_shared_processors(service, replica), redact_keys, _render],
        logger_factory=lambda *name: _Logger(lines, *name),
        wrapper_class=_Bound,
        cache_logger_on_first_use=True,
    )
    set_level(level)


def _configure_libraries(lines: _Lines, level: str, service: str, replica: str) -> None:
    handler = _Handler(lines)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_shared_processors(service, replica),
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact_keys, _render_text],
        )
    )
    if level != "DEBUG":
        handler.addFilter(_Sparing())
    root = logging.getLogger()
    root.handlers[:] = [handler]


def _shared_processors(service: str, replica: str) -> list[Processor]:
    def begin(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """What each line has, in its order, then what is bound, then what is said."""
        return {
            "time": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "level": method,
            "event": event.pop("event", ""),
            "service": service,
            "replica": replica,
            "logger": (event.get("_record") or logger).name,
            **_CAUSE.get(),
            **event,
        }

    return [begin, structlog.processors.format_exc_info]


def _render(_logger: WrappedLogger, _method: str, event: EventDict) -> bytes:
    return redact_line(_json(event))


def _json(event: EventDict) -> bytes:
    try:
        return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS)
    except (
        TypeError
    ):  # half a surrogate pair, a number beyond 64 bits: not what it writes, and no reason to say nothing
        return json.dumps(event, default=str, skipkeys=True).encode()


def _render_text(logger: WrappedLogger, method: str, event: EventDict) -> str:
    """As the standard library's formatters want it."""
    return _render(logger, method, event).decode()
