"""From measurements to the model's numbers, and from its runs to what is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.errors import BenchError
from benchmarks.simulation.calibrate import Batch, costs_of, gap_of
from benchmarks.simulation.load import Run
from benchmarks.simulation.model import Costs, Outcome
from benchmarks.simulation.report import Comparison, Seen, loads, plot, seen, write

COSTS = Costs(0.0001, 0.001, 0.0005, 0.0003, 0.0002, 0.001, 0.001, 0.00005)


def run(**cores: float) -> Run:
    """A load of 100 PUTs, answered in 2 ms each."""
    return Run(50, Outcome(2, put=100), cores, [0.002] * 100)


def test_each_cost_is_what_one_measurement_has_beyond_the_other() -> None:
    silently, told = run(minio=0.1, kafka=0.0, load=0.02), run(minio=0.12, kafka=0.01, load=0.02)
    found = costs_of(silently, told, 0.0008, Batch(4, 0.0012, 0.003), Batch(500, 0.026, 0.02))
    assert found.put_core == pytest.approx(0.001)
    assert found.ask_core == pytest.approx(0.0002)
    assert found.put_wait == pytest.approx(0.002 - 0.0012)
    assert (found.told_core, found.told_wait) == pytest.approx((0.0003, 0.0005))
    assert (found.record_core, found.batch_core) == pytest.approx((0.00005, 0.001))
    assert found.batch_wait == pytest.approx(0.003 - 0.0012)


def test_what_noise_makes_negative_costs_nothing() -> None:
    quick = run(minio=0.3, kafka=0.0, load=0.02)
    found = costs_of(quick, run(minio=0.1, kafka=0.0, load=0.0), 0.0, Batch(4, 0.03, 0.01), Batch(500, 0.01, 0.02))
    assert (found.put_wait, found.told_core, found.told_wait, found.record_core) == (0, 0, 0, 0)


def test_the_time_for_one_is_taken_from_those_told_in_a_row_not_from_the_pause_between_looks() -> None:
    rows = [start + each for start in (0, 3000, 6000) for each in range(0, 100, 2)]
    assert gap_of(rows) == pytest.approx(0.002)


def test_a_store_that_does_not_tell_in_rows_is_not_measured() -> None:
    with pytest.raises(BenchError, match="of 10 records 0 followed another"):
        gap_of(range(0, 10_000, 1000))


@pytest.mark.parametrize(
    ("kept", "word"),
    [
        ((True, True, False), "kept up with 20 and not with 30."),
        ((True, False, True), "kept up with 10 and not with 20."),
        ((True, True, True), "kept up with 30, the most that was tried."),
        ((False, False, False), "kept up with 0 and not with 10."),
    ],
)
def test_the_knee_that_was_seen_is_before_the_first_load_that_piled_up(kept: tuple[bool, ...], word: str) -> None:
    measured = [Seen(rate, 1.5, 3.0, each) for rate, each in zip((10, 20, 30), kept, strict=True)]
    assert word in loads(Comparison(COSTS, 25, measured, measured))


def test_what_is_written_elsewhere_leaves_the_documentation_alone(tmp_path: Path) -> None:
    some = [seen(rate, Outcome(9, [1.0, 2.0], behind=[1, 1, 1], asked=2, put=2)) for rate in (10.0, 20.0)]
    found = Comparison(COSTS, 25, some, some)
    write(found, tmp_path)
    assert json.loads((tmp_path / "simulation.json").read_text())["knee"] == 25
    assert (tmp_path / "simulation.svg").read_text() == plot(found)
