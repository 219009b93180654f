"""Starts the upload service: `python -m services.upload`. Wiring only."""

from __future__ import annotations

import asyncio
from functools import partial

import asyncpg
from aiohttp import web
from docuvault_contracts.topics import CHANGES

from services.chassis.auth import TokenVerifier
from services.chassis.consumer import consume, open_consumer
from services.chassis.failpoints import arm
from services.chassis.follower import follow
from services.chassis.health import Check
from services.chassis.jobs import run_jobs
from services.chassis.logging import configure
from services.chassis.outbox import Outbox, relay
from services.chassis.outbox_watch import watch_outbox
from services.chassis.postgres import open_pool, ping
from services.chassis.producer import open_producer
from services.chassis.run import run, supervise
from services.chassis.schema import prepare
from services.chassis.settings import load
from services.chassis.storage_minio import open_storage
from services.chassis.tracing import open_tracing
from services.chassis.web import make_app, serve
from services.upload.accounts import PgAccounts
from services.upload.changes import change_beside
from services.upload.handler import GROUP, TOPICS, UploadHandler, parse
from services.upload.http import Tables, make_routes
from services.upload.jobs import make_jobs
from services.upload.ledger import KafkaLedger
from services.upload.listener import listen
from services.upload.live.http import LiveRoutes
from services.upload.live.hub import make_hub
from services.upload.live.looks import PgEyes
from services.upload.multipart.http import make_multipart_routes
from services.upload.multipart.store import PgMultiparts
from services.upload.oidc.wiring import open_sign_in
from services.upload.settings import Settings
from services.upload.store import PgDocuments
from services.upload.store_keys import PgKeys
from services.upload.waiters import Waiters


async def main(stop: asyncio.Event) -> None:
    """Runs the consumer, the outbox's relay, the listener, the jobs and the HTTP server until `stop`."""
    settings = load(Settings)
    configure(settings.service_name, settings.replica, settings.log_level)
    arm(settings)
    outbox, waiters, verifier = Outbox(), Waiters(), TokenVerifier(settings)
    connect = partial(
        asyncpg.connect,
        settings.database_url.get_secret_value(),
        server_settings={"application_name": f"upload-{settings.replica}-listener"},
    )
    async with (
        open_tracing(settings),
        open_pool(settings) as pool,
        open_storage(settings) as storage,
        open_producer(settings) as producer,
        open_consumer(settings, group=GROUP, topics=TOPICS) as consumer,
        open_sign_in(settings, verifier, producer) as add_sign_in,
    ):
        await prepare(pool, "services.upload", settings)
        documents, accounts = PgDocuments(pool, outbox), PgAccounts(pool)
        tables = Tables(documents, accounts, PgKeys(pool))
        routes = make_routes(settings, tables, storage, KafkaLedger(producer, consumer), waiters)
        multipart = make_multipart_routes(settings, tables, PgMultiparts(pool, outbox), storage, routes.uploads)
        hub = make_hub(settings)
        live = LiveRoutes(hub, PgEyes(pool), documents, storage, settings)
        ready: dict[str, Check] = {
            "postgres": partial(ping, pool),
            "kafka": producer.ping,
            "minio": storage.health_check,
            "consumer": consumer.ping,
        }

        def setup(app: web.Application) -> None:
            routes.setup(app)
            multipart.setup(app)
            live.setup(app)
            add_sign_in(app)

        app = make_app(settings, verifier, ready=ready, setup=setup)
        await supervise(
            stop,
            consume(consumer, parse, UploadHandler(documents, accounts, waiters), producer, group=GROUP, stop=stop),
            relay(
                pool,
                producer,
                outbox,
                stop,
                publish_seconds=settings.kafka_publish_timeout_seconds,
                beside=change_beside,
            ),
            follow(settings, CHANGES.name, hub, stop, since_seconds=settings.live_window_seconds),
            listen(connect, waiters, stop, check_seconds=settings.listen_check_seconds),
            watch_outbox(pool, stop),
            run_jobs(pool, make_jobs(settings, pool, outbox), stop),
            serve(app, settings, stop),
        )


if __name__ == "__main__":
    run(main)
