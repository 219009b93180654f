"""Wires the janitor: `python -m services.janitor`, settings from the environment.

With arguments it is the janitor's command line, which the service itself never loads: see command.py.
"""

from __future__ import annotations

import asyncio
import sys
from functools import partial

from services.chassis.consumer import consume, open_consumer
from services.chassis.failpoints import arm
from services.chassis.health import Check
from services.chassis.jobs import run_jobs
from services.chassis.logging import configure
from services.chassis.postgres import open_pool, ping
from services.chassis.producer import open_producer
from services.chassis.run import run, supervise
from services.chassis.schema import prepare
from services.chassis.settings import load
from services.chassis.storage_minio import open_storage
from services.chassis.tracing import open_tracing
from services.chassis.web import serve
from services.janitor.handler import JanitorHandler
from services.janitor.http import make_janitor_app
from services.janitor.jobs import Counted, expiry_job, reconcile_job, sweep_job
from services.janitor.looks import PgLooks
from services.janitor.parsing import GROUP, TOPICS, parse
from services.janitor.reconcile import Reconciler
from services.janitor.reconcile_rows import PgRows
from services.janitor.removal import Remover
from services.janitor.settings import Settings
from services.janitor.store import PgObjects
from services.janitor.watch import watch_groups


async def main(stop: asyncio.Event) -> None:
    """Runs until `stop`. Raises SettingsError."""
    settings = load(Settings)
    configure(settings.service_name, settings.replica, settings.log_level)
    arm(settings)
    async with (
        open_tracing(settings),
        open_pool(settings) as pool,
        open_storage(settings) as storage,
        open_producer(settings) as producer,
    ):
        await prepare(pool, "services.janitor", settings)
        objects, looks = PgObjects(pool, settings.patience), PgLooks(pool)
        rows = PgRows(pool, settings.sweep_grace_seconds)
        jobs = [
            sweep_job(settings, pool, storage, producer),
            reconcile_job(settings, Reconciler(storage, rows, producer, settings.manner, Counted())),
            expiry_job(settings, looks),
        ]
        handler = JanitorHandler(objects, Remover(objects, storage, settings.removals_at_once))
        ready: dict[str, Check] = {
            "postgres": partial(ping, pool),
            "kafka": producer.ping,
            "minio": storage.health_check,
        }
        async with open_consumer(settings, group=GROUP, topics=TOPICS) as consumer:
            await supervise(
                stop,
                consume(consumer, parse, handler, producer, group=GROUP, stop=stop),
                run_jobs(pool, jobs, stop),
                watch_groups(settings, stop),
                serve(make_janitor_app(settings, ready), settings, stop),
            )


if __name__ == "__main__":
    if sys.argv[1:]:
        from services.janitor.command import command

        sys.exit(command(sys.argv[1:]))
    run(main)
