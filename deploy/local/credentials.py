"""The secrets of a stack: generated once, kept in its state, read by their owner alone."""

from __future__ import annotations

import json
import secrets
import uuid
from base64 import urlsafe_b64encode
from dataclasses import asdict, dataclass, fields

from deploy.local.errors import StackError
from deploy.local.layout import Layout, write_private

DATABASE_ROLES = ("upload", "quota", "janitor", "audit")
STORE_USERS = ("upload", "janitor", "audit")


@dataclass(frozen=True, slots=True)
class Credentials:
    """All secrets. `database` has a password a role, `store` a secret key a user of the object store."""

    cluster_id: str
    jwt_secret: str
    database: dict[str, str]
    store: dict[str, str]


def _generate() -> Credentials:
    return Credentials(
        cluster_id=urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("="),
        jwt_secret=secrets.token_urlsafe(48),
        database={role: secrets.token_urlsafe(24) for role in ("postgres", *DATABASE_ROLES)},
        store={user: secrets.token_urlsafe(24) for user in ("root", *STORE_USERS)},
    )


def load_credentials(layout: Layout) -> Credentials:
    """The secrets of an existing stack; raises StackError where there is none."""
    try:
        found = json.loads(layout.secrets.read_text())
        return Credentials(**{field.name: found[field.name] for field in fields(Credentials)})
    except FileNotFoundError:
        raise StackError(f"there is no stack in {layout.state}; `make up` makes one") from None
    except (ValueError, KeyError, TypeError):
        raise StackError(f"{layout.secrets} cannot be read; `make reset` starts over") from None


def ensure_credentials(layout: Layout) -> Credentials:
    """The secrets of a stack, generated where it has none and no data that was made with others."""
    if layout.secrets.exists():
        return load_credentials(layout)
    if (layout.state / "postgres" / "data").exists():
        raise StackError(f"{layout.secrets} is gone and the data cannot be opened without it; `make reset` starts over")
    made = _generate()
    write_private(layout.secrets, json.dumps(asdict(made), indent=2))
    return made


def store_key(user: str) -> str:
    """The access key of a user of the object store: its name, told apart from other people's."""
    return f"docuvault-{user}"
