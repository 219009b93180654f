"""PostgreSQL's primary and its standby: made, kept in step, and looked at."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from deploy.local.credentials import Credentials
from deploy.local.errors import StackError
from deploy.local.layout import Layout
from deploy.local.postgres_conf import Configurer
from deploy.local.postgres_nodes import (
    Database,
    Pair,
    Roles,
    authority_of,
    conninfo,
    data_folder,
    database_url,
    pair_of,
    save_roles,
    trusting,
)
from deploy.local.postgres_user import as_whom, give
from deploy.local.server_postgres import run
from deploy.local.settings import StackSettings
from deploy.local.supervisor import Supervisor
from deploy.local.waiting import run_async, wait_until

ASK_SECONDS = 3.0
FOLLOW_SECONDS = 60.0
"""Within which a standby must follow: it starts, and fetches what it lacks."""
PROMOTE_SECONDS = 70.0
STARTED = frozenset({"RUNNING", "STARTING", "BACKOFF"})
_SQL = Path(__file__).with_name("sql")
_AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
_CONTROL = re.compile(r"^(Database cluster state|Latest checkpoint location):\s+(.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Keeper:
    """Works on the two servers of one stack. Raises StackError with a line that says what to do."""

    layout: Layout
    settings: StackSettings
    credentials: Credentials
    binaries: Path
    supervisor: Supervisor

    @property
    def configurer(self) -> Configurer:
        """What writes their configurations."""
        return Configurer(self.layout, self.settings, self.credentials, as_whom(self.binaries, self.layout))

    @property
    def pair(self) -> Pair:
        """Both servers, by the roles as they are noted."""
        return pair_of(self.layout, self.settings)

    def settle(self) -> None:
        """Returns when the primary is one, the standby follows it, and commits wait for that; makes what is missing."""
        self.promote()
        self.follow()
        self.tighten()

    def promote(self) -> None:
        """Makes the server that is noted as the primary one, where a switch was cut short before that."""
        primary = self.pair.primary
        state = self.ask(primary, "pair_state")
        if state is None:
            raise StackError(f"{primary.name} does not answer; its log is {self.layout.log(primary.name)}")
        if state["follows"] and not (self.ask(primary, "pair_promote", seconds=PROMOTE_SECONDS) or {}).get(
            "pg_promote"
        ):
            raise StackError(f"{primary.name} does not become the primary; its log is {self.layout.log(primary.name)}")

    def follow(self) -> None:
        """Returns when the standby follows the primary; it is made as a copy of it where it has no data."""
        standby = self.pair.standby
        if not (data_folder(self.layout, standby.number) / "PG_VERSION").exists():
            self.copy()
        if self.supervisor.processes()[standby.name].state not in STARTED:
            self.supervisor.start(standby.name)
        wait_until(
            lambda: self.following()["state"] == "streaming",
            FOLLOW_SECONDS,
            lambda: (
                f"{standby.name} does not follow; `make standby REBUILD=1` copies it anew; "
                f"its log is {self.layout.log(standby.name)}"
            ),
        )

    def copy(self) -> None:
        """Makes the standby, which must not run, a copy of the primary as it is now; what it had is given up then."""
        pair, configurer = self.pair, self.configurer
        data = data_folder(self.layout, pair.standby.number)
        fresh = data.with_name("data.making")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700, parents=True)
        give(configurer.wrapper, fresh.parent, fresh)
        source = conninfo(pair.primary, authority_of(self.settings), passfile=str(configurer.passfile()))
        command = (*configurer.wrapper, str(self.binaries / "pg_basebackup"), "-D", str(fresh), "-d", source)
        run((*command, "-X", "stream", "--checkpoint=fast", "--no-password"), {"PATH": os.defpath})
        shutil.rmtree(data, ignore_errors=True)
        fresh.rename(data)
        configurer.write(pair.standby, Roles(pair.primary.number, waits=pair.waits))

    def following(self) -> Mapping[str, Any]:
        """How the standby follows, as the primary has it; `state` is empty where it does not."""
        return self.ask(self.pair.primary, "pair_followers", self.pair.standby.name) or {"state": "", "behind": None}

    def tighten(self) -> None:
        """Makes commits wait for the standby, which follows; returns when all that was ever committed is there."""
        if self.pair.waits:
            return
        self._tell_primary(Roles(self.pair.primary.number, waits=True))
        name = self.pair.standby.name
        wait_until(
            lambda: self.following().get("sync_state") == "sync", FOLLOW_SECONDS, lambda: f"{name} is not in sync"
        )
        if self.ask(self.pair.primary, "pair_wait", seconds=FOLLOW_SECONDS) is None:
            raise StackError(f"{name} does not confirm that it is in sync; its log is {self.layout.log(name)}")
        save_roles(self.layout, Roles(self.pair.primary.number, waits=True))

    def relax(self) -> None:
        """Makes commits wait no more, from now on; the standby is no complete one any longer."""
        roles = Roles(self.pair.primary.number)
        save_roles(self.layout, roles)
        self._tell_primary(roles)

    def _tell_primary(self, roles: Roles) -> None:
        primary = self.pair.primary
        self.configurer.write(primary, roles)
        if self.ask(primary, "pair_reload") is None:
            raise StackError(f"{primary.name} does not answer; its log is {self.layout.log(primary.name)}")

    def ask(
        self, node: Database, name: str, *arguments: object, seconds: float = ASK_SECONDS
    ) -> Mapping[str, Any] | None:
        """The row that a server answers, empty where it has none; None where the server does not answer."""
        return run_async(self._ask(node, (_SQL / f"{name}.sql").read_text(), arguments, seconds))

    async def _ask(
        self, node: Database, sql: str, arguments: tuple[object, ...], seconds: float
    ) -> Mapping[str, Any] | None:
        url = database_url(node.port, "postgres", self.credentials.database["postgres"], "postgres")
        url = trusting(authority_of(self.settings), url)
        try:
            connection = await asyncpg.connect(url, timeout=ASK_SECONDS)
        except _AWAY:
            return None
        try:
            return dict(await connection.fetchrow(sql, *arguments, timeout=seconds) or {})
        except _AWAY:
            return None
        finally:
            connection.terminate()

    def last_checkpoint(self, node: Database) -> tuple[int | None, bool]:
        """Where a stopped server's last checkpoint is in its log, if it can be read; and whether it ended well."""
        wrapper = as_whom(self.binaries, self.layout)
        command = (*wrapper, str(self.binaries / "pg_controldata"), str(data_folder(self.layout, node.number)))
        try:
            found = dict(_CONTROL.findall(run(command, {"LC_ALL": "C", "PATH": os.defpath})))
            high, low = found["Latest checkpoint location"].split("/")
        except (StackError, KeyError, ValueError):
            return None, False
        return (int(high, 16) << 32) + int(low, 16), found["Database cluster state"] == "shut down"
