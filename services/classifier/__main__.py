"""Starts the classifier: `python -m services.classifier`. Wiring only.

With arguments it is the classifier's command line, which the service itself never loads: see command.py.
"""

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
from services.chassis.storage_minio import open_storage
from services.chassis.tracing import open_tracing
from services.chassis.web import make_app, serve
from services.classifier.addresses import UrlChecker
from services.classifier.attempt import Attempts
from services.classifier.bell import Bell
from services.classifier.by_mode import ByMode
from services.classifier.corrections import PgCorrections
from services.classifier.desk import Desk
from services.classifier.fetch import Fetch
from services.classifier.filing import Mode
from services.classifier.handler import ClassifierHandler
from services.classifier.http import make_routes
from services.classifier.jobs import expiry_job
from services.classifier.line import PgLine
from services.classifier.lookup import Dns
from services.classifier.modes.embedding import EmbeddingFiler
from services.classifier.modes.keywords import KeywordFiler
from services.classifier.modes.llm import open_llm
from services.classifier.modes.model import MODEL, Model
from services.classifier.owners import PgOwners
from services.classifier.parsing import GROUP, TOPICS, parse
from services.classifier.records import PgRecords
from services.classifier.runners import Runners
from services.classifier.sandbox.pool import Pool
from services.classifier.secrets import KeySafe
from services.classifier.secrets_rotation import rotation_job
from services.classifier.settings import Settings
from services.classifier.settings_store import PgSettings
from services.classifier.store import PgDocuments
from services.classifier.suggestions import PgSuggestions
from services.classifier.terms import terms_of
from services.classifier.topics_removal import removal_job
from services.classifier.topics_store import PgTopics
from services.classifier.work import Work


async def main(stop: asyncio.Event) -> None:
    """Runs the consumer, the runners, the outbox's relay, the jobs and the HTTP server until `stop`."""
    settings = load(Settings)
    configure(settings.service_name, settings.replica, settings.log_level)
    arm(settings)
    outbox, bell, desk = Outbox(), Bell(), Desk(settings.most_of_user)
    safe, names = KeySafe(settings.fernet_keys), Dns()
    async with (
        open_tracing(settings),
        open_pool(settings) as pool,
        open_storage(settings) as storage,
        open_producer(settings) as producer,
        open_consumer(settings, group=GROUP, topics=TOPICS) as consumer,
        Pool(settings.limits, settings.workers, settings.surroundings) as reader,
        Model(settings.models, settings.surroundings) as model,
    ):
        await prepare(pool, "services.classifier", settings)
        await reader.check()
        wishes = PgSettings(pool, safe, settings.wishes)
        owners = PgOwners(pool, wishes.read, MODEL)
        embedding = EmbeddingFiler(model, owners.keep_vectors)
        async with open_llm(names, settings.allowance, settings.manner, embedding) as llm:
            filer = ByMode({Mode.EMBEDDING: embedding, Mode.KEYWORDS: KeywordFiler(), Mode.LLM: llm})
            line, records = PgLine(pool, settings.classifier_lease_seconds), PgRecords(pool, outbox, MODEL)
            fetch = Fetch(storage, settings.classifier_read_bytes, settings.classifier_fetch_seconds)
            work = Work(
                owners=owners,
                fetch=fetch,
                reader=reader,
                filer=filer,
                terms_of=terms_of,
                records=records,
                line=line,
            )
            runners = Runners(line, Attempts(work, line, desk), desk, bell, settings.pace)
            documents = PgDocuments(pool, bell)
            routes = make_routes(
                PgTopics(pool),
                PgSuggestions(pool),
                wishes,
                PgCorrections(pool, outbox),
                UrlChecker(names, settings.allowance),
                defaults=settings.wishes,
                wake=bell.ring,
                wait_seconds=settings.classifier_correction_wait_seconds,
            )
            jobs = [expiry_job(settings, documents), removal_job(pool, outbox), rotation_job(pool, safe)]
            ready: dict[str, Check] = {
                "postgres": partial(ping, pool),
                "kafka": producer.ping,
                "minio": storage.health_check,
                "consumer": consumer.ping,
            }
            app = make_app(settings, TokenVerifier(settings), ready=ready, setup=routes.setup)
            await supervise(
                stop,
                consume(consumer, parse, ClassifierHandler(documents), producer, group=GROUP, stop=stop),
                runners.run(stop),
                relay(pool, producer, outbox, stop, publish_seconds=settings.kafka_publish_timeout_seconds),
                watch_outbox(pool, stop),
                run_jobs(pool, jobs, stop),
                serve(app, settings, stop),
            )


if __name__ == "__main__":
    if sys.argv[1:]:
        from services.classifier.command import command

        sys.exit(command(sys.argv[1:]))
    run(main)
