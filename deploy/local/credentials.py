"""The secrets of a stack: generated once, kept in its state, read by their owner alone."""

from __future__ import annotations

import json
import secrets
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from deploy.access import ACCOUNTS, NODES, OPERATORS
from deploy.local.errors import StackError
from deploy.local.layout import Layout, write_private

DATABASE_ROLES = ("upload", "quota", "janitor", "classifier", "audit")
STORE_USERS = ("upload", "janitor", "classifier", "audit")
STORE_WATCHER = "audit"
"""Whose key opens the store's metrics; never root's (ADR 49)."""
KAFKA_USERS = tuple(ACCOUNTS)
"""Whose accounts Kafka keeps itself."""

ADDED = frozenset({"llm_key_secret", "logins", "access_keys", "rotations", "kafka", "kafka_users", "kafka_guests"})
"""What the first stacks had none of."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """All secrets. `database` has a password a role, `store` a secret key a user of the object store.

    `llm_key_secret` is a Fernet key: the classifier keeps the keys of its users' models under it. `logins` has the name
    under which each role of the database logs in, `access_keys` the one of each user of the store: both change with
    their secret. `kafka` and `kafka_users` have the same of each account of Kafka, `kafka_guests` the passwords of what
    accounts others have there. `rotations` has what is good beside all that while a key is changed (rotation.py).
    """

    cluster_id: str
    jwt_secret: str
    database: dict[str, str]
    store: dict[str, str]
    llm_key_secret: str
    logins: dict[str, str]
    access_keys: dict[str, str]
    rotations: dict[str, Any]
    kafka: dict[str, str]
    kafka_users: dict[str, str]
    kafka_guests: dict[str, str]


def new_jwt_secret() -> str:
    """Of 48 bytes."""
    return secrets.token_urlsafe(48)


def new_password() -> str:
    """Of a role, or of a user of the store: 24 bytes."""
    return secrets.token_urlsafe(24)


def new_fernet_key() -> str:
    """As `Fernet.generate_key` makes them."""
    return urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _generate() -> Credentials:
    return Credentials(
        cluster_id=urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("="),
        jwt_secret=new_jwt_secret(),
        database={role: new_password() for role in ("postgres", *DATABASE_ROLES)},
        store={user: new_password() for user in ("root", *STORE_USERS)},
        llm_key_secret=new_fernet_key(),
        logins={role: role for role in DATABASE_ROLES},
        access_keys={user: store_key(user) for user in STORE_USERS},
        rotations={},
        kafka={account: new_password() for account in (*KAFKA_USERS, OPERATORS, NODES)},
        kafka_users={account: account for account in (*KAFKA_USERS, OPERATORS)},
        kafka_guests={},
    )


def load_credentials(layout: Layout) -> Credentials:
    """The secrets of an existing stack; raises StackError where there is none, or one that lacks some."""
    found = _read(layout)
    if ADDED - found.keys():
        raise StackError(f"{layout.secrets} is of an older version; `make up` adds what it lacks")
    return Credentials(**found)


def _read(layout: Layout) -> dict[str, Any]:
    """What is kept, of what is known here."""
    try:
        found = json.loads(layout.secrets.read_text())
        names = [field.name for field in fields(Credentials) if field.name in found or field.name not in ADDED]
        return {name: _checked(found[name]) for name in names}
    except FileNotFoundError:
        raise StackError(f"there is no stack in {layout.state}; `make up` makes one") from None
    except (ValueError, KeyError, TypeError):
        raise StackError(f"{layout.secrets} cannot be read; `make reset` starts over") from None


def _checked(value: object) -> object:
    """Raises TypeError for what is no secret, and no table of secrets."""
    if not isinstance(value, str | dict):
        raise TypeError(value)
    return value


def ensure_credentials(layout: Layout, guests: Iterable[str] = ()) -> Credentials:
    """The secrets of a stack, generated and kept where it has none and no data that was made with others."""
    return keep_credentials(layout, coming_credentials(layout, guests))


def coming_credentials(layout: Layout, guests: Iterable[str] = ()) -> Credentials:
    """What `ensure_credentials` returns, and nothing is written."""
    return with_guests(_there_or_new(layout), guests)


def _there_or_new(layout: Layout) -> Credentials:
    if layout.secrets.exists():
        return _completed(layout)
    if (layout.state / "postgres" / "data").exists():
        raise StackError(f"{layout.secrets} is gone and the data cannot be opened without it; `make reset` starts over")
    return _generate()


def with_guests(credentials: Credentials, names: Iterable[str]) -> Credentials:
    """With a password for each guest on Kafka, and for nobody who is none any more."""
    guests = {name: credentials.kafka_guests.get(name) or new_password() for name in sorted(names)}
    return replace(credentials, kafka_guests=guests)


def _completed(layout: Layout) -> Credentials:
    """Those there are, and what a stack that was made before has none of: its servers are told at every start."""
    found, fresh = _read(layout), asdict(_generate())
    whole = {name: {**fresh[name], **found[name]} if isinstance(fresh[name], dict) else found[name] for name in found}
    return Credentials(**{**fresh, **whole})


def keep_credentials(layout: Layout, made: Credentials) -> Credentials:
    """Keeps them, unless these are what is kept."""
    kept = layout.secrets.exists() and _read(layout) == asdict(made)
    return made if kept else write_credentials(layout, made)


def write_credentials(layout: Layout, made: Credentials) -> Credentials:
    """Keeps them, all or none of them."""
    write_private(layout.secrets, json.dumps(asdict(made), indent=2))
    return made


def store_key(user: str) -> str:
    """The name of a user of the object store, told apart from others': of its policy, and of its first access key."""
    return f"docuvault-{user}"
