"""Accounts of others on the bus: they do what they were given, and are taken away again."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from aiokafka import AIOKafkaConsumer
from docuvault_contracts.cloudevents import Message, encode
from docuvault_contracts.events import UserRegistered

from deploy.local.credentials import keep_credentials, load_credentials, with_guests
from deploy.local.stack import Stack, StackSettings
from tests.stack.secure.accounts import GUESTS, Accounts
from tests.stack.secure.test_bus_accounts import why_not
from tests.stack.support.api import Api, Client
from tests.stack.support.waiting import eventually

LIMIT_BYTES = 12_345


def registration(user: UUID) -> Message:
    event = UserRegistered(user_id=user, limit_bytes=LIMIT_BYTES, registered_at=datetime.now(UTC))
    return encode(event, id=str(user), source="urn:idp", time=event.registered_at)


async def limit_of(user: Client) -> object:
    answer = await user.quota()
    return answer.body.get("limit_bytes")


async def test_an_identity_provider_says_who_there_is_and_a_team_reads_what_was_decided(
    accounts: Accounts, api: Api
) -> None:
    user = api.stranger()
    message = registration(user.user_id)
    async with accounts.producer("idp") as producer:
        await producer.send_and_wait(message.topic, message.value, message.key, headers=list(message.headers))
    await eventually(lambda: limit_of(user), becomes=LIMIT_BYTES)
    stored = await user.store(b"some text", "notes.txt")
    reached = accounts.reach("reports")
    async with AIOKafkaConsumer("quota", **reached, group_id="reports", auto_offset_reset="earliest") as consumer:
        async for record in consumer:
            if record.key == stored.document_id.encode():
                await consumer.commit()
                break


async def test_whoever_is_no_guest_any_more_has_no_password_and_no_account(stack: Stack, accounts: Accounts) -> None:
    before = load_credentials(stack.layout)
    remaining = {name: guest for name, guest in GUESTS.items() if name != "idp"}
    fewer = Stack(StackSettings(**{**stack.settings.model_dump(), "kafka_guests": remaining}))
    gone = keep_credentials(stack.layout, with_guests(before, remaining))
    try:
        await Accounts(fewer).settle(gone)
        assert "SaslAuthenticationFailed" in await why_not(accounts.reach("idp", credentials=before))
        async with accounts.producer("reports"):
            assert set(load_credentials(stack.layout).kafka_guests) == {"reports"}
    finally:
        again = keep_credentials(stack.layout, with_guests(gone, GUESTS))
        await accounts.settle(again)
    assert again.kafka_guests["reports"] == before.kafka_guests["reports"]
    async with accounts.producer("idp"):
        assert "SaslAuthenticationFailed" in await why_not(accounts.reach("idp", credentials=before))
