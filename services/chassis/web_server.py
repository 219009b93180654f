"""Listens, and at a stop lets what is in flight finish."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
from aiohttp import web

from services.chassis.health import LEAVING
from services.chassis.settings import HttpSettings
from services.chassis.web_body import error_response
from services.chassis.web_leaving import part

log = structlog.get_logger(__name__)

MAX_HEADER_BYTES = 32 * 1024
"""A longer token than any of ours still gets its 401 from us instead of a parser's 400."""
KEEPALIVE_SECONDS = 120.0
"""Longer than a gateway keeps an idle connection, so that it never sends into one that we just closed."""


async def serve(app: web.Application, settings: HttpSettings, stop: asyncio.Event) -> None:
    """Serves until `stop`; then accepts no more, lets requests finish within the grace, and closes.

    SIGUSR1 announces a stop: `/healthz` is 503 from then on, and connections end with the answer at hand.
    """
    async with listening(app, settings):
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, app[LEAVING].set)
        await stop.wait()


@asynccontextmanager
async def listening(app: web.Application, settings: HttpSettings) -> AsyncIterator[int]:
    """Serves inside the block and gives the port, 0 for a socket. Raises OSError where the port is taken."""
    runner = _Runner(
        app,
        access_log=None,  # a line of ours per request instead; it would write query strings
        shutdown_timeout=settings.shutdown_grace_seconds,
        keepalive_timeout=KEEPALIVE_SECONDS,
        max_field_size=MAX_HEADER_BYTES,
    )
    await runner.setup()
    try:
        await _site(runner, settings).start()
        port = 0 if settings.http_socket else runner.addresses[0][1]
        where = {"socket": str(settings.http_socket)} if settings.http_socket else {"host": settings.http_host}
        log.info("http.listening", port=port, **where)
        yield port
    finally:
        if LEAVING in app and app[LEAVING].is_set():
            await part(runner)
        await runner.cleanup()
        log.info("http.stopped")


def _site(runner: web.AppRunner, settings: HttpSettings) -> web.BaseSite:
    if settings.http_socket is not None:
        return web.UnixSite(runner, settings.http_socket)
    return web.TCPSite(runner, settings.http_host, settings.http_port)


class _Connection(web.RequestHandler):
    """A connection whose own errors (what is no HTTP at all) have our shape and quote nothing of what was sent."""

    __slots__ = ("on_lost",)

    on_lost: Callable[[], None] | None

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tells whoever asked for it; a handler that waits for something else would not notice."""
        super().connection_lost(exc)
        tell: Callable[[], None] | None = getattr(self, "on_lost", None)
        if tell is not None:
            tell()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it quotes the request
    ) -> web.StreamResponse:
        """Answers and closes the connection."""
        log.warning("http.broken_request", status=status, error=type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer was begun already")
        response = error_response(status, "Bad Request" if status < 500 else "Internal Server Error")  # noqa: PLR2004
        response.force_close()
        return response

    def log_exception(self, *args: object, **_: object) -> None:
        """Without aiohttp's message and traceback: they quote headers."""
        log.warning("http.connection_failed", message=args[0] if args else "")


@contextmanager
def hang_up(request: web.Request, tell: Callable[[], None]) -> Iterator[None]:
    """Inside the block `tell` is called once the client is gone, at once where it is gone already."""
    connection = request.protocol
    if request.transport is None or request.transport.is_closing():
        tell()
    if not isinstance(connection, _Connection):
        raise TypeError("a connection of another server")
    connection.on_lost = tell
    try:
        yield
    finally:
        connection.on_lost = None


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Runner(web.AppRunner):
    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(made.request_handler, request_factory=made.request_factory, **made._kwargs)  # noqa: SLF001
