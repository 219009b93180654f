"""A floor: a bare aiohttp handler with the INSERT of a document and its event. `python -m benchmarks.bare_upload`.

No tokens, no checks, no signature, no relay, no log: JSON in, one statement, JSON out.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import uvloop
from aiohttp import web

from services.chassis.migrations import migrate
from services.chassis.postgres import load_sql
from services.chassis.settings import DatabaseSettings, HttpSettings

HEADERS = '[["ce_specversion", "1.0"], ["ce_type", "upload.requested"], ["content-type", "application/json"]]'
EVENT = b"x" * 400
"""About as many bytes as the event has."""


class Settings(DatabaseSettings, HttpSettings):
    """Where the database is and where to listen."""


async def main() -> None:
    """Serves until it is ended."""
    settings = Settings()
    size, statement = settings.database_pool_size, load_sql("benchmarks")["create_document"]
    async with asyncpg.create_pool(settings.database_url.get_secret_value(), min_size=size, max_size=size) as pool:
        await migrate(pool, "services.upload")

        async def upload_url(request: web.Request) -> web.Response:
            body, document_id, user_id, now = await request.json(), uuid4(), uuid4(), datetime.now(UTC)
            key = f"{user_id}/{document_id}/{uuid4()}.pdf"
            row = (document_id, user_id, key, body["filename"], body["content_type"], now, now, now + timedelta(0, 900))
            await pool.execute(statement, *row, "documents", str(document_id).encode(), EVENT, HEADERS)
            return web.json_response({"upload_url": f"http://localhost:9000/documents/{key}", "document_id": key[:36]})

        app = web.Application()
        app.router.add_post("/api/documents/upload-url", upload_url)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, settings.http_host, settings.http_port).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.Runner(loop_factory=uvloop.new_event_loop).run(main())
