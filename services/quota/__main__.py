"""Starts the ledger: `python -m services.quota`. Wiring only. With `drift` it is the command of that name."""

from __future__ import annotations

import asyncio
import sys
from functools import partial

from services.chassis.auth import TokenVerifier
from services.chassis.consumer import consume, open_consumer
from services.chassis.failpoints import arm
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
from services.chassis.tracing import open_tracing
from services.chassis.web import make_app, serve
from services.quota import drift_command
from services.quota.handler import QuotaHandler
from services.quota.http import routes
from services.quota.jobs import make_jobs
from services.quota.parsing import TOPICS, QuotaParser
from services.quota.settings import Settings
from services.quota.store import PgAccounts, PgLedger

GROUP = "quota"


async def main(stop: asyncio.Event) -> None:
    """Runs the consumer, the outbox's relay, the jobs and the HTTP server until `stop`."""
    settings = load(Settings)
    configure(settings.service_name, settings.replica, settings.log_level)
    arm(settings)
    outbox, parser = Outbox(), QuotaParser(settings.minio_bucket, settings.default_limit_bytes)
    async with (
        open_tracing(settings),
        open_pool(settings) as pool,
        open_producer(settings) as producer,
        open_consumer(settings, group=GROUP, topics=TOPICS) as consumer,
    ):
        await prepare(pool, "services.quota", settings)
        handler = QuotaHandler(PgLedger(pool, outbox))
        ready: dict[str, Check] = {"postgres": partial(ping, pool), "kafka": producer.ping, "consumer": consumer.ping}
        app = make_app(settings, TokenVerifier(settings), ready=ready, setup=routes(PgAccounts(pool, outbox)))
        await supervise(
            stop,
            consume(consumer, parser, handler, producer, group=GROUP, stop=stop),
            relay(pool, producer, outbox, stop, publish_seconds=settings.kafka_publish_timeout_seconds),
            watch_outbox(pool, stop),
            run_jobs(pool, make_jobs(settings, pool), stop),
            serve(app, settings, stop),
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["drift"]:
        sys.exit(drift_command.main(sys.argv[2:]))
    run(main)
