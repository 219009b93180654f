"""`python -m tests.mutants [--only PART]`: applies deliberate faults, one by one, and proves that tests kill each."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from tests.mutants.catalogue import CatalogueError, Mutant, chosen, load
from tests.mutants.proving import Verdict, copy_of, prove, run

CHECKOUT = Path(__file__).parents[2]


def main() -> int:
    """0 where every mutant was killed by a test; 1 otherwise, naming those that were not."""
    parser = argparse.ArgumentParser(prog="mutants", description="Applies faults by name; tests must kill each one.")
    parser.add_argument("--only", default="", help="part of a mutant's name or of its file's; default all")
    parser.add_argument("--list", action="store_true", help="only list them")
    arguments = parser.parse_args()
    mutants = chosen(load(), arguments.only)
    if arguments.list:
        for mutant in mutants:
            _say(f"{mutant.name}: {mutant.fault}")
        return 0
    return _prove_all(mutants)


def _prove_all(mutants: tuple[Mutant, ...]) -> int:
    if not _sound(mutants):
        return 1
    alive = [mutant.name for mutant in mutants if not _prove_one(mutant)]
    _say(f"{len(mutants) - len(alive)} of {len(mutants)} mutants killed")
    if alive:
        _say(f"mutants: not killed: {', '.join(alive)}")
    return 1 if alive else 0


def _sound(mutants: tuple[Mutant, ...]) -> bool:
    """Whether the tests pass where nothing is broken: else a failure would prove nothing."""
    tests = sorted({test for mutant in mutants for test in mutant.killed_by})
    with copy_of(CHECKOUT) as copy:
        verdict = run(copy, tests)
    if verdict.outcome != "survived":
        _say(verdict.output)
        _say(f"mutants: {verdict.by or 'the tests'} failed on the code as it is")
        return False
    _say(f"without a fault: all tests passed ({verdict.seconds:.0f} s)")
    return True


def _prove_one(mutant: Mutant) -> bool:
    verdict: Verdict = prove(CHECKOUT, mutant)
    how = f" by {verdict.by}" if verdict.outcome == "killed" else ""
    _say(f"{verdict.outcome:8}  {mutant.name}: {mutant.fault}{how} ({verdict.seconds:.0f} s)")
    if verdict.outcome == "broken":
        _say(verdict.output)
    return verdict.outcome == "killed"


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a command's output


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except CatalogueError as error:
        sys.exit(f"mutants: {error}")
    except KeyboardInterrupt:
        sys.exit("mutants: interrupted")
