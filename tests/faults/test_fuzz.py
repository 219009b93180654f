"""Ten thousand records from a fuzzer between good ones: no crash, no stall, and each has its fate.

The seed is printed, and given again by FUZZ_SEED; FUZZ_RECORDS says how many. The stack is its own: what is written
here stays in the topics, and would stall every other reader of the tests.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random, SystemRandom

import asyncpg
import pytest
from docuvault_contracts import topics

from deploy.local.stack import Stack
from tests.faults.support import fuzz_events
from tests.faults.support.fuzz import Fate, Hostile, on_the_wire
from tests.faults.support.fuzz_notifications import notification
from tests.faults.support.oracle import REST_SECONDS, assert_at_rest
from tests.faults.support.producing import RawProducer, raw_producer
from tests.faults.support.site import Site
from tests.faults.support.stacks import own_stack
from tests.faults.support.wire import Wire, open_wire
from tests.stack.support.api import Client, Upload
from tests.stack.support.notifications import created
from tests.stack.support.rest import assert_clean
from tests.stack.support.waiting import eventually
from tests.unit.kafka_batches import CODECS, Rec, batch

SEED = int(os.environ.get("FUZZ_SEED") or SystemRandom().getrandbits(32))
RECORDS = int(os.environ.get("FUZZ_RECORDS") or 10_000)
GOOD = 60
BIG = 20
IN_A_BATCH = 40
WITHIN_SECONDS = 240.0
LEDGER = (topics.STORAGE_EVENTS.name, *fuzz_events.TOPICS)
OTHERS = {
    "upload": (topics.QUOTA.name, topics.STORAGE_JANITOR.name),
    "janitor": (topics.QUOTA.name, topics.DOCUMENTS.name),
}
HARMLESS: dict[str, tuple[str, ...]] = {"janitor": (), "upload": ("object_key is", "document_id is")}
"""Upload compares a decision with its own row, so one about another key is understood and moves nothing."""
_KEYS = "SELECT object_key FROM quota.reservations"

Where = tuple[str, int, int]


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """In place of the folder's: thousands of bad records are no reason to halt here."""
    environment = {"KAFKA_SESSION_TIMEOUT_SECONDS": "4", "KAFKA_DEAD_LETTER_LIMIT": "0"}
    with own_stack(request, tmp_path_factory.mktemp("fuzz"), service_env=environment) as stack:
        yield stack


@dataclass
class Written:
    """Which record stands where."""

    at: dict[Where, Hostile] = field(default_factory=dict)

    def of(self, *fates: Fate) -> dict[Where, Hostile]:
        return {where: each for where, each in self.at.items() if each.fate in fates}


async def test_ten_thousand_hostile_records_between_good_ones_have_each_its_fate(site: Site) -> None:
    print(f"FUZZ_SEED={SEED} FUZZ_RECORDS={RECORDS}")  # noqa: T201 - shown where the test fails
    rng, user = Random(SEED), await site.api.user()  # noqa: S311 - a seed, no secret
    before = await site.processes.pids()
    async with site.bucket.silent(), open_wire(site.info) as wire, raw_producer(site.info.kafka) as raw:
        uploads = [await user.put_new(f"good {number}".encode()) for number in range(GOOD)]
        goods = [await _good(site, each) for each in uploads]
        written = await _write(
            rng, raw, wire, [_hostile(rng, site.bucket.name, number) for number in range(RECORDS)], goods
        )
        await _assert_read(wire, "quota", LEDGER)
        for group, read in OTHERS.items():
            await _assert_read(wire, group, read)
        await _assert_fates(site, wire, written)
        await _assert_decided(user, uploads)
    assert await site.processes.pids() == before, "a process was restarted"
    await assert_at_rest(site)


