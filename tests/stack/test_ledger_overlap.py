"""A batch is handled before the one ahead of it is published: what a crash in between leaves, a replay says in full."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID

import pytest

from services.chassis.delivery import Delivery
from services.quota.model import Absent, Fact
from tests.stack.quota_ledger import Replica, deleted, delivery, messages, observed, open_ledgers

HISTORIES = 20
FACTS = 60


@pytest.fixture
async def replica(stack: Any) -> AsyncIterator[Replica]:
    async with open_ledgers(stack.info.databases["quota"], 1) as found:
        yield found[0]


def history(user: UUID, chance: Random) -> list[Delivery[Fact]]:
    """Facts about few keys, so that one is decided many times, with repetitions and old news."""
    keys, facts = [observed(user, 10) for _ in range(4)], list[Fact]()
    for number in range(FACTS):
        like = chance.choice(keys)
        at = chance.choice([100 + number, 100 + number // 2, 50])
        choices: list[Fact] = [
            observed(user, chance.randrange(40), chance.choice("ab"), at, like),
            observed(user, chance.randrange(40), f"e{number}", at, like),
            Absent(like.object_key, like.document_id, user, at),
            *([deleted(like)] if number > FACTS // 2 else []),
        ]
        facts.append(chance.choice(choices))
    return [delivery(fact) for fact in facts]


def batches(found: Sequence[Delivery[Fact]], chance: Random) -> list[Sequence[Delivery[Fact]]]:
    cuts = sorted({0, len(found), *(chance.randrange(len(found)) for _ in range(8))})
    return [found[start:end] for start, end in pairwise(cuts)]


async def test_batches_that_were_handled_and_not_said_say_the_same_when_they_are_replayed(replica: Replica) -> None:
    for seed in range(HISTORIES):
        chance = Random(seed)  # noqa: S311 - the same histories each time
        user = await replica.account(limit=60)
        found = history(user, chance)
        parts = batches(found, chance)
        said = [messages(await replica.settle(part)) for part in parts]  # each handled before the one ahead was said
        used = await replica.used(user)
        for first in range(len(parts)):  # the process died; the offsets are at the first that was not said
            again = [messages(await replica.settle(part)) for part in parts[first:]]
            assert again == said[first:], f"seed {seed}, from batch {first}"
        other = [message for part in batches(found, chance) for message in messages(await replica.settle(part))]
        assert other == [message for part in said for message in part], f"seed {seed}, cut otherwise"
        assert await replica.used(user) == used
