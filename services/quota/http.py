"""The accounts over HTTP: one's own quota, and the limits of all for administrators."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from aiohttp import web
from docuvault_contracts.http import QUOTA_NOT_FOUND, AccountQuota, LimitRequest, Quota

from services.chassis.web import HttpError, caller, json_response, note, read_body, require_role
from services.quota.model import Account
from services.quota.store import Accounts


class QuotaRoutes:
    """The handlers; aiohttp calls each with its request."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def own(self, request: web.Request) -> web.Response:
        """The caller's account; 404 where there is none."""
        account = _found(await self._accounts.get(caller(request).user_id))
        return json_response(Quota(used_bytes=account.used_bytes, limit_bytes=account.limit_bytes))

    async def of_user(self, request: web.Request) -> web.Response:
        """Any user's account, for administrators."""
        require_role(request, "admin")
        user_id = _user_id(request)
        return _admin_view(user_id, _found(await self._accounts.get(user_id)))

    async def set_limit(self, request: web.Request) -> web.Response:
        """Sets any user's limit, for administrators; opens the account where there is none."""
        admin = require_role(request, "admin").user_id
        user_id = _user_id(request)
        body = await read_body(request, LimitRequest)
        note(request, account=str(user_id), limit_bytes=body.limit_bytes)
        return _admin_view(user_id, await self._accounts.set_limit(user_id, body.limit_bytes, admin))


def routes(accounts: Accounts) -> Callable[[web.Application], None]:
    """What adds the routes to an application."""
    handlers = QuotaRoutes(accounts)

    def setup(app: web.Application) -> None:
        app.router.add_get("/api/auth/me/quota", handlers.own)
        app.router.add_get("/api/admin/quotas/{user_id}", handlers.of_user)
        app.router.add_put("/api/admin/quotas/{user_id}", handlers.set_limit)

    return setup


def _found(account: Account | None) -> Account:
    if account is None:
        raise HttpError(404, QUOTA_NOT_FOUND)
    return account


def _user_id(request: web.Request) -> UUID:
    """The user of the path; what is no UUID in its usual writing is a user nobody has."""
    text = request.match_info["user_id"].lower()
    try:
        user_id = UUID(text)
    except ValueError:
        raise HttpError(404, QUOTA_NOT_FOUND) from None
    if str(user_id) != text:
        raise HttpError(404, QUOTA_NOT_FOUND)
    return user_id


def _admin_view(user_id: UUID, account: Account) -> web.Response:
    return json_response(AccountQuota(user_id=user_id, used_bytes=account.used_bytes, limit_bytes=account.limit_bytes))
