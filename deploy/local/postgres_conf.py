"""The configuration of PostgreSQL's servers: one alone, or two of which one follows the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.authority import Authority
from deploy.local.credentials import Credentials
from deploy.local.layout import Layout, write_private
from deploy.local.postgres_nodes import (
    Database,
    Roles,
    authority_of,
    conninfo,
    data_folder,
    databases_of,
    standby_signal,
)
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
_WITH_TLS = """\
ssl = on
ssl_min_protocol_version = 'TLSv1.2'
ssl_cert_file = '{certificate}'
ssl_key_file = '{key}'
"""
_WHO_MAY_COME = """\
# Written at each start of the stack.
{how} all all 127.0.0.1/32 scram-sha-256
{how} replication postgres 127.0.0.1/32 scram-sha-256
"""


def configuration(port: int, address: str = "127.0.0.1") -> str:
    """postgresql.conf of a server alone, that listens on `address`."""
    return _CONFIGURATION.format(port=port, address=address)


def with_tls(certificate: str, key: str) -> str:
    """What it says besides where it speaks TLS; both are files."""
    return _WITH_TLS.format(certificate=_in_conf(certificate), key=_in_conf(key))


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
        if self.settings.secure:
            text += self._with_tls(node)
        self._write(node, "postgresql.conf", text)
        self._write(node, "pg_hba.conf", who_may_come(secure=self.settings.secure))
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

    def _write(self, node: Database, name: str, text: str) -> None:
        path = data_folder(self.layout, node.number) / name
        write_private(path, text)
        give(self.wrapper, path)

    def _with_tls(self, node: Database) -> str:
        issued = Authority(self.layout.authority).issue(node.name)
        give(self.wrapper, issued.certificate, issued.key)
        return with_tls(str(issued.certificate), str(issued.key))

    def _in_a_pair(self, node: Database, roles: Roles) -> str:
        other = next(each for each in databases_of(self.settings) if each != node)
        own = {"passfile": str(self.passfile()), "application_name": node.name}
        primary = conninfo(other, authority_of(self.settings), **own)
        waited_for = f'"{other.name}"' if roles.waits and roles.primary == node.number else ""
        return _IN_A_PAIR.format(primary=_in_conf(primary), waited_for=waited_for)


def who_may_come(*, secure: bool) -> str:
    """pg_hba.conf: every role by its password, from this machine; where it is secure, none without TLS."""
    return _WHO_MAY_COME.format(how="hostssl" if secure else "host")


def _in_conf(text: str) -> str:
    return text.replace("'", "''")
