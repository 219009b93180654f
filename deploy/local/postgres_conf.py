"""The configuration of PostgreSQL's servers: one alone, or two of which one follows the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.credentials import Credentials
from deploy.local.layout import Layout, write_private
from deploy.local.postgres_nodes import Database, Roles, data_folder, databases_of, standby_signal
from deploy.local.postgres_user import give
from deploy.local.settings import StackSettings

_CONFIGURATION = """\
# Written at each start of the stack.
listen_addresses = '{address}'
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
_IN_A_PAIR = """\
wal_keep_size = '512MB'
wal_retrieve_retry_interval = '500ms'
primary_conninfo = '{primary}'
synchronous_standby_names = '{waited_for}'
"""


def configuration(port: int, address: str = "127.0.0.1") -> str:
    """postgresql.conf of a server alone, that listens on `address`."""
    return _CONFIGURATION.format(port=port, address=address)


@dataclass(frozen=True, slots=True)
class Configurer:
    """Writes configurations; `wrapper` is what is put before PostgreSQL's programs."""

    layout: Layout
    settings: StackSettings
    credentials: Credentials
    wrapper: Sequence[str]

    def write(self, node: Database, roles: Roles) -> None:
        """What a server is to be by the roles, which it takes up at a start or a reload; never a second primary."""
        text = configuration(node.port)
        if self.settings.standby:
            text += self._in_a_pair(node, roles)
        path = data_folder(self.layout, node.number) / "postgresql.conf"
        write_private(path, text)
        give(self.wrapper, path)
        if roles.primary != node.number:
            self.fence(node)

    def fence(self, node: Database) -> None:
        """Makes that a server, which must not run, starts as a standby from now on."""
        signal = standby_signal(self.layout, node)
        signal.touch(mode=0o600)
        give(self.wrapper, signal)

    def passfile(self) -> Path:
        """The file in which a standby, or what copies one, finds its password."""
        path = self.layout.state / "postgres" / "passfile"
        write_private(path, f"127.0.0.1:*:*:postgres:{self.credentials.database['postgres']}\n")
        give(self.wrapper, path)
        return path

    def _in_a_pair(self, node: Database, roles: Roles) -> str:
        other = next(each for each in databases_of(self.settings) if each != node)
        passwords = _quoted(self.passfile())
        primary = f"host=127.0.0.1 port={other.port} user=postgres passfile={passwords} application_name={node.name}"
        waited_for = f'"{other.name}"' if roles.waits and roles.primary == node.number else ""
        return _IN_A_PAIR.format(primary=primary.replace("'", "''"), waited_for=waited_for)


def _quoted(path: Path) -> str:
    """As libpq reads a value."""
    text = str(path).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'"
