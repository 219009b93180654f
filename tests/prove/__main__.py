"""`make prove`: many histories against the real ledger. Exits with 1, and the shortest history there is, on a fault."""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path

from hypothesis import seed
from hypothesis.stateful import run_state_machine_as_test

from deploy.local.console import say
from tests.prove.bench import Tally, open_bench
from tests.prove.machine import LedgerMachine
from tests.prove.profiles import EXAMPLES, thorough
from tests.prove.server import postgres_alone


def main() -> None:
    """Runs the examples and says what they did."""
    asked = _arguments()
    number = random.SystemRandom().randrange(2**32) if asked.seed is None else asked.seed
    say(f"{asked.examples} examples, SEED={number}")
    with tempfile.TemporaryDirectory(prefix="docuvault-prove-") as folder, postgres_alone(Path(folder)) as server:
        start = time.monotonic()
        with open_bench(server) as bench:
            LedgerMachine.bench = bench
            try:
                run_state_machine_as_test(seed(number)(LedgerMachine), settings=thorough(asked.examples))
            finally:
                _report(bench.tally, number, time.monotonic() - start)
    say("the ledger ended every one of them as the model did, and the audit of all of them is clean")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="prove", description=__doc__)
    parser.add_argument("--examples", type=_number, default=EXAMPLES, help=f"how many histories, default {EXAMPLES}")
    parser.add_argument("--seed", type=_seed, help="which ones; default: others each time")
    return parser.parse_args()


def _number(text: str) -> int:
    return int(text) if text else EXAMPLES


def _seed(text: str) -> int | None:
    return int(text) if text else None


def _report(tally: Tally, number: int, seconds: float) -> None:
    say(f"{tally.examples} examples, {tally.steps} steps, {tally.records} records, seed {number}, {seconds:.0f} s")
    for event, times in sorted(tally.said.items()):
        say(f"  {times:8} {event}")


if __name__ == "__main__":
    main()
