"""The routes of the sign-in, which nobody has a token for: where to go, what a code is worth, and how it goes on."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import structlog
from aiohttp import web
from docuvault_contracts.http_sign_in import SignedIn, SignInProvider, SignInRequest

from services.chassis.auth import Caller
from services.chassis.auth_claims import InvalidTokenError
from services.chassis.web import HttpError, RateLimit, Verifier, json_response, public, read_body, within
from services.upload.oidc import cookie
from services.upload.oidc.addresses import is_return
from services.upload.oidc.answers import Granted, ProviderAway, ProviderError, UsedUp, claims_of, mismatch
from services.upload.oidc.asking import parameters_of
from services.upload.oidc.provider import Provider
from services.upload.oidc.settings import OidcSettings

log = structlog.get_logger(__name__)

PATH = "/api/auth/oidc"
AWAY = "The sign-in provider does not answer, try again"
USED_UP = "The sign-in is used up or too old: sign in again"
NOWHERE = "No sign-in provider is set"
NOT_OURS = "The sign-in was begun elsewhere: sign in again"
_RETRY = {"Retry-After": "2"}
_BEARER = {"WWW-Authenticate": "Bearer"}

IdTokenReader = Callable[[str], Awaitable[None]]
"""Returns where an ID token is the provider's, for this client and now. Raises InvalidTokenError, or Transient."""
Registers = Callable[[UUID], Awaitable[None]]
"""Makes a user known. Raises Transient."""


def nowhere(app: web.Application) -> None:
    """The routes where there is no provider. To who looks it is said by a 204: a 404 is an error in a browser's log."""

    async def none(_: web.Request) -> web.Response:
        return web.Response(status=204)

    async def refused(_: web.Request) -> web.Response:
        raise HttpError(404, NOWHERE)

    app.router.add_get(PATH, public(none))
    for name in ("token", "renew", "sign-out"):
        app.router.add_post(f"{PATH}/{name}", public(refused))


@dataclass(frozen=True, slots=True)
class SignInRoutes:
    """The handlers. `verifier` is the API's own: what it does not take is not handed out."""

    settings: OidcSettings
    client_id: str
    provider: Provider
    verifier: Verifier
    id_tokens: IdTokenReader
    limit: RateLimit
    registers: Registers | None = None

    def setup(self, app: web.Application) -> None:
        """Adds the routes: configuration, keys and token are three calls, each bounded by itself."""
        seconds = self.settings.oidc_timeout_seconds * 3 + 2
        for method, path, handler in (
            ("GET", PATH, self.look),
            ("POST", f"{PATH}/token", self.sign_in),
            ("POST", f"{PATH}/renew", self.renew),
            ("POST", f"{PATH}/sign-out", self.sign_out),
        ):
            app.router.add_route(method, path, public(within(seconds, self._guarded(handler))))

    def _guarded(
        self, handler: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def guarded(request: web.Request) -> web.Response:
            self.limit.take_unasked(request)
            try:
                return await handler(request)
            except ProviderAway as error:
                log.warning("oidc.provider_away", reason=str(error))
                raise HttpError(503, AWAY, _RETRY) from None
            except ProviderError as error:
                log.warning("oidc.provider_wrong", reason=str(error))
                raise HttpError(502, f"The sign-in provider is not as it should be: {error}") from None

        return guarded

    async def look(self, _: web.Request) -> web.Response:
        """200 with where to go, 502 or 503."""
        found, settings = await self.provider.configuration(), self.settings
        return json_response(
            SignInProvider(
                issuer=found.issuer,
                authorization_endpoint=found.authorization_endpoint,
                client_id=self.client_id,
                scope=settings.oidc_scopes,
                parameters=parameters_of(settings.oidc_parameters),
                names_itself=found.names_itself,
                end_session_endpoint=found.end_session_endpoint,
            )
        )

    async def sign_in(self, request: web.Request) -> web.Response:
        """200 with a token; 401 where the code is worth nothing; 422, 502, 503."""
        _refuse_strangers(request)
        asked = await read_body(request, SignInRequest)
        if not is_return(asked.redirect_uri):
            problem = {"loc": ["body", "redirect_uri"], "msg": "no address of the page's", "type": "bad_redirect_uri"}
            raise HttpError(422, [problem])
        granted = await self.provider.redeem_code(asked.code, asked.code_verifier, asked.redirect_uri)
        if isinstance(granted, UsedUp):
            log.info("oidc.code_refused", error=granted.error)
            raise HttpError(401, USED_UP, _BEARER)
        await self._check_answer(granted, asked.nonce)
        caller, bearer = await self._verified(granted)
        if self.registers is not None:
            await self.registers(caller.user_id)
        log.info("oidc.signed_in", user_id=str(caller.user_id))
        return _signed_in(request, caller, bearer, granted.refresh_token)

    async def renew(self, request: web.Request) -> web.Response:
        """200 with the next token; 401 without a cookie, or with one that is worth nothing any more; 502, 503."""
        _refuse_strangers(request)
        kept = cookie.read(request)
        granted = None if kept is None else await self.provider.redeem_refresh_token(kept)
        if not isinstance(granted, Granted):
            return cookie.without(_refused(USED_UP))
        if self.settings.oidc_bearer == "id_token" and granted.id_token is None:
            return cookie.without(_refused(USED_UP))  # this provider wants to see the person for another one
        caller, bearer = await self._verified(granted)
        return _signed_in(request, caller, bearer, granted.refresh_token or kept)

    async def sign_out(self, request: web.Request) -> web.Response:
        """204: the cookie is gone, and the provider is told, if it can be."""
        _refuse_strangers(request)
        kept = cookie.read(request)
        if kept is not None:
            with suppress(ProviderAway, ProviderError):
                await self.provider.revoke(kept)
        return cookie.without(web.Response(status=204))

    async def _check_answer(self, granted: Granted, nonce: str) -> None:
        if granted.id_token is None:
            raise ProviderError("it gave no ID token; is openid among the scopes?")
        try:
            await self.id_tokens(granted.id_token)
        except InvalidTokenError as error:
            raise ProviderError(f"its ID token is not good: {error}") from None
        if reason := mismatch(claims_of(granted.id_token), self.client_id, nonce):
            log.warning("oidc.not_ours", reason=reason)
            raise HttpError(401, NOT_OURS, _BEARER)

    async def _verified(self, granted: Granted) -> tuple[Caller, str]:
        """Who it is, and the token that says so. Raises ProviderError for one that the API would not take."""
        kind = self.settings.oidc_bearer
        bearer = granted.id_token if kind == "id_token" else granted.access_token
        try:
            return await self.verifier.verify(bearer or ""), bearer or ""
        except InvalidTokenError as error:
            raise ProviderError(f"its {kind} is none that this API takes: {error}") from None


def _refuse_strangers(request: web.Request) -> None:
    """A cookie comes along whoever's page asks; browsers say whose it is."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise HttpError(403, "Only for the page itself")


def _refused(detail: str) -> web.Response:
    return json_response({"detail": detail}, 401, _BEARER)


def _signed_in(request: web.Request, caller: Caller, bearer: str, refresh_token: str | None) -> web.Response:
    left = max(0, int((caller.expires_at or 0) - time.time()))
    kept = refresh_token is not None and cookie.fits(refresh_token)
    answer = json_response(SignedIn(access_token=bearer, expires_in=left, renewable=kept))
    return cookie.put(answer, request, refresh_token) if kept and refresh_token else cookie.without(answer)
