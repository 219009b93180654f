"""PostgreSQL: its data folder, its configuration, and how it runs where the caller is root, which it refuses."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import asyncpg

from deploy.local.credentials import Credentials
from deploy.local.errors import StackError
from deploy.local.layout import Layout, write_private
from deploy.local.programs import Program
from deploy.local.settings import StackSettings

NOBODY = 65534
INITDB_OPTIONS = ("--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions")
LOCALE_OPTIONS = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")

_CONFIGURATION = """\
# Written at each start of the stack.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = 200
shared_buffers = '128MB'
max_wal_size = '512MB'
synchronous_commit = on
log_line_prefix = '%m [%p] %u@%d '
log_timezone = 'UTC'
timezone = 'UTC'
lc_messages = 'C'
cluster_name = ''
"""


def data_folder(layout: Layout) -> Path:
    """PostgreSQL's own folder."""
    return layout.state / "postgres" / "data"


def database_url(port: int, role: str, password: str, database: str = "docuvault") -> str:
    """What a client connects with."""
    return f"postgresql://{role}:{password}@127.0.0.1:{port}/{database}"


def postgres(layout: Layout, settings: StackSettings, credentials: Credentials, binaries: Path) -> Program:
    """The program; its data folder must be prepared."""
    port = settings.postgres_port
    url = database_url(port, "postgres", credentials.database["postgres"], "postgres")
    return Program(
        name="postgres",
        command=(*_as_whom(binaries, layout), str(binaries / "postgres"), "-D", str(data_folder(layout))),
        ports={"POSTGRES_PORT": port},
        check=lambda: _check(url),
        stop_signal="INT",
        stop_seconds=30,
    )


async def _check(url: str) -> None:
    connection = await asyncpg.connect(url, timeout=3)
    await connection.close(timeout=3)


def prepare_postgres(layout: Layout, settings: StackSettings, credentials: Credentials, binaries: Path) -> None:
    """Makes the data folder where there is none, and writes the configuration."""
    data, wrapper = data_folder(layout), _as_whom(binaries, layout)
    if not (data / "PG_VERSION").exists():
        _initialise(data, wrapper, credentials, binaries)
    write_private(data / "postgresql.conf", _CONFIGURATION.format(port=settings.postgres_port))
    _give(wrapper, data / "postgresql.conf")


def _initialise(data: Path, wrapper: Sequence[str], credentials: Credentials, binaries: Path) -> None:
    """Runs initdb beside the final folder, so that an interrupted one leaves nothing behind that looks complete."""
    fresh, password = data.with_name("data.making"), data.with_name("password")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700, parents=True)
    write_private(password, credentials.database["postgres"])
    _give(wrapper, fresh, password)
    command = [*wrapper, binaries / "initdb", "-D", fresh, f"--pwfile={password}"]
    _run([*map(str, command), *INITDB_OPTIONS, *LOCALE_OPTIONS])
    password.unlink()
    fresh.rename(data)


def _run(command: Sequence[str]) -> None:
    says = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")  # noqa: S603 - our own initdb
    if says.returncode != 0:
        raise StackError(f"initdb fails: {' '.join((says.stderr or says.stdout).split())[-400:]}")


def _as_whom(binaries: Path, layout: Layout) -> tuple[str, ...]:
    """What to put before a command of PostgreSQL's so that it does not run as root; nothing for an ordinary user."""
    if os.geteuid() != 0:
        return ()
    for wrapper in (_in_a_namespace(), _as_nobody()):
        if wrapper and _works((*wrapper, str(binaries / "postgres"), "--version")):
            return wrapper
    raise StackError(
        "PostgreSQL refuses to run as root, and this machine allows neither user namespaces (unshare) nor another "
        f"user (setpriv) that can read {binaries} and {layout.state}; run make as an ordinary user"
    )


def _in_a_namespace() -> tuple[str, ...]:
    """In a user namespace root is seen as nobody, and the files stay root's own."""
    unshare = shutil.which("unshare")
    return (unshare, "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--") if unshare else ()


def _as_nobody() -> tuple[str, ...]:
    """Another user that may still pass root's folders on the way to the data, which is made its own."""
    setpriv = shutil.which("setpriv")
    capability = "+dac_override"
    identity = (f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    capabilities = (f"--inh-caps={capability}", f"--ambient-caps={capability}")
    return (setpriv, *identity, *capabilities, "--") if setpriv else ()


def _works(command: Sequence[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False, cwd="/").returncode == 0  # noqa: S603 - our own


def _give(wrapper: Sequence[str], *paths: Path) -> None:
    """Makes the paths nobody's where that is who PostgreSQL runs as."""
    if wrapper and tuple(wrapper) == _as_nobody():
        for path in paths:
            os.chown(path, NOBODY, NOBODY)
