"""`make faults`: breaks stacks at random under load, and holds each to what its clients were told.

Exit 0 where all held, 1 where something did not: then the faults that broke it are told, as few of them as a few more
runs could find, with the command that runs them again; logs stay.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from deploy.local.console import say
from tests.campaign.catalogue import CASES
from tests.campaign.room import enter_room
from tests.campaign.runner import Outcome, run_chapter
from tests.campaign.schedule import Drawn, Round, chapters, draw, faults_of, only
from tests.campaign.shrink import shrink

FAULTS = 100
CHAPTER = 50
"""Faults of one stack: more would be more than one can look through where they break something."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the chapters, one after the other, up to the first in which something is wrong."""
    options = _parser().parse_args(arguments)
    enter_room()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background job is born without
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))  # which takes the stack down, too
    logging.getLogger().addHandler(logging.NullHandler())  # else the drivers' own laments go to stderr
    seed = str(random.SystemRandom().randrange(2**32)) if options.seed is None else options.seed
    rounds = draw(seed, options.faults, CASES)
    told = chapters(rounds, CHAPTER)
    say(f"{options.faults} faults in {len(told)} chapters, SEED={seed}")
    for number, chapter in enumerate(told, 1):
        if options.chapter in {None, number} and not _holds(options, seed, number, chapter):
            return 1
    say("whatever was broken, all that clients were told is true")
    return 0


def _holds(options: argparse.Namespace, seed: str, number: int, chapter: list[Round]) -> bool:
    kept = only(chapter, options.only) if options.only else chapter
    if not kept:
        return True
    say(f"chapter {number}: {len(faults_of(kept))} faults")
    outcome = _run(options, f"{seed}/{number}", kept)
    if not outcome.wrong:
        say(f"chapter {number} holds: {outcome.told}")
        return True
    _tell(outcome)
    again = f"make faults N={options.faults} SEED={seed} CHAPTER={number}"
    least = faults_of(kept) if not options.shrink else _shrunk(options, f"{seed}/{number}", kept)
    say(f"again: {again} ONLY={','.join(str(each.number) for each in least)}")
    return False


def _shrunk(options: argparse.Namespace, seed: str, chapter: list[Round]) -> Sequence[Drawn]:
    """The fewest faults that broke it again; all of them where it never broke again."""

    async def breaks(faults: Sequence[Drawn]) -> bool:
        numbers = {each.number for each in faults}
        outcome = await run_chapter(seed, only(chapter, numbers), _folder(options), lambda _: None)
        say(f"- with {', '.join(map(str, faults))}: {'breaks' if outcome.wrong else 'holds'}")
        return bool(outcome.wrong)

    say(f"shrinking, in at most {options.shrink} runs:")
    found = asyncio.run(shrink(faults_of(chapter), breaks, options.shrink))
    enough = "" if found.least else ", and no more"
    say(f"broken by {', '.join(map(str, found.left))} (after {found.runs} more runs{enough})")
    return found.left


def _run(options: argparse.Namespace, seed: str, rounds: list[Round]) -> Outcome:
    return asyncio.run(run_chapter(seed, rounds, _folder(options), say, keep=options.keep))


def _folder(options: argparse.Namespace) -> Path:
    logs = options.logs.absolute()  # services know nothing of the folder that we are in
    logs.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="faults-", dir=logs))


def _tell(outcome: Outcome) -> None:
    say("this does not hold:")
    for each in outcome.wrong:
        say(f"- {each}")
    say("the faults, in seconds of the load:")
    for happened in outcome.happened:
        say(str(happened))
    say(f"{outcome.told}; logs: {outcome.logs}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__, epilog="N, SEED, … are the long options.")
    parser.add_argument("--faults", type=_number, default=FAULTS, help=f"how many faults, default {FAULTS}")
    parser.add_argument("--seed", type=lambda text: text or None, help="which ones; default: others each time")
    parser.add_argument("--chapter", type=lambda text: int(text) if text else None, help="this chapter alone")
    parser.add_argument("--only", type=_numbers, default=frozenset(), help="these faults alone, by number, with commas")
    parser.add_argument("--shrink", type=lambda text: int(text or 8), default=8, help="most runs to find the fewest; 8")
    parser.add_argument("--logs", type=Path, default=Path("build/faults"), help="where logs stay; default build/faults")
    parser.add_argument("--keep", action="store_true", help="logs stay where all holds, too")
    return parser


def _number(text: str) -> int:
    return int(text) if text else FAULTS


def _numbers(text: str) -> frozenset[int]:
    return frozenset(int(each) for each in text.split(",") if each)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("interrupted; the stack is down")
        sys.exit(130)
