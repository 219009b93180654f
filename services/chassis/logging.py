"""Structured logs: one JSON object a line on stdout, ours and those of every library, with no secret in any of them.

Each line has `time` (RFC 3339, UTC), `level`, `event` (a constant dotted name of ours, or a library's text), `service`,
`replica`, `logger`, and whatever is bound: `request_id`, `traceparent`, `topic` …
"""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from services.chassis.redaction import redact_keys, redact_text

# Libraries that say at INFO what our own canonical lines say already, or narrate every retry.
_QUIET = {"aiokafka": logging.WARNING, "aiohttp.access": logging.WARNING, "asyncio": logging.WARNING}


SPARING_SECONDS = 10.0
"""With brokers away, aiokafka repeats itself 20 times a second: the same text is passed on this often."""


class _Sparing(logging.Filter):
    """Lets each text of a chatty library through once in a while. Time is the record's own."""

    def __init__(self) -> None:
        super().__init__()
        self._passed: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith("aiokafka"):
            return True
        text = (record.name, str(record.msg))
        if record.created - self._passed.get(text, 0.0) < SPARING_SECONDS:
            return False
        self._passed[text] = record.created
        return True


def configure(service: str, replica: str, level: str = "INFO", *, stream: TextIO | None = None) -> None:
    """Routes structlog and the standard library's loggers to `stream` (default stdout) as redacted JSON lines.

    `level` is DEBUG, INFO, WARNING or ERROR; DEBUG also lets the libraries speak.
    """
    shared = _shared_processors(service, replica)
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact_keys, _render],
        )
    )
    if level != "DEBUG":
        handler.addFilter(_Sparing())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(logging.DEBUG if level == "DEBUG" else least)
    _configure_structlog(shared)


def _shared_processors(service: str, replica: str) -> list[Processor]:
    def bind_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {**event, "service": service, "replica": replica}

    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.format_exc_info,
        bind_service,
    ]


def _configure_structlog(shared: list[Processor]) -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _render(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    first = {name: event[name] for name in ("time", "level", "event", "service", "replica") if name in event}
    return redact_text(orjson.dumps({**first, **event}, default=str, option=orjson.OPT_NON_STR_KEYS).decode())
