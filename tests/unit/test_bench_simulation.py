"""The simulation of an upload's way: what must hold of any queue, and of the store's ticks."""

from __future__ import annotations

from dataclasses import replace
from statistics import mean

import pytest

from benchmarks.simulation.model import TICK_SECONDS, Costs, Plant, apart, keeps_up, knee, simulate

COSTS = Costs(
    ask_core=0.001,
    put_core=0.01,
    put_wait=0.005,
    told_core=0.003,
    told_wait=0.002,
    batch_core=0.01,
    batch_wait=0.01,
    record_core=0.0005,
)
"""Ten times those of a real machine, so that a run has a tenth of the uploads."""
SLOW_STORE = replace(COSTS, told_wait=0.1)


def test_where_nothing_is_busy_an_upload_waits_for_the_stores_tick_alone() -> None:
    found = simulate(COSTS, Plant(), rate=5, seconds=600)
    assert min(found.waits) < 0.1 * TICK_SECONDS
    assert mean(found.waits) == pytest.approx(TICK_SECONDS / 2, rel=0.1)
    assert max(found.waits) < 1.1 * TICK_SECONDS


def test_the_same_seed_is_the_same_run_and_another_is_another() -> None:
    runs = [simulate(COSTS, Plant(), 20, 10, seed).waits for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_all_that_was_put_is_decided_once_or_waits() -> None:
    found = simulate(COSTS, Plant(), 20, 30)
    assert found.put == pytest.approx(600, rel=0.2)
    assert 0 <= found.put - len(found.waits) <= 20 * 2 * TICK_SECONDS


def test_the_knee_is_where_the_cores_are_used_up_or_the_one_that_tells_waits_for_them() -> None:
    assert 0.6 < knee(COSTS, Plant()) * COSTS.upload_core / Plant().cores <= 1.02


def test_the_knee_is_where_the_store_tells_no_faster_though_cores_are_left() -> None:
    assert knee(SLOW_STORE, Plant()) == pytest.approx(1 / (SLOW_STORE.told_wait + SLOW_STORE.told_core), rel=0.15)


def test_above_the_knee_what_waits_piles_up_and_below_it_does_not() -> None:
    at = knee(SLOW_STORE, Plant())
    below, above = (simulate(SLOW_STORE, Plant(), part * at, 180) for part in (0.7, 2))
    assert keeps_up(below, 0.7 * at)
    assert not keeps_up(above, 2 * at)
    assert above.growth == pytest.approx(at, rel=0.3)


def test_more_stores_tell_more_and_more_ledgers_decide_more() -> None:
    slow_ledger = replace(COSTS, record_core=0.05)
    assert knee(SLOW_STORE, apart(Plant(), 4, 1)) > 3 * knee(SLOW_STORE, apart(Plant(), 1, 1))
    assert knee(slow_ledger, apart(Plant(), 4, 4)) > 2.5 * knee(slow_ledger, apart(Plant(), 4, 1))


def test_a_backlog_is_worked_off_in_full_batches() -> None:
    found = simulate(replace(COSTS, batch_core=0.4), Plant(), 30, 60)
    assert keeps_up(found, 30), "one decision at a time would take 12 cores"
