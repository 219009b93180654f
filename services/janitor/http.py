"""The janitor's HTTP side: the probes, and nothing that a caller could ask for."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from services.chassis.auth import Caller
from services.chassis.auth_claims import InvalidTokenError
from services.chassis.health import Check
from services.chassis.settings import HttpSettings
from services.chassis.web import make_app


class NoCallers:
    """Refuses everyone, so that the janitor needs no key: a shared secret that verifies tokens also makes them."""

    async def verify(self, token: str) -> Caller:  # noqa: ARG002 - it does not matter
        """Raises InvalidTokenError."""
        raise InvalidTokenError("the janitor serves no callers")


def make_janitor_app(settings: HttpSettings, ready: Mapping[str, Check]) -> web.Application:
    """An application with the probes; each check of `ready` raises where what it looks at is not well."""
    return make_app(settings, NoCallers(), ready=ready, setup=_no_routes)


def _no_routes(_: web.Application) -> None:
    """There are none yet."""
