"""What `up` sets up in Kafka and MinIO, read back from them."""

from __future__ import annotations

import asyncio
import json
from io import BytesIO
from unittest.mock import Mock
from uuid import uuid4

import aiohttp
import argon2.low_level
import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError
from docuvault_contracts.topics import ALL, DOCUMENTS, STORAGE_EVENTS, Topic
from miniopy_async.api import Minio
from miniopy_async.credentials.providers import StaticProvider
from miniopy_async.minioadmin import MinioAdmin

from deploy.local import server_services
from deploy.local.credentials import load_credentials
from deploy.local.info import StackInfo
from deploy.local.setup_kafka import setup_kafka
from deploy.local.setup_minio import setup_minio
from deploy.local.stack import Stack


async def configuration(info: StackInfo, topic: Topic) -> dict[str, str]:
    admin = AIOKafkaAdminClient(**info.kafka)
    await admin.start()
    try:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name)])
    finally:
        await admin.close()
    ((_, _, _, _, entries),) = answer.resources
    return {name: value for name, value, *_ in entries}


async def partitions(info: StackInfo, topic: Topic) -> int:
    admin = AIOKafkaAdminClient(**info.kafka)
    await admin.start()
    try:
        (described,) = await admin.describe_topics([topic.name])
    finally:
        await admin.close()
    return len(described["partitions"])


@pytest.mark.embedded("Kafka's image has no archive of classes, which would be 61 MB more")
def test_kafka_starts_with_its_classes_read_and_linked_ahead(stack: Stack) -> None:
    command = psutil.Process(stack.status()["kafka"].pid).cmdline()
    assert any(word.startswith("-XX:AOTCache=") for word in command)
    assert "[aot" not in stack.layout.log("kafka").read_text(), "the JVM has nothing to say against them"


@pytest.mark.parametrize("topic", ALL, ids=lambda topic: topic.name)
async def test_a_topic_is_as_the_contracts_declare_it(info: StackInfo, topic: Topic) -> None:
    found = await configuration(info, topic)
    assert await partitions(info, topic) == topic.partitions
    assert found["retention.ms"] == str(topic.retention_ms)
    assert found["max.message.bytes"] == str(topic.max_message_bytes)
    assert found["cleanup.policy"] == "delete"


async def test_a_topic_that_was_changed_by_hand_is_put_right(stack: Stack, info: StackInfo) -> None:
    admin = AIOKafkaAdminClient(**info.kafka)
    await admin.start()
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, DOCUMENTS.name, {"retention.ms": "3600000"})])
    await admin.close()
    await setup_kafka(stack.info.kafka)
    assert (await configuration(info, DOCUMENTS))["retention.ms"] == str(DOCUMENTS.retention_ms)


async def test_nobody_makes_a_topic_by_writing_to_it(info: StackInfo) -> None:
    producer = AIOKafkaProducer(**info.kafka, request_timeout_ms=2000)
    await producer.start()
    try:
        with pytest.raises(KafkaError):
            await producer.send_and_wait("undeclared", b"hello")
    finally:
        await producer.stop()


@pytest.mark.timeout(60)
async def test_a_put_and_a_removal_reach_the_topic(info: StackInfo, client: aiohttp.ClientSession) -> None:
    key = f"notified-{uuid4()}"
    seen: list[str] = []
    consumer = AIOKafkaConsumer(STORAGE_EVENTS.name, **info.kafka)
    await consumer.start()
    try:
        await put_and_remove(info, client, key)
        async with asyncio.timeout(30):
            while len(seen) < 2:
                record = json.loads((await consumer.getone()).value)
                seen += [record["EventName"]] if record["Key"] == f"{info.bucket}/{key}" else []
    finally:
        await consumer.stop()
    assert seen == ["s3:ObjectCreated:Put", "s3:ObjectRemoved:Delete"]


async def put_and_remove(info: StackInfo, client: aiohttp.ClientSession, key: str) -> None:
    root = info.store_keys["root"]
    keys = StaticProvider(root.access_key, root.secret_key)
    store = Minio(info.minio_endpoint, credentials=keys, secure=False, region=info.minio_region, session=client)
    await store.put_object(info.bucket, key, BytesIO(b"bytes"), 5)
    await store.remove_object(info.bucket, key)


@pytest.mark.embedded("containers have their code in their images")
def test_the_services_code_is_hashed_once_an_up(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = Mock(wraps=server_services.code_version)
    monkeypatch.setattr(server_services, "code_version", hashed)
    stack.up()
    assert hashed.call_count == 1


async def test_users_of_the_store_that_are_as_they_should_be_cost_no_key_derivation(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    derived = Mock(wraps=argon2.low_level.hash_secret_raw)
    monkeypatch.setattr("miniopy_async.crypto.hash_secret_raw", derived)
    await setup_minio(stack.settings.minio_port, load_credentials(stack.layout))
    assert derived.call_count == 1, "that of the list of all users"


@pytest.mark.parametrize("how", ["user_disable", "user_remove", "user_add"])
async def test_a_user_of_the_store_that_was_spoilt_by_hand_is_put_right(
    stack: Stack, info: StackInfo, client: aiohttp.ClientSession, how: str
) -> None:
    root, key = info.store_keys["root"], info.store_keys["audit"].access_key
    provider = StaticProvider(root.access_key, root.secret_key)
    admin = MinioAdmin(info.minio_endpoint, provider, region=info.minio_region, secure=False, session=client)
    await getattr(admin, how)(key, *(["another-secret"] if how == "user_add" else []))
    await setup_minio(stack.settings.minio_port, load_credentials(stack.layout))
    audit = StaticProvider(key, info.store_keys["audit"].secret_key)
    store = Minio(info.minio_endpoint, credentials=audit, secure=False, region=info.minio_region, session=client)
    assert await store.bucket_exists(info.bucket)


PREFLIGHT = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}


async def preflight(info: StackInfo, client: aiohttp.ClientSession, origin: str) -> str | None:
    """The origin that MinIO's answer to a browser's preflight allows."""
    url = f"{info.minio_url}/{info.bucket}/any/key.pdf"
    async with client.options(url, headers={**PREFLIGHT, "Origin": origin}) as answer:
        return answer.headers.get("Access-Control-Allow-Origin")


async def test_a_page_of_the_configured_origin_may_put(info: StackInfo, client: aiohttp.ClientSession) -> None:
    (origin,) = info.cors_origins
    assert await preflight(info, client, origin) == origin


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost", "http://localhost:8081"])
async def test_a_page_of_another_origin_may_not(info: StackInfo, client: aiohttp.ClientSession, origin: str) -> None:
    assert await preflight(info, client, origin) is None
