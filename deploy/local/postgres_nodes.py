"""PostgreSQL's servers: one or two, which of them is the primary, and whether its commits wait for the other one."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from deploy.local.errors import StackError
from deploy.local.layout import Layout, write_private
from deploy.local.settings import StackSettings
from deploy.local.ways import port_for

_PLAIN = re.compile(r"[A-Za-z0-9_./-]+")


@dataclass(frozen=True, slots=True)
class Database:
    """A server of PostgreSQL's: its number from 1 on, and its port."""

    number: int
    port: int

    @property
    def name(self) -> str:
        """Of its process, of its folder, and of it as a standby: `postgres`, `postgres-2`."""
        return "postgres" if self.number == 1 else f"postgres-{self.number}"


@dataclass(frozen=True, slots=True)
class Roles:
    """The number of the primary, and whether what it acknowledges is on the standby, too: its commits wait for that.

    This is what decides: a server that is not the primary here is never started as one.
    """

    primary: int = 1
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """Both servers by their roles."""

    primary: Database
    standby: Database
    waits: bool


def databases_of(settings: StackSettings) -> tuple[Database, ...]:
    """All servers, the first one first."""
    return tuple(Database(1 + after, settings.postgres_port + after) for after in range(1 + settings.standby))


def primary_of(layout: Layout, settings: StackSettings) -> Database:
    """The server that writes. Raises StackError where it is the one that the settings leave out."""
    roles, found = load_roles(layout), databases_of(settings)
    if roles.primary > len(found):
        raise StackError("postgres-2 is the primary: `make up STANDBY=1`, then `make switchover`")
    return found[roles.primary - 1]


def pair_of(layout: Layout, settings: StackSettings) -> Pair:
    """Both servers. Raises StackError where there is one alone."""
    if not settings.standby:
        raise StackError("the stack has no standby: `make down`, then `make up STANDBY=1`")
    roles, both = load_roles(layout), databases_of(settings)
    return Pair(both[roles.primary - 1], both[2 - roles.primary], roles.waits)


def data_folder(layout: Layout, number: int = 1) -> Path:
    """A server's own folder."""
    return layout.state / Database(number, 0).name / "data"


def standby_signal(layout: Layout, node: Database) -> Path:
    """The file with which PostgreSQL starts as a standby, and never otherwise."""
    return data_folder(layout, node.number) / "standby.signal"


def load_roles(layout: Layout) -> Roles:
    """The roles as they were noted last; the first server's alone where none were."""
    try:
        return Roles(**json.loads(_roles(layout).read_text()))
    except FileNotFoundError:
        return Roles()
    except (ValueError, TypeError):
        raise StackError(f"{_roles(layout)} cannot be read; it says which server is the primary") from None


def save_roles(layout: Layout, roles: Roles) -> None:
    """Notes the roles, before they are so."""
    write_private(_roles(layout), json.dumps(asdict(roles)))


def _roles(layout: Layout) -> Path:
    return layout.state / "postgres" / "roles.json"


def authority_of(settings: StackSettings) -> Path | None:
    """The certificate that clients trust, where the servers speak TLS, and nothing else."""
    return Layout(settings.state_dir).trusted if settings.secure else None


def database_url(port: int, role: str, password: str, database: str = "docuvault", *, host: str = "127.0.0.1") -> str:
    """What a client of one server connects with."""
    return f"postgresql://{role}:{password}@{host}:{port}/{database}"


def trusting(authority: Path | None, url: str) -> str:
    """The same with TLS, where an authority vouches for the server: another one is not spoken to."""
    if authority is None:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(_tls(authority), safe='/', quote_via=quote)}"


def url_for(settings: StackSettings, who: str, role: str, password: str) -> str:
    """What a service, `clients` or `operators` connect with: to whichever server is the primary by then."""
    authority = authority_of(settings)
    if not settings.standby:
        return trusting(authority, database_url(port_for(settings, who, "postgres"), role, password))
    hosts = ",".join(f"127.0.0.1:{node.port}" for node in databases_of(settings))
    return trusting(authority, f"postgresql://{role}:{password}@{hosts}/docuvault?target_session_attrs=primary")


def conninfo(node: Database, authority: Path | None, **more: str) -> str:
    """The same for PostgreSQL's own programs, as its superuser, in libpq's words."""
    words = {"host": "127.0.0.1", "port": str(node.port), "user": "postgres", **more, **_tls(authority)}
    return " ".join(f"{name}={_quoted(value)}" for name, value in words.items())


def _tls(authority: Path | None) -> dict[str, str]:
    """By the names that libpq and asyncpg have for it."""
    return {} if authority is None else {"sslmode": "verify-full", "sslrootcert": str(authority)}


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    text = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'"
