"""`python -m services.janitor reconcile`: walks the bucket now, and tells each difference as it is found."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TextIO

from services.chassis.jobs import Job, Lease, run_now
from services.chassis.postgres import open_pool
from services.chassis.producer import open_producer
from services.chassis.storage_minio import open_storage
from services.janitor.jobs import reconcile_job
from services.janitor.reconcile import Reconciler
from services.janitor.reconcile_progress import Nowhere, Progress
from services.janitor.reconcile_rows import PgRows
from services.janitor.reconcile_rules import Difference, Kind
from services.janitor.settings import Settings

TELL_SECONDS = 5.0
LEFT = 1
"""The exit code where something differs and nothing was done about it."""

Result = Mapping[str, object]


class Shown:
    """Listens to a walk: differences go to `out` as they are found, how far it is to `progress` now and then."""

    def __init__(self, out: TextIO, progress: TextIO, *, as_json: bool) -> None:
        self._out = out
        self._progress = progress
        self._as_json = as_json
        self._told_at = time.monotonic()

    def found(self, difference: Difference) -> None:
        """One line."""
        facts = facts_of(difference)
        self._out.write(f"{json.dumps(facts) if self._as_json else in_words(facts)}\n")
        self._out.flush()

    def passed(self, objects: int, progress: Progress) -> None:  # noqa: ARG002 - as the protocol has it
        """One line every few seconds."""
        if time.monotonic() - self._told_at >= TELL_SECONDS:
            self._told_at = time.monotonic()
            told = progress.counts["objects"]
            self._progress.write(f"{told} objects, {progress.differences} differences, at {progress.after!r}\n")
            self._progress.flush()


def facts_of(difference: Difference) -> dict[str, object]:
    """What is known of a difference, as JSON has it: what the store holds, and what was heard of the key."""
    facts: dict[str, object] = {"kind": difference.kind, "key": difference.object_key}
    if difference.stored is not None:
        facts["stored"] = {"size_bytes": difference.stored.size, "etag": difference.stored.etag}
    if difference.row is not None:
        row = difference.row
        facts["heard"] = {"state": row.state, "ledger": row.ledger, "size_bytes": row.size_bytes, "etag": row.etag}
    return facts


def in_words(facts: Mapping[str, object]) -> str:
    """The same in a line for a person; a key with odd characters is quoted."""
    key = str(facts["key"])
    shown = key if key.isprintable() and " " not in key else repr(key)
    return f"{facts['kind']:<10} {shown}  {_side(facts, 'stored')}  {_side(facts, 'heard')}"


def _side(facts: Mapping[str, object], name: str) -> str:
    side = facts.get(name)
    known = side.items() if isinstance(side, Mapping) else ()
    return f"{name}: {', '.join(f'{fact} {value}' for fact, value in known if value is not None) or 'nothing'}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be said to it beside what all commands take."""
    parser.add_argument("--dry-run", action="store_true", help="show all that differs, and act on nothing")
    parser.add_argument(
        "--remove-foreign", action="store_true", help="remove objects under keys that are no document's"
    )
    parser.add_argument(
        "--ask-all", action="store_true", help="ask the ledger about every object: heals what the janitor never heard"
    )
    parser.add_argument(
        "--missing", type=int, metavar="N", help="believe that so many objects are gone; default RECONCILE_MOST_MISSING"
    )
    parser.add_argument("--from-start", action="store_true", help="begin anew where a walk was cut off")


async def reconcile(settings: Settings, options: argparse.Namespace) -> Result:
    """Walks, and returns the counts. Raises what `run_now` does."""
    shown = Shown(sys.stdout, sys.stderr, as_json=options.json)
    manner = replace(settings.manner, dry_run=options.dry_run, remove_foreign=options.remove_foreign)
    if options.ask_all:
        manner = replace(manner, asks_every=1)
    if options.missing is not None:
        manner = replace(manner, most_missing=options.missing)
    async with (
        open_pool(settings) as pool,
        open_storage(settings) as storage,
        open_producer(settings) as producer,
    ):
        rows = PgRows(pool, settings.sweep_grace_seconds)
        reconciler = Reconciler(storage, rows, producer, manner, shown)
        if manner.dry_run:
            return (await reconciler.walk(Nowhere())).result()
        job = reconcile_job(settings, reconciler)
        anew = options.from_start or options.ask_all or options.missing is not None or manner.remove_foreign
        return await run_now(pool, _anew(job) if anew else job, options.wait)


def _anew(job: Job) -> Job:
    async def work(lease: Lease) -> Result:
        await lease.save(None)
        return await job.work(lease)

    return replace(job, work=work)


def verdict(result: Result, options: argparse.Namespace) -> int:
    """The exit code: LEFT where something differs and nothing was done about it."""
    count = {name: int(str(number)) for name, number in result.items()}
    undone = count["foreign"] - count["removed"] + count["withheld"]
    return LEFT if (sum(count[kind] for kind in Kind) if options.dry_run else undone) else 0
