"""Spans of statements: by the name of the statement's file, never its text or its values."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from services.chassis.tracing import Span, current, span

C = TypeVar("C", bound=type[Any])

CALLS = ("execute", "executemany", "fetch", "fetchval", "fetchrow")
"""The calls of a connection whose first argument is the statement."""
_NAMES: dict[str, str] = {}


def name_statements(package: str, statements: Mapping[str, str]) -> None:
    """From here on the spans of these statements have their names."""
    owner = package.rpartition(".")[2]
    _NAMES.update({text: f"{owner}.{name}" for name, text in statements.items()})


def name_of(statement: str) -> str:
    """`quota.lock_accounts`; of one that is in no file, its first word, as in COMMIT."""
    return _NAMES.get(statement) or statement.split(None, 1)[0].rstrip(";").upper()


def sql_span(name: str) -> Span:
    """A span of one statement, for what is no statement's text."""
    return span(name, "client", {"db.system.name": "postgresql", "db.query.summary": name})


def traced(connection: C) -> C:
    """The same class of connections, each of whose statements is a span where something is under way."""
    return type(f"Traced{connection.__name__}", (connection,), {"__slots__": (), **_calls(connection)})  # type: ignore[return-value]


def _calls(connection: type[Any]) -> dict[str, Callable[..., Awaitable[Any]]]:
    named = {name: _named(getattr(connection, name)) for name in CALLS}
    return {**named, "copy_records_to_table": _copied(connection.copy_records_to_table)}


def _named(call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def made(self: object, statement: str, *arguments: object, **options: object) -> object:
        if current() is None:
            return await call(self, statement, *arguments, **options)
        with sql_span(name_of(statement)):
            return await call(self, statement, *arguments, **options)

    return made


def _copied(call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def made(self: object, table_name: str, **options: object) -> object:
        with sql_span(f"COPY {table_name}"):
            return await call(self, table_name, **options)

    return made
