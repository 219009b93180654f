"""What the ledger tells of accounts and their limits, through the outbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from docuvault_contracts.cloudevents import decode
from docuvault_contracts.events import LimitChanged

from services.quota.model import Registered
from tests.stack.quota_ledger import Replica, delivery, observed, open_ledgers


@pytest.fixture
async def replica(stack: Any) -> AsyncIterator[Replica]:
    async with open_ledgers(stack.info.databases["quota"], 1) as found:
        yield found[0]


def told(replica: Replica) -> list[tuple[str, int, int]]:
    """Id, used and limit of each change that was told."""
    envelopes = [decode(message.headers, message.value) for message in replica.outbox.added]
    return [
        (each.id, each.event.used_bytes, each.event.limit_bytes)
        for each in envelopes
        if isinstance(each.event, LimitChanged)
    ]


async def test_a_new_account_is_told_once_however_often_its_user_is_registered(replica: Replica) -> None:
    registration = delivery(Registered(uuid4(), 100))
    await replica.settle([registration])
    await replica.settle([registration, delivery(Registered(registration.event.user_id, 7))])
    assert [change[1:] for change in told(replica)] == [(0, 100)]
    assert replica.outbox.woken.is_set()


async def test_each_change_of_a_limit_is_told_under_an_id_of_its_own_and_the_same_value_is_none(
    replica: Replica,
) -> None:
    user = uuid4()
    await replica.accounts.set_limit(user, 100)
    await replica.settle([delivery(observed(user, 40))])
    for limit in (100, 50, 50, 100):
        await replica.accounts.set_limit(user, limit)
    assert [change[1:] for change in told(replica)] == [(0, 100), (40, 50), (40, 100)]
    assert len({change[0] for change in told(replica)}) == 3
    assert replica.outbox.woken.is_set()


async def test_a_batch_that_opens_nothing_wakes_nobody(replica: Replica) -> None:
    user = await replica.account(limit=100)
    replica.outbox.woken.clear()
    await replica.settle([delivery(observed(user, 1))])
    await replica.accounts.set_limit(user, 100)
    assert not replica.outbox.woken.is_set()
