"""Users' classification settings in PostgreSQL; the key of a user's model lies there encrypted."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import Protocol
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg

from services.chassis.postgres import Connection, load_sql, transaction, translated
from services.classifier.filing import Llm, Mode, Wishes
from services.classifier.secrets import KeySafe

SQL = load_sql("services.classifier")
_PORTS = {"http": 80, "https": 443}


class KeyRefused(Enum):
    """Why a key cannot be stored, or a stored one not be kept."""

    NO_SAFE = "This server stores no keys: its operator has set no LLM_KEY_SECRETS"
    OTHER_HOST = "The stored key was given for another host: give it again, or null for none"


class SettingsStore(Protocol):
    """Each user's wishes. Both raise Transient where the database is away."""

    async def read(self, user_id: UUID) -> Wishes:
        """The user's settings, with the plain key; the service's defaults where there are none."""
        ...

    async def write(self, user_id: UUID, wishes: Wishes, *, keeps_key: bool) -> Wishes | KeyRefused:
        """Replaces them; `keeps_key`: with the key that is stored, where there is one, instead of that of `wishes`."""
        ...


class PgSettings:
    """SettingsStore on the table `settings`."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], safe: KeySafe, defaults: Wishes) -> None:
        self._pool = pool
        self._safe = safe
        self._defaults = defaults

    async def read(self, user_id: UUID) -> Wishes:
        """See SettingsStore. A key that nobody can decrypt any more is none."""
        with translated():
            row = await self._pool.fetchrow(SQL["read_settings"], user_id)
        return self._defaults if row is None else self._wishes(user_id, row)

    async def write(self, user_id: UUID, wishes: Wishes, *, keeps_key: bool) -> Wishes | KeyRefused:
        """See SettingsStore. A key that is kept is encrypted anew."""
        async with transaction(self._pool) as connection:
            await connection.execute(SQL["lock_user"], user_id)
            whole = await self._with_stored_key(connection, user_id, wishes) if keeps_key else wishes
            if isinstance(whole, KeyRefused):
                return whole
            if whole.llm and whole.llm.key is not None and not self._safe.can_seal:
                return KeyRefused.NO_SAFE
            await connection.execute(SQL["write_settings"], user_id, *self._columns(user_id, whole))
        return whole

    async def _with_stored_key(self, connection: Connection, user_id: UUID, wishes: Wishes) -> Wishes | KeyRefused:
        """Who may change the URL but never see the key must not have it sent to a host of theirs."""
        row = await connection.fetchrow(SQL["read_settings"], user_id)
        stored = None if row is None else self._wishes(user_id, row).llm
        if stored is None or stored.key is None or wishes.llm is None:
            return wishes
        if origin(stored.url) != origin(wishes.llm.url):
            return KeyRefused.OTHER_HOST
        return replace(wishes, llm=replace(wishes.llm, key=stored.key))

    def _wishes(self, user_id: UUID, row: asyncpg.Record) -> Wishes:
        llm = None
        if row["llm_url"] is not None:
            key = None if row["llm_key"] is None else self._safe.open(user_id, row["llm_key"])
            llm = Llm(row["llm_url"], row["llm_model"], key)
        return Wishes(Mode(row["mode"]), row["threshold"], row["most_topics"], llm, row["llm_fall_back"])

    def _columns(self, user_id: UUID, wishes: Wishes) -> tuple[object, ...]:
        llm = wishes.llm
        token = None if llm is None or llm.key is None else self._safe.seal(user_id, llm.key)
        about = (None, None) if llm is None else (llm.url, llm.model)
        return (wishes.mode, wishes.threshold, wishes.most_topics, *about, token, wishes.falls_back)


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port of an http or https URL: whoever is there hears the key."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
