"""The janitor as it runs: a process between a real Kafka, a real PostgreSQL and a real MinIO."""

from __future__ import annotations

import asyncio
import io
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from docuvault_contracts import topics
from docuvault_contracts.cloudevents import Envelope, Message, decode, encode
from docuvault_contracts.events import DocumentDeleted, ObjectRemoved, QuotaRejected
from docuvault_contracts.keys import make_key
from miniopy_async.api import Minio

from deploy.local.credentials import STORE_WATCHER, load_credentials
from deploy.local.server_services import service_environment
from deploy.local.stack import Stack
from deploy.observe.catalogue import STORE_SERIES
from deploy.observe.store_metrics import KEPT, store_metrics_of, token_of
from tests.stack.support.provider import provided

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Servers without services, of this module's own."""
    stack = provided(tmp_path_factory.mktemp("stack"), services=False)
    try:
        stack.up()
        yield stack
    finally:
        stack.reset()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Returns once it holds. Raises TimeoutError after half a minute."""
    async with asyncio.timeout(30):
        while True:
            if await holds():
                return
            await asyncio.sleep(0.02)


@dataclass
class Service:
    """A janitor process that can be killed and started again; `url` is where its probes are."""

    stack: Stack
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.stack.settings.service_port_base + 41}"

    async def start(self) -> None:
        environment = service_environment(self.stack.settings, load_credentials(self.stack.layout), "janitor")
        port = str(self.stack.settings.service_port_base + 41)
        path = f"{CHECKOUT}:{CHECKOUT / 'contracts'}"
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.janitor", cwd=CHECKOUT, stdout=asyncio.subprocess.DEVNULL,
            env={**environment, "HTTP_PORT": port, "PYTHONPATH": path, "PATH": os.environ["PATH"]},
        )  # fmt: skip
        await self.until_ready_says(200)

    async def until_ready_says(self, status: int) -> None:
        async def says() -> bool:
            return await self.status("/readyz") == status

        await until(says)

    async def status(self, path: str) -> int:
        async with aiohttp.ClientSession() as session:
            try:
                async with session.get(self.url + path) as response:
                    return response.status
            except aiohttp.ClientError:
                return 0

    async def end(self, how: signal.Signals) -> int:
        assert self.process
        self.process.send_signal(how)
        async with asyncio.timeout(40):
            return await self.process.wait()


@pytest.fixture
async def service(stack: Stack) -> AsyncIterator[Service]:
    service = Service(stack)
    await service.start()
    yield service
    assert service.process
    if service.process.returncode is None:
        assert await service.end(signal.SIGTERM) == 0


@pytest.fixture
async def bucket(stack: Stack) -> AsyncIterator[Bucket]:
    root = stack.info.store_keys["root"]
    async with Minio(
        stack.info.minio_endpoint, root.access_key, root.secret_key, region=stack.info.minio_region, secure=False
    ) as client:
        yield Bucket(client, stack.info.bucket)


@dataclass(frozen=True)
class Bucket:
    client: Minio
    name: str

    async def put(self, key: str) -> None:
        await self.client.put_object(self.name, key, io.BytesIO(b"12345"), 5)

    async def keys(self) -> set[str]:
        return {found.object_name or "" async for found in self.client.list_objects(self.name, recursive=True)}


def rejection() -> QuotaRejected:
    user, document = uuid4(), uuid4()
    return QuotaRejected(
        document_id=document, user_id=user, object_key=str(make_key(user, document, "a.pdf")), version=1,
        used_bytes=0, limit_bytes=0, decided_at=NOW, rejected_bytes=5, etag="e", reason="over_quota",
    )  # fmt: skip


def said(event: QuotaRejected | DocumentDeleted) -> Message:
    return encode(event, id=str(uuid4()), source="test", time=NOW)


async def publish(stack: Stack, messages: Sequence[Message]) -> None:
    async with AIOKafkaProducer(**stack.info.kafka) as producer:
        for each in messages:
            await producer.send(each.topic, each.value, each.key, headers=list(each.headers))
        await producer.flush()


@asynccontextmanager
async def reading(stack: Stack, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    async with AIOKafkaConsumer(**stack.info.kafka) as consumer:
        await consumer.topics()
        partitions = [TopicPartition(topic, number) for number in range(6 if topic == "storage.janitor" else 1)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        yield consumer


async def removals_of(stack: Stack, keys: set[str]) -> list[Envelope]:
    """All object.removed of the keys, once each key has one."""
    found: list[Envelope] = []
    async with asyncio.timeout(60), reading(stack, topics.STORAGE_JANITOR.name) as consumer:
        async for record in consumer:
            envelope = decode(record.headers, record.value)
            if isinstance(envelope.event, ObjectRemoved) and envelope.event.object_key in keys:
                found.append(envelope)
            if {getattr(each.event, "object_key", "") for each in found} == keys:
                break
    return found


async def test_a_refusal_in_kafka_ends_as_a_removal_in_kafka(stack: Stack, service: Service, bucket: Bucket) -> None:
    refused = rejection()
    await bucket.put(refused.object_key)
    await publish(stack, [said(refused)])
    (removal,) = await removals_of(stack, {refused.object_key})
    assert isinstance(removal.event, ObjectRemoved)
    assert removal.event.cause == "quota.rejected"
    assert refused.object_key not in await bucket.keys()
    assert await service.status("/healthz") == 200


async def test_garbage_among_good_records_goes_to_the_dead_letters(stack: Stack, service: Service) -> None:
    before, after = rejection(), rejection()
    foreign = before.model_copy(update={"object_key": "backup/of/everything"})
    garbage = Message("quota", b"k", b"{", said(before).headers)
    await publish(stack, [said(before), garbage, said(foreign), said(after)])
    assert len(await removals_of(stack, {before.object_key, after.object_key})) == 2
    reasons = []
    async with asyncio.timeout(30), reading(stack, "dlq.janitor") as consumer:
        async for record in consumer:
            reasons.append(dict(record.headers)["dlq_reason"].decode())
            if len(reasons) == 2:
                break
    assert any("object key is not one of document" in reason for reason in reasons)
    assert await service.status("/readyz") == 200


async def test_killed_in_mid_batch_it_removes_the_rest_and_says_nothing_twice_differently(
    stack: Stack, service: Service, bucket: Bucket
) -> None:
    refused = [rejection() for _ in range(300)]
    keys = {each.object_key for each in refused}
    await asyncio.gather(*(bucket.put(key) for key in keys))
    await publish(stack, [said(each) for each in refused])

    async def some_are_gone() -> bool:
        return not keys <= await bucket.keys()

    await until(some_are_gone)
    await service.end(signal.SIGKILL)
    await service.start()
    removals = await removals_of(stack, keys)
    assert not keys & await bucket.keys()
    assert len({removal.id for removal in removals}) == len(keys)


async def test_with_the_store_away_it_waits_and_then_removes(stack: Stack, service: Service, bucket: Bucket) -> None:
    refused = rejection()
    await bucket.put(refused.object_key)
    await asyncio.to_thread(stack.supervisor.stop, "minio")
    try:
        await publish(stack, [said(refused)])
        await service.until_ready_says(503)
        await asyncio.sleep(1)
    finally:
        await asyncio.to_thread(stack.up)
    assert len(await removals_of(stack, {refused.object_key})) >= 1
    assert refused.object_key not in await bucket.keys()
    assert service.process
    assert service.process.returncode is None


async def test_it_serves_probes_and_nothing_else(service: Service) -> None:
    assert await service.status("/metrics") == 200
    assert await service.status("/api/documents") == 404


async def test_it_shows_partitions_as_kafka_has_them_and_no_outbox_that_it_has_not(service: Service) -> None:
    async def shown() -> bool:
        async with aiohttp.ClientSession() as session, session.get(service.url + "/metrics") as response:
            text = await response.text()
        assert "docuvault_outbox_oldest_age_seconds" not in text
        assert "docuvault_outbox_messages" not in text
        return "\ndocuvault_kafka_under_replicated_partitions 0.0\n" in text  # NaN until it has looked

    await until(shown)


def _key(stack: Stack, user: str) -> tuple[str, str]:
    key = stack.info.store_keys[user]
    return key.access_key, key.secret_key


async def test_the_store_tells_how_many_events_it_holds_back_to_who_has_a_token_and_to_nobody_else(
    stack: Stack,
) -> None:
    store = store_metrics_of(stack.info)
    url = f"http://{store.target}{store.scraped()['metrics_path']}"
    async with aiohttp.ClientSession() as session:
        async with session.get(url, headers={"Authorization": f"Bearer {store.token}"}) as response:
            text = await response.text()
        for other in ("", token_of(*_key(stack, "upload")), token_of(_key(stack, STORE_WATCHER)[0], 5 * "guessed")):
            async with session.get(url, headers={"Authorization": f"Bearer {other}"}) as refused:
                assert refused.status == 403
    for name, labels in STORE_SERIES.items():
        (line,) = [each for each in text.splitlines() if each.startswith(name + "{")]
        assert re.match(KEPT, name)
        assert set(re.findall(r"(\w+)=", line)) == labels
        assert 'target_name="kafka"' in line
