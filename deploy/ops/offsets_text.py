"""Offsets as they are asked for, and as they are told."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import cast

from deploy.local.errors import StackError
from deploy.ops.audit_servers import READERS
from deploy.ops.groups import Group, Standing
from deploy.ops.moves import Move
from deploy.ops.offsets import Moved, Place, Wish
from deploy.ops.output import say, say_json
from deploy.ops.times import point_in_time

AGAIN = "heard again: safe, every effect is idempotent"
SKIPPED = "SKIPPED: what they told heals by reminders, sweep and reconciliation, but for user.registered"


def wish_of(options: argparse.Namespace) -> Wish:
    """Raises StackError for what is no group, no topic of it, or no place."""
    if options.group and options.group not in READERS:
        raise StackError(f"there is no group {options.group!r}; there are {', '.join(READERS)}")
    if options.to and not options.group:
        raise StackError("say which group is to be moved: --group")
    names = [options.group] if options.group else [*READERS]
    return Wish(names, options.topic, _place(options.to), options.dry_run)


def _place(text: str) -> Place | None:
    if text in {"earliest", "latest"}:
        return cast("Place", text)
    return point_in_time(text, datetime.now(UTC)) if text else None


def tell(found: Sequence[Group], *, as_json: bool) -> None:
    """Where groups stand."""
    if as_json:
        say_json({"groups": [_data(group) for group in found]})
        return
    for group in found:
        say(f"{group.name}: {group.members} members, {sum(each.lag for each in group.standings)} records to read")
        for line in _table(group.standings):
            say(line)


def _data(group: Group) -> dict[str, object]:
    partitions = [asdict(each) | {"lag": each.lag} for each in group.standings]
    return {
        "group": group.name,
        "members": group.members,
        "lag": sum(each.lag for each in group.standings),
        "partitions": partitions,
    }


def _table(standings: Sequence[Standing]) -> Iterator[str]:
    yield f"  {'topic':<16} {'partition':>9} {'first':>12} {'committed':>12} {'end':>12} {'lag':>12}"
    for each in standings:
        committed = "none" if each.committed is None else each.committed
        yield (f"  {each.topic:<16} {each.partition:>9} {each.first:>12} {committed:>12} {each.end:>12} {each.lag:>12}")


def tell_moved(moved: Moved, wish: Wish, *, as_json: bool) -> None:
    """What was moved, and what that means."""
    again, skipped = sum(each.again for each in moved.moves), sum(each.skipped for each in moved.moves)
    if as_json:
        moves = [asdict(each) | {"again": each.again, "skipped": each.skipped} for each in moved.moves]
        found = {"group": moved.group.name, "dry_run": wish.dry_run, "again": again, "skipped": skipped, "moves": moves}
        say_json(found)
        return
    for line in _moves(moved.moves):
        say(line)
    said = [f"{count} records {meaning}" for count, meaning in ((again, AGAIN), (skipped, SKIPPED)) if count]
    would = "would be " if wish.dry_run else ""
    say(f"{moved.group.name}: {len(moved.moves)} partitions {would}moved")
    for words in said:
        say(f"{would}{words}")


def _moves(moves: Sequence[Move]) -> Iterator[str]:
    for each in moves:
        before = "none" if each.before is None else each.before
        yield f"  {each.topic:<16} {each.partition:>9}  {before} -> {each.after}"
