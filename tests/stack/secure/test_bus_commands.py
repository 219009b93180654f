"""What operators do, on a stack whose Kafka wants to know who they are; and its accounts change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from uuid import UUID, uuid4

import pytest
from aiokafka.errors import TopicAuthorizationFailedError
from docuvault_contracts.cloudevents import Message, encode
from docuvault_contracts.events import UserRegistered
from docuvault_contracts.topics import CHANGES

from deploy.access import ACCOUNTS
from deploy.local.credentials import Credentials, load_credentials
from deploy.local.kafka_reach import as_settings
from deploy.local.rotation import advanced
from deploy.local.stack import Stack
from deploy.ops.explain_push import publish
from services.chassis.delivery import Record
from services.chassis.producer import open_producer
from services.chassis.settings import KafkaSettings
from tests.stack.secure.accounts import Accounts
from tests.stack.secure.test_bus_accounts import why_not
from tests.stack.support.api import Api
from tests.stack.support.console import bury, dead, docuvault


def registration(user: UUID) -> Message:
    event = UserRegistered(user_id=user, limit_bytes=None, registered_at=datetime.now(UTC))
    return encode(event, id=str(user), source="urn:docuvault:test", time=event.registered_at)


async def test_each_command_reaches_kafka(stack: Stack, api: Api) -> None:
    user = await api.user()
    stored = await user.store(b"some text", "notes.txt")
    for arguments in (
        ("status",),
        ("token", "--user", str(uuid4()), "--role", "user", "--provision", "1"),
        ("explain", "--doc", stored.document_id),
        ("explain", "--user", str(user.user_id)),
        ("offsets",),
        ("sweep",),
        ("audit",),
    ):
        ran = await docuvault(stack, *arguments)
        assert ran.code == 0, (arguments, ran)


async def test_a_dead_letter_is_listed_shown_and_replayed(stack: Stack) -> None:
    message = registration(uuid4())
    record = Record(message.topic, 0, 0, message.key, message.value, tuple(message.headers), 0)
    [letter] = await bury(stack, "quota", dead(record))
    assert letter in (await docuvault(stack, "dlq", "list", "--each")).out
    assert (await docuvault(stack, "dlq", "show", letter)).code == 0
    replayed = await docuvault(stack, "dlq", "replay", letter)
    assert (replayed.code, replayed.lines[-1]) == (0, "1 replayed and read"), replayed
    assert letter not in (await docuvault(stack, "dlq", "list", "--each")).out


async def test_what_heals_speaks_as_its_operator(stack: Stack) -> None:
    await publish(stack.info.kafka, registration(uuid4()))
    async with open_producer(KafkaSettings(**as_settings(stack.info.kafka_environment))) as producer:
        await producer.publish([registration(uuid4())])


async def test_while_accounts_are_changed_both_are_good_and_then_the_old_ones_are_worth_nothing(
    stack: Stack, accounts: Accounts
) -> None:
    """As Kafka sees it, without the services; open connections of the old ones end with their rights."""
    first = load_credentials(stack.layout)
    known = advanced(first, "kafka", 0, 0)
    assert known is not None
    used = advanced(known, "kafka", 0, 0)
    assert used is not None
    try:
        async with accounts.producer("upload") as producer:
            await producer.send_and_wait(CHANGES.name, b"", partition=0)
            for credentials in (known, used):
                await accounts.settle(credentials)
                await assert_good(accounts, first, used)
            await accounts.settle(replace(used, rotations={}))
            with pytest.raises(TopicAuthorizationFailedError):
                await producer.send_and_wait(CHANGES.name, b"", partition=0)
        assert "SaslAuthenticationFailed" in await why_not(accounts.reach("upload", credentials=first))
        await assert_good(accounts, used)
    finally:
        await accounts.settle()


async def assert_good(accounts: Accounts, *known: Credentials) -> None:
    """Each account is let in, and may do what it could; the hint that is no hint is nobody's."""
    for account, credentials in product(ACCOUNTS, known):
        async with accounts.producer(account, credentials=credentials) as producer:
            if account == "upload":
                await producer.send_and_wait(CHANGES.name, b"", partition=0)
