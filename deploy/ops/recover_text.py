"""A recovery as it is asked for, and as it is told."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from deploy.ops.output import say
from deploy.ops.recover import Recovered, Wish
from deploy.ops.times import duration, point_in_time


def wish_of(options: argparse.Namespace) -> Wish:
    """Raises StackError for what is no time."""
    now = datetime.now(UTC)
    return Wish(point_in_time(options.since, now), duration(options.margin), options.dry_run, options.incomplete)


def as_data(done: Recovered, wish: Wish) -> Mapping[str, object]:
    """For programs."""
    return {
        "dry_run": wish.dry_run,
        "since": done.since.isoformat(),
        "ledger": asdict(done.ledger),
        "documents": {**asdict(done.documents), "nameless": done.nameless},
        "heard_again": {
            group: [asdict(move) | {"again": move.again} for move in moves] for group, moves in done.moves.items()
        },
    }


def tell(done: Recovered, wish: Wish) -> None:
    """For people."""
    history, rows = done.ledger, done.documents
    if wish.dry_run:
        say("A dry run: what follows was taken back")
    say(f"since      {done.since.isoformat(timespec='seconds')}")
    say(f"ledger     {history.decisions} decisions about {history.keys} keys brought back")
    say(f"           {history.accounts} accounts opened, {history.limits} limits changed")
    if history.missing:
        say(f"           {history.missing} decisions could not be placed: they will be made anew")
    say(f"documents  {rows.documents} brought back, {rows.tombstones} deleted again")
    if done.nameless:
        say(f"           {done.nameless} more of which only the bytes are known: it failed before they were told")
    for group, moves in done.moves.items():
        say(f"group      {group} will hear {sum(move.again for move in moves)} records again")
    say("Now start the services; when they have caught up, `make audit` is clean, or `make audit FIX=1` heals the rest")
