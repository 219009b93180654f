"""Changing keys of a running stack: the phases of deploy/local/rotation.py, brought about one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from filelock import FileLock, Timeout
from pydantic import BaseModel

from deploy.local.credentials import Credentials, load_credentials, write_credentials
from deploy.local.errors import StackError
from deploy.local.layout import Layout
from deploy.local.rotation import KINDS, Phase, advanced, rotation
from deploy.local.settings import StackSettings
from services.chassis.auth import ACCESS_TOKEN_LIFE

MARGIN_SECONDS = 60.0
"""For clocks that differ, and for what was signed in the second in which the new key came."""

Lives = Mapping[str, float]
"""By kind, how long what a key signed is good; seconds."""


class Running(Protocol):
    """A stack that runs, as far as this needs it."""

    @property
    def layout(self) -> Layout:
        """Where its secrets are."""
        ...

    def up(self) -> None:
        """Brings about what is written down: at the servers, then at each process of a service. Raises StackError."""
        ...


def rotate(
    stack: Running,
    kinds: Sequence[str],
    lives: Lives,
    renew: Callable[[], None],
    *,
    now: Callable[[], float] = time.time,
) -> Mapping[str, float]:
    """Changes the keys of `kinds`, side by side. Returns until when (Unix s) the old key of which kind must live on.

    Where a run before has begun some of them, these are gone on with, and nothing is begun. `renew` is called before
    the old key of the language models goes. Raises StackError.
    """
    lock = FileLock(stack.layout.state / "rotate.lock")
    try:
        with lock.acquire(timeout=0):
            return _rotate(stack, kinds, lives, renew, now)
    except Timeout:
        raise StackError("another command changes the keys of this stack") from None


def _rotate(
    stack: Running, kinds: Sequence[str], lives: Lives, renew: Callable[[], None], now: Callable[[], float]
) -> Mapping[str, float]:
    stack.up()  # what a run before has written down is brought about
    known = load_credentials(stack.layout)
    left = {kind for kind in kinds if rotation(known, kind) is not None} or set(kinds)
    while left:
        found = load_credentials(stack.layout)
        if "fernet" in left and _just_used(found, "fernet"):
            renew()
        made, at = found, now()
        for kind in sorted(left):
            after = advanced(made, kind, at, lives[kind])
            made = after or made
            if after is None or rotation(after, kind) is None:
                left.remove(kind)
        write_credentials(stack.layout, made)
        if _to_do(made) - _to_do(found):
            stack.up()
    return {kind: until + lives[kind] for kind in kinds if (until := _since(found, kind)) is not None}


def _just_used(credentials: Credentials, kind: str) -> bool:
    found = rotation(credentials, kind)
    return found is not None and found.phase is Phase.USED and found.since is None


def _to_do(credentials: Credentials) -> set[tuple[str, Phase]]:
    """What servers and services are to be told of; that a change is over, or since when, is for us alone."""
    return {(kind, found.phase) for kind in KINDS if (found := rotation(credentials, kind)) is not None}


def _since(credentials: Credentials, kind: str) -> float | None:
    found = rotation(credentials, kind)
    return None if found is None else found.since


class _Spans(BaseModel):
    """What the services' settings say of lives, or leave to their defaults."""

    upload_url_minutes: float = 15
    multipart_url_minutes: float = 60
    jwt_leeway_seconds: float = 5


def lives_of(settings: StackSettings) -> Lives:
    """How long what the keys of this stack signed is good: tokens of `make token`, URLs of documents and of parts."""
    spans = _Spans(**{name.lower(): value for name, value in settings.service_env.items()})
    longest = max(spans.upload_url_minutes, spans.multipart_url_minutes) * 60
    token = ACCESS_TOKEN_LIFE.total_seconds() + spans.jwt_leeway_seconds
    return {
        "jwt": token + MARGIN_SECONDS,
        "minio": longest + MARGIN_SECONDS,
        "postgres": 0.0,
        "fernet": 0.0,
        "kafka": 0.0,
    }
