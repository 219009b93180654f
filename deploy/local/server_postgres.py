"""PostgreSQL: its data folder, its configuration, and how it is made and run."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import asyncpg

from deploy.local.credentials import Credentials
from deploy.local.errors import StackError
from deploy.local.layout import Layout, write_private
from deploy.local.postgres_conf import Configurer
from deploy.local.postgres_nodes import (
    Database,
    Roles,
    authority_of,
    data_folder,
    database_url,
    databases_of,
    load_roles,
    save_roles,
    trusting,
)
from deploy.local.postgres_user import as_whom, give
from deploy.local.programs import Program
from deploy.local.settings import StackSettings

INITDB_OPTIONS = ("--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions")
LOCALE_OPTIONS = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")


def postgres(
    layout: Layout, settings: StackSettings, credentials: Credentials, binaries: Path, node: Database | None = None
) -> Program:
    """The program of a server, of the first one unless it is named; its data folder must be prepared."""
    node = node or databases_of(settings)[0]
    url = database_url(node.port, "postgres", credentials.database["postgres"], "postgres")
    url = trusting(authority_of(settings), url)
    data = str(data_folder(layout, node.number))
    return Program(
        name=node.name,
        command=(*as_whom(binaries, layout), str(binaries / "postgres"), "-D", data),
        ports={"POSTGRES_PORT": node.port},
        check=lambda: _check(layout, node, url),
        environment={"LD_LIBRARY_PATH": str(binaries.parent / "lib")},  # what it loads while it runs needs its libpq
        stop_signal="INT",
        stop_seconds=30,
    )


async def _check(layout: Layout, node: Database, url: str) -> None:
    connection = await asyncpg.connect(url, timeout=3)
    try:
        if load_roles(layout).primary != node.number:
            following = await connection.fetchval("SELECT status FROM pg_stat_wal_receiver", timeout=3)
            if following != "streaming":
                raise StackError("it is a standby that does not follow the primary")
    finally:
        await connection.close(timeout=3)


def prepare_postgres(layout: Layout, settings: StackSettings, credentials: Credentials, binaries: Path) -> None:
    """Makes the first data folder where there is none, and writes the configurations of all there are.

    Whichever server is not the primary can only start as a standby from then on.
    """
    wrapper, roles = as_whom(binaries, layout), load_roles(layout)
    if not settings.standby and roles.waits:
        save_roles(layout, Roles(roles.primary))
    for node in databases_of(settings):
        data = data_folder(layout, node.number)
        if not (data / "PG_VERSION").exists() and node.number == roles.primary:
            if (layout.state / "postgres" / "roles.json").exists() and settings.standby:
                raise StackError(f"{node.name}, the primary, has lost its data in {data}; `make switchover` first")
            _initialise(data, wrapper, credentials, binaries)
        if (data / "PG_VERSION").exists():
            Configurer(layout, settings, credentials, wrapper).write(node, load_roles(layout))


def _initialise(data: Path, wrapper: Sequence[str], credentials: Credentials, binaries: Path) -> None:
    """Runs initdb beside the final folder, so that an interrupted one leaves nothing behind that looks complete."""
    fresh, password = data.with_name("data.making"), data.with_name("password")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700, parents=True)
    write_private(password, credentials.database["postgres"])
    give(wrapper, fresh, password)
    command = [*wrapper, binaries / "initdb", "-D", fresh, f"--pwfile={password}"]
    run([*map(str, command), *INITDB_OPTIONS, *LOCALE_OPTIONS])
    password.unlink()
    fresh.rename(data)


def run(command: Sequence[str], environment: dict[str, str] | None = None) -> str:
    """What a program of PostgreSQL's says. Raises StackError with its last words where it fails."""
    says = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", env=environment)  # noqa: S603 - our own
    if says.returncode != 0:
        name = next((Path(word).name for word in command if "/bin/" in word and "unshare" not in word), command[0])
        raise StackError(f"{name} fails: {' '.join((says.stderr or says.stdout).split())[-400:]}")
    return says.stdout
