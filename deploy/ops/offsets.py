"""Where the consumer groups stand, and how one of them is moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from aiokafka import TopicPartition

from deploy.local.errors import StackError
from deploy.local.info import StackInfo
from deploy.ops import groups
from deploy.ops.audit_servers import READERS
from deploy.ops.groups import Group
from deploy.ops.kafka import Kafka, open_kafka
from deploy.ops.moves import Move, moves_to

Place = Literal["earliest", "latest"] | datetime


@dataclass(frozen=True, slots=True)
class Wish:
    """Which groups, which of their topics (all where none is named), and where to; None only shows."""

    groups: Sequence[str]
    topics: Sequence[str]
    place: Place | None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved, and who is in the group (a dry run tells it, too)."""

    group: Group
    moves: Sequence[Move]


async def show(info: StackInfo, wish: Wish) -> Sequence[Group]:
    """The groups as they stand. Raises StackError."""
    async with open_kafka(info.kafka) as kafka:
        return [await _look(kafka, name, wish.topics) for name in wish.groups]


async def move(info: StackInfo, wish: Wish) -> Moved:
    """Moves the one group that is named. Raises StackError where it has members, and then nothing is moved."""
    async with open_kafka(info.kafka) as kafka:
        group = await _look(kafka, wish.groups[0], wish.topics)
        if group.members:
            raise StackError(
                f"group {group.name} has {group.members} members, who would commit over it: stop the service first "
                "(make down, then SERVICES=false make up)"
            )
        moves = moves_to(group.standings, await _wanted(kafka, group, wish.place))
        if moves and not wish.dry_run:
            await groups.move(info.kafka, group.name, {each.at: each.after for each in moves})
        return Moved(group, moves)


async def _wanted(kafka: Kafka, group: Group, place: Place | None) -> Mapping[TopicPartition, int]:
    if isinstance(place, datetime):
        return await groups.at_time(kafka, group.standings, int(place.timestamp() * 1000))
    return {each.at: each.first if place == "earliest" else each.end for each in group.standings}


async def _look(kafka: Kafka, name: str, names: Sequence[str]) -> Group:
    if unread := set(names) - {topic.name for topic in READERS[name]}:
        raise StackError(f"group {name} does not read {', '.join(sorted(unread))}")
    group = await groups.look(kafka, name)
    return replace(group, standings=[each for each in group.standings if not names or each.topic in names])
