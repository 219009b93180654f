"""Changing keys while everything runs: what is good at which time. Pure rules; deploy/ops/rotating.py carries them out.

    known   the coming key is good beside the one that is used, everywhere
    used    the coming key is used, the one that was is still good: tokens and URLs that it signed are under way
    gone    only the new one is good; when that is so everywhere the rotation is over

Each phase is written down before it is brought about, and the next one begins when it is so everywhere: whoever is
killed in between finds the phase and brings it about once more.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple

from deploy.local.credentials import (
    DATABASE_ROLES,
    KAFKA_USERS,
    STORE_USERS,
    Credentials,
    new_fernet_key,
    new_jwt_secret,
    new_password,
    store_key,
)

KINDS = ("jwt", "minio", "postgres", "fernet", "kafka")


class Phase(StrEnum):
    """How far the change of a key is."""

    KNOWN = "known"
    USED = "used"
    GONE = "gone"


class Pair(NamedTuple):
    """A secret, and the name that goes with it; "" where it has none."""

    name: str
    secret: str


Pairs = Mapping[str, Pair]
"""By role or user; of tokens and of the language models' keys there is one, under ""."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """How far a change is. `other` is what is good, too: in `known` the coming keys, in `used` those that were.

    `since`: Unix seconds from which on nobody used what was; None where that is not known yet.
    """

    phase: Phase
    other: Pairs
    since: float | None = None


def rotation(credentials: Credentials, kind: str) -> Rotation | None:
    """The change of `kind` that is under way."""
    found = credentials.rotations.get(kind)
    if found is None:
        return None
    other = {name: Pair(*pair) for name, pair in found["other"].items()}
    return Rotation(Phase(found["phase"]), other, found["since"])


def others(credentials: Credentials, kind: str) -> Pairs:
    """What is good beside what is used."""
    found = rotation(credentials, kind)
    return {} if found is None else found.other


def advanced(credentials: Credentials, kind: str, now: float, life: float) -> Credentials | None:
    """What is to be so next, where all that is written down is so everywhere at `now`; None where the old must live on.

    `life`: how long what the old key signed is good, in seconds. A change that is over leaves nothing behind.
    """
    found = rotation(credentials, kind)
    if found is None:
        return _with(credentials, kind, Rotation(Phase.KNOWN, _fresh(kind)))
    if found.phase is Phase.KNOWN:
        return _with(_using(credentials, kind, found.other), kind, Rotation(Phase.USED, held(credentials, kind)))
    if found.phase is Phase.GONE:
        return _with(credentials, kind, None)
    if found.since is None:
        return _with(credentials, kind, replace(found, since=now))
    return _with(credentials, kind, Rotation(Phase.GONE, {})) if now >= found.since + life else None


def held(credentials: Credentials, kind: str) -> Pairs:
    """What is used."""
    if kind == "jwt":
        return {"": Pair("", credentials.jwt_secret)}
    if kind == "fernet":
        return {"": Pair("", credentials.llm_key_secret)}
    if kind == "minio":
        return {user: Pair(credentials.access_keys[user], credentials.store[user]) for user in STORE_USERS}
    if kind == "kafka":
        return {user: Pair(credentials.kafka_users[user], credentials.kafka[user]) for user in KAFKA_USERS}
    return {role: Pair(credentials.logins[role], credentials.database[role]) for role in DATABASE_ROLES}


def _using(credentials: Credentials, kind: str, pairs: Pairs) -> Credentials:
    """The same with `pairs` as what is used."""
    names = {key: pair.name for key, pair in pairs.items()}
    found = {key: pair.secret for key, pair in pairs.items()}
    if kind == "jwt":
        return replace(credentials, jwt_secret=found[""])
    if kind == "fernet":
        return replace(credentials, llm_key_secret=found[""])
    if kind == "minio":
        return replace(credentials, access_keys=names, store={**credentials.store, **found})
    if kind == "kafka":
        return replace(credentials, kafka_users=credentials.kafka_users | names, kafka=credentials.kafka | found)
    return replace(credentials, logins=names, database={**credentials.database, **found})


def _with(credentials: Credentials, kind: str, made: Rotation | None) -> Credentials:
    rest: dict[str, Any] = {name: found for name, found in credentials.rotations.items() if name != kind}
    if made is not None:
        other = {key: list(pair) for key, pair in made.other.items()}
        rest[kind] = {"phase": str(made.phase), "other": other, "since": made.since}
    return replace(credentials, rotations=rest)


def _fresh(kind: str) -> Pairs:
    if kind == "jwt":
        return {"": Pair("", new_jwt_secret())}
    if kind == "fernet":
        return {"": Pair("", new_fernet_key())}
    if kind == "minio":
        return {user: Pair(_named(store_key(user), "-"), new_password()) for user in STORE_USERS}
    if kind == "kafka":
        return {user: Pair(_named(user, "-"), new_password()) for user in KAFKA_USERS}
    return {role: Pair(_named(role, "_"), new_password()) for role in DATABASE_ROLES}


def _named(name: str, between: str, suffix: Callable[[int], str] = secrets.token_hex) -> str:
    """A name of its own: two keys of one name cannot be good at the same time."""
    return f"{name}{between}{suffix(4)}"
