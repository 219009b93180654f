"""How much is measured: the defaults are those of `make bench`, a test takes a hundredth."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

LEAST_ROUNDS = 5
JSON = Path(__file__).parents[1] / "build" / "bench.json"


@dataclass(frozen=True, slots=True)
class Options:
    """Sizes and times of the loads."""

    rounds: int = LEAST_ROUNDS
    records: int = 40_000
    """Notifications that a consumer works off in one reading."""
    seconds: float = 4.0
    """One reading under a load of requests, once it is warm."""
    warm_seconds: float = 1.0
    ceiling_seconds: float = 60.0
    """PUTs at the store's ceiling, in which the lag must not grow."""
    outage_seconds: float = 15.0
    """How long Kafka is away; 600 is the nightly form."""
    soak_minutes: float = 10.0
    """How long memory is watched."""
    objects: int = 100_000
    """Objects in the bucket that is audited; a twentieth of them is removed in one reading."""
    uploads: int = 100_000
    """Uploads that nobody ever put, and that the sweep looks up."""
    papers: int = 60
    """Documents that are classified in one reading; each takes a core half a second."""
    rows: int = 10**7
    """Reservations of the large ledger."""
    profile: bool = False
    """Whether to look where the time goes, into build/bench-report/."""

    @property
    def in_full(self) -> bool:
        """Whether nothing is smaller or shorter than by default, nor watched: then the result may stand in docs/."""
        numbers = [(getattr(self, each.name), each.default) for each in fields(self) if each.name != "profile"]
        return not self.profile and all(asked >= default for asked, default in numbers)


DEFAULTS = Options()


def parse(arguments: list[str] | None = None) -> tuple[Namespace, Options]:
    """What the command line says: for the frame (only, strict, output), and for the lines. Exits where it errs."""
    parser = ArgumentParser(prog="benchmarks", description="Measures speed beside floors.")
    parser.add_argument("--only", default="", help="part of a line's name; default all lines")
    parser.add_argument("--output", type=Path, default=JSON, help="the JSON file; default build/bench.json")
    parser.add_argument("--strict", action="store_true", help="a missed goal is a failure, too: exit 2")
    parser.add_argument("--profile", action="store_true", help="where the time goes, into build/bench-report/")
    for each in fields(Options):
        if each.name != "profile":
            name = "--" + each.name.replace("_", "-")
            parser.add_argument(
                name,
                type=_positive(type(getattr(DEFAULTS, each.name))),
                default=each.default,
                help=f"default {each.default:,}",
            )
    found = parser.parse_args(arguments)
    return found, Options(**{each.name: getattr(found, each.name) for each in fields(Options)})


def _positive(kind: type[float]) -> Callable[[str], float]:
    """A number above 0, as argparse reads it; its name is what argparse says of one that is none."""

    def read(text: str) -> float:
        number = kind(text)
        if not number > 0:
            raise ValueError(text)
        return number

    read.__name__ = f"number above 0 ({kind.__name__})"
    return read
