"""Each account of Kafka is good for what its service does, or others were given it for, and for nothing else."""

from __future__ import annotations

import pytest
from aiokafka.admin import NewTopic
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.structs import TopicPartition
from docuvault_contracts import topics

from services.chassis.group_offsets import committed
from tests.stack.secure.accounts import ALLOWED, Accounts

EVERY = frozenset(topic.name for topic in topics.ALL)
CLUSTER_AUTHORIZATION_FAILED, TOPIC_AUTHORIZATION_FAILED = 31, 29

pytestmark = pytest.mark.parametrize("account", ALLOWED)


async def test_it_writes_to_nobody_elses_topic(accounts: Accounts, account: str) -> None:
    async with accounts.producer(account) as producer:
        for topic in EVERY - ALLOWED[account].writes:
            with pytest.raises(TopicAuthorizationFailedError):
                await producer.send_and_wait(topic, b"{}", b"a forgery")


async def test_it_reads_nothing_that_is_not_for_it(accounts: Accounts, account: str) -> None:
    async with accounts.admin(account) as admin:
        asked = FetchRequest(100, 1, 1, 0, [(topic, [(0, 0, 1)]) for topic in EVERY])
        answer = await admin._send_request(asked)  # noqa: SLF001 - a consumer waits for what it may not see
    codes = {topic: code for topic, ((_, code, *_),) in answer.topics}
    refused = {topic for topic, code in codes.items() if code == TOPIC_AUTHORIZATION_FAILED}
    assert set(codes) == EVERY
    assert refused == EVERY - ALLOWED[account].reads


async def test_it_moves_no_other_groups_offsets_and_looks_at_none_but_the_janitor(
    accounts: Accounts, account: str
) -> None:
    access = ALLOWED[account]
    for group in set(topics.GROUPS) - access.joins:
        async with accounts.consumer(account, group) as consumer:
            consumer.assign([partition := TopicPartition("quota", 0)])
            with pytest.raises(GroupAuthorizationFailedError):
                await consumer.commit({partition: 0})
    async with accounts.admin(account) as admin:
        for group in topics.GROUPS:
            if group in access.joins | access.watches:
                await committed(admin, group)
            else:
                with pytest.raises(GroupAuthorizationFailedError):
                    await committed(admin, group)


async def test_it_makes_widens_and_deletes_no_topic_and_changes_no_configuration(
    accounts: Accounts, account: str
) -> None:
    async with accounts.admin(account) as admin:
        made = await admin.create_topics([NewTopic("mine", 1, 1)])
        gone = await admin.delete_topics(sorted(EVERY))
    assert [code for _, code, *_ in made.topic_errors] == [TOPIC_AUTHORIZATION_FAILED]
    assert {code for _, code in gone.topic_error_codes} == {TOPIC_AUTHORIZATION_FAILED}


async def test_it_sees_only_topics_that_it_has_to_do_with(accounts: Accounts, account: str) -> None:
    access = ALLOWED[account]
    async with accounts.admin(account) as admin:
        assert set(await admin.list_topics()) == access.writes | access.reads | access.describes
