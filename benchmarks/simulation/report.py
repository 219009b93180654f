"""What was predicted beside what was seen: JSON, a plot, and the tables of docs/scaling.md."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.marked import put_between
from benchmarks.percentiles import percentile
from benchmarks.simulation.model import TICK_SECONDS, Costs, Outcome, Plant, apart, keeps_up, knee, simulate
from benchmarks.svg import Panel, panels

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "scaling.md"
PICTURE = "![From PUT to decision, predicted and measured](simulation.svg)"
STEPS = {
    "a PUT: store": "put_core",
    "a PUT: client": "ask_core",
    "telling Kafka of it: store and Kafka": "told_core",
    "a decision, of each batch: ledger, PostgreSQL, Kafka": "batch_core",
    "a decision, of each record": "record_core",
}
WAITS = {"a PUT": "put_wait", "telling": "told_wait", "a batch": "batch_wait"}


@dataclass(frozen=True, slots=True)
class Seen:
    """Of one load: seconds from PUT to decision, p50 and p99, and whether what waited did not pile up."""

    rate: float
    p50: float
    p99: float
    keeps_up: bool


def seen(rate: float, outcome: Outcome) -> Seen:
    """What is kept of a run; infinite where nothing was decided."""
    waits = outcome.waits or [float("inf")]
    return Seen(rate, percentile(waits, 0.5), percentile(waits, 0.99), keeps_up(outcome, rate))


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same loads by the model and on the servers, and the knee that the model said before."""

    costs: Costs
    knee: float
    predicted: Sequence[Seen]
    measured: Sequence[Seen]

    @property
    def knee_seen(self) -> tuple[float, float]:
        """The most of the loads that the servers kept up with, and the least that they did not (infinite: none)."""
        above = min((each.rate for each in self.measured if not each.keeps_up), default=float("inf"))
        return max((each.rate for each in self.measured if each.keeps_up and each.rate < above), default=0.0), above


def write(found: Comparison, folder: Path | None) -> None:
    """All of it into the repository's own places, or JSON and plot into a folder."""
    build, docs = (folder, folder) if folder else (ROOT / "build", ROOT / "docs")
    build.mkdir(parents=True, exist_ok=True)
    (build / "simulation.json").write_text(json.dumps(asdict(found), indent=2) + "\n")
    (docs / "simulation.svg").write_text(plot(found))
    if folder is None:
        page = PAGE.read_text()
        for name, text in (
            ("costs", costs(found.costs)),
            ("knee", f"{PICTURE}\n\n{loads(found)}"),
            ("apart", plants(found.costs)),
        ):
            page = put_between(page, f"simulation-{name}", text)
        PAGE.write_text(page)


def plot(found: Comparison) -> str:
    """p50 and p99 over the load."""
    curves = {"predicted": found.predicted, "measured": found.measured}
    return panels(
        "From PUT to decision, predicted and measured",
        [
            Panel(f"{name}, seconds, over uploads a second", {by: _curve(each, name) for by, each in curves.items()})
            for name in ("p50", "p99")
        ],
    )


def _curve(loads: Sequence[Seen], name: str) -> list[tuple[float, float]]:
    return [(each.rate, getattr(each, name)) for each in loads]


def costs(found: Costs) -> str:
    """The steps' costs."""
    cores = [f"| {title} | {getattr(found, name) * 1e6:,.0f} | |" for title, name in STEPS.items()]
    waits = [f"| {title} | | {getattr(found, name) * 1e3:.2f} |" for title, name in WAITS.items()]
    return "\n".join(("| step | µs of a core | ms without one |", "| --- | ---: | ---: |", *cores, *waits))


def loads(found: Comparison) -> str:
    """The loads, and what came of them."""
    head = (
        "| uploads a second | p50 predicted, s | p50 measured | p99 predicted, s | p99 measured | keeps up: predicted "
        "| measured |\n| ---: | ---: | ---: | ---: | ---: | --- | --- |"
    )
    rows = [
        f"| {said.rate:,.0f} | {said.p50:.1f} | {was.p50:.1f} | {said.p99:.1f} | {was.p99:.1f} "
        f"| {'yes' if said.keeps_up else 'no'} | {'yes' if was.keeps_up else 'no'} |"
        for said, was in zip(found.predicted, found.measured, strict=True)
    ]
    low, high = found.knee_seen
    word = (
        f"The knee was predicted at {found.knee:,.0f} uploads a second, from the steps alone; the servers kept up with "
        f"{low:,.0f}" + (f" and not with {high:,.0f}." if high < float("inf") else ", the most that was tried.")
    )
    return "\n".join((head, *rows, "", word))


PLANTS = ((1, 1), (1, 2), (2, 1), (2, 2), (4, 1))


def plants(found: Costs, cores: int = 2) -> str:
    """The knee with machines of their own for so many stores and ledgers."""
    head = "| stores | ledgers | knee, uploads a second | p50 at half of it, s |\n| ---: | ---: | ---: | ---: |"
    rows = []
    for stores, ledgers in PLANTS:
        plant = apart(Plant(cores=cores), stores, ledgers)
        at = knee(found, plant, 9 * TICK_SECONDS, 6)
        half = seen(at / 2, simulate(found, plant, at / 2, 30.0))
        rows.append(f"| {stores} | {ledgers} | {at:,.0f} | {half.p50:.1f} |")
    return "\n".join((head, *rows))