async def test_hostile_decisions_are_buried_by_those_who_read_them(site: Site) -> None:
    """Only what must be bad or quiet: a decision that nobody made would be acted on. After it nobody reads `quota`."""
    print(f"FUZZ_SEED={SEED}")  # noqa: T201 - as above
    rng, before = Random(SEED), await site.processes.pids()  # noqa: S311 - as above
    topic = topics.QUOTA.name
    found = [on_the_wire(rng, fuzz_events.event(rng, topic)) for _ in range(RECORDS // 10)]
    found = [each for each in found if each.fate is Fate.BAD or each.kind == "a type to come"]
    async with open_wire(site.info) as wire, raw_producer(site.info.kafka) as raw:
        written = await _write(rng, raw, wire, found, [])
        for group, harmless in HARMLESS.items():
            await _assert_read(wire, group, (topic,))
            letters = await _letters(wire, group)
            assert [each for each in _lost(written, letters) if not each[1].startswith(harmless)] == []
            assert _wrongly_buried(written, letters) == []
    assert await site.processes.pids() == before, "a process was restarted"
    await assert_clean(site.info, REST_SECONDS)


def _hostile(rng: Random, bucket: str, number: int) -> Hostile:
    big = number < BIG
    topic = rng.choice(LEDGER)
    if topic == topics.STORAGE_EVENTS.name:
        return on_the_wire(rng, notification(rng, bucket, big=big))
    return on_the_wire(rng, fuzz_events.event(rng, topic, big=big))


async def _good(site: Site, upload: Upload) -> Hostile:
    value = created(site.bucket.name, await site.bucket.look(upload.key))
    rec = Rec(value, f"{site.bucket.name}/{upload.key}".encode())
    return Hostile(topics.STORAGE_EVENTS.name, "a good one", rec, Fate.DECIDED, upload.key)


async def _write(
    rng: Random, raw: RawProducer, wire: Wire, hostile: Sequence[Hostile], goods: Sequence[Hostile]
) -> Written:
    """By topic, in batches of many sizes and all codecs, to all partitions; the good ones anywhere among them."""
    everything = list(hostile)
    for each in goods:
        everything.insert(rng.randint(0, len(everything)), each)
    written = Written()
    for topic in dict.fromkeys(each.topic for each in everything):
        partitions = len(await wire.partitions(topic))
        for part in _batches(rng, [each for each in everything if each.topic == topic]):
            partition = rng.randrange(partitions)
            packed = batch([each.rec for each in part], codec=rng.choice(list(CODECS)))
            offset = await raw.send(topic, partition, _acceptable(part, packed))
            written.at.update({(topic, partition, offset + number): each for number, each in enumerate(part)})
    return written


def _acceptable(part: Sequence[Hostile], packed: bytes) -> bytes:
    """The broker looks at the offsets of records in a compressed batch, and refuses those that lie."""
    lies = any(each.rec.offset_delta is not None for each in part)
    return batch([each.rec for each in part]) if lies else packed


def _batches(rng: Random, found: Sequence[Hostile]) -> list[list[Hostile]]:
    parts: list[list[Hostile]] = [[]]
    for each in found:
        if each.big or len(parts[-1]) >= rng.randint(1, IN_A_BATCH) or any(one.big for one in parts[-1]):
            parts.append([])
        parts[-1].append(each)
    return [part for part in parts if part]


async def _assert_read(wire: Wire, group: str, read: Sequence[str]) -> None:
    await eventually(lambda: wire.unread(group, read), becomes=0, within=WITHIN_SECONDS)


async def _assert_fates(site: Site, wire: Wire, written: Written) -> None:
    letters = await _letters(wire, "quota")
    known = await _known(site)
    assert _lost(written, letters) == [], f"not among the dead letters, with FUZZ_SEED={SEED}"
    assert _wrongly_buried(written, letters) == [], f"among the dead letters, with FUZZ_SEED={SEED}"
    undecided = [(at, each.kind) for at, each in written.of(Fate.DECIDED).items() if each.key not in known]
    assert undecided == [], f"undecided, with FUZZ_SEED={SEED}"
    assert set(Counter(each.fate for each in written.at.values())) == set(Fate)


def _lost(written: Written, letters: dict[Where, str]) -> list[tuple[Where, str]]:
    return [(at, each.kind) for at, each in written.of(Fate.BAD).items() if not letters.get(at, "").strip()]


def _wrongly_buried(written: Written, letters: dict[Where, str]) -> list[object]:
    fine = written.of(Fate.QUIET, Fate.DECIDED)
    return [(at, each.kind, letters[at]) for at, each in fine.items() if at in letters]


async def _letters(wire: Wire, group: str) -> dict[Where, str]:
    """The reason of each dead letter, by where its record stood."""
    found: dict[Where, str] = {}
    for each in await wire.read(topics.dead_letter_topic(group).name):
        headers = {
            name: (value or b"").decode("utf-8", "replace") for name, value in each.headers if name != "dlq_raw_headers"
        }
        where = headers["dlq_topic"], int(headers["dlq_partition"]), int(headers["dlq_offset"])
        found[where] = headers["dlq_reason"]
    return found


async def _known(site: Site) -> set[str]:
    connection = await asyncpg.connect(site.info.databases["audit"])
    try:
        return {row["object_key"] for row in await connection.fetch(_KEYS)}
    finally:
        await connection.close()


async def _assert_decided(user: Client, uploads: Sequence[Upload]) -> None:
    for each in uploads:
        await eventually(lambda each=each: user.status_of(each), becomes="uploaded")  # type: ignore[misc]
