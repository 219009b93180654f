"""The routes of what goes on: the stream of changes, and a document's timeline."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import structlog
from aiohttp import ClientError, web

from services.chassis.storage import ObjectStorage
from services.chassis.web import HttpError, caller, hang_up, json_response, note, within
from services.upload.document import Status
from services.upload.http_command import command_of, not_found
from services.upload.live.hub import Full, Hub
from services.upload.live.looks import Eyes
from services.upload.live.metrics import ENDED
from services.upload.live.settings import LiveSettings
from services.upload.live.stream import Stream
from services.upload.live.talk import Talk, Terms, Write
from services.upload.ports import Documents
from services.upload.timeline import timeline

log = structlog.get_logger(__name__)

SEND_BYTES = 64 * 1024
"""What the system holds for a client that does not read; it would let it grow to megabytes."""
RETRY_AFTER = {"Retry-After": "5"}
LEFT, SLOW, FAILED = "left", "slow", "failed"


class _SlowError(Exception):
    """The client does not read."""


@dataclass(frozen=True, slots=True)
class LiveRoutes:
    """The handlers; each answers 401 without a good token, the timeline 503 where a server is away."""

    hub: Hub
    eyes: Eyes
    documents: Documents
    storage: ObjectStorage
    settings: LiveSettings

    def setup(self, app: web.Application) -> None:
        """Adds the routes. A stop ends all streams before requests in flight are waited for."""
        app.router.add_get("/api/events", within(None, self.events), allow_head=False)
        app.router.add_get("/api/documents/{id:[^/]+}/timeline", self.timeline)
        app.on_shutdown.append(self._stop)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """200 with the stream; 429, 503 where there are too many."""
        user_id = caller(request).user_id
        full = self.hub.full(user_id)
        if full is not None:
            raise HttpError(429 if full is Full.OF_USER else 503, full.value, RETRY_AFTER)
        resume = request.headers.get("Last-Event-ID") or None
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
        with self.hub.stream(user_id, resume) as stream, hang_up(request, partial(stream.end, LEFT)):
            why = await self._talk(request, response, stream)
        ENDED.labels(why).inc()
        note(request, ended=why)
        return response

    async def _talk(self, request: web.Request, response: web.StreamResponse, stream: Stream) -> str:
        """Why it ended. Nothing is raised: an answer has begun, and no other can be given."""
        terms = Terms(self.settings.live_heartbeat_seconds, self.settings.live_lag_seconds, caller(request).expires_at)
        try:
            _bound(request)
            await response.prepare(request)
            return await Talk(self.hub, self.eyes, stream, terms, self._writer(request, response, stream)).run()
        except (ConnectionError, ClientError):
            return stream.ended or LEFT
        except _SlowError:
            log.warning("live.client_does_not_read", user_id=str(stream.user_id))
            return SLOW
        except Exception:
            log.exception("live.failed")
            _cut(request)
            return FAILED
        finally:
            response.force_close()

    def _writer(self, request: web.Request, response: web.StreamResponse, stream: Stream) -> Write:
        """Writes, and waits while the client does not read: not for long, and not once the stream has ended."""
        cut = partial(_cut, request)

        async def write(raw: bytes) -> None:
            stream.cut = cut
            try:
                async with asyncio.timeout(self.settings.live_write_seconds):
                    await response.write(raw)
            except TimeoutError:
                cut()
                raise _SlowError from None
            finally:
                stream.cut = None

        return write

    async def _stop(self, _: web.Application) -> None:
        self.hub.stop()

    async def timeline(self, request: web.Request) -> web.Response:
        """200, of a refused document too; 404."""
        command = command_of(request)
        document = await self.documents.find(command.user_id, command.document_id)
        if document is None or document.status is Status.DELETED:
            raise not_found()
        stat = await self.storage.stat_object(document.object_key) if document.is_live else None
        return json_response(timeline(document, stat, datetime.now(UTC)))


def _bound(request: web.Request) -> None:
    transport = request.transport
    connection = None if transport is None else transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)


def _cut(request: web.Request) -> None:
    """What is still to be sent is not: its client goes on by the newest id that it has."""
    if request.transport is not None:
        request.transport.abort()
