"""The cookie that a refresh token is in: no script reads it, and it goes to the sign-in's own routes alone (ADR 37)."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TypeVar

from aiohttp import web

NAME = "docuvault_renewal"
PATH = "/api/auth/oidc"
MAX_CHARS = 3900
"""Browsers keep 4,096 with the name and all."""

R = TypeVar("R", bound=web.Response)


def fits(refresh_token: str) -> bool:
    """Whether a browser would keep it."""
    return len(_packed(refresh_token)) <= MAX_CHARS


def read(request: web.Request) -> str | None:
    """The refresh token that the browser sent, if it is one."""
    try:
        return urlsafe_b64decode(request.cookies.get(NAME, "").encode()).decode("ascii") or None
    except ValueError:
        return None


def put(answer: R, request: web.Request, refresh_token: str) -> R:
    """The answer, with it, until the browser is closed."""
    behind_tls = request.headers.get("Origin", "").startswith("https://")
    answer.set_cookie(NAME, _packed(refresh_token), path=PATH, httponly=True, samesite="Strict", secure=behind_tls)
    return answer


def without(answer: R) -> R:
    """The answer, after which the browser has none."""
    answer.del_cookie(NAME, path=PATH, httponly=True, samesite="Strict")
    return answer


def _packed(refresh_token: str) -> str:
    return urlsafe_b64encode(refresh_token.encode()).decode()
