"""The ledger beside its model, a few histories of it: `make prove` runs thousands."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.prove.bench import Bench, open_bench
from tests.prove.machine import LedgerMachine
from tests.prove.profiles import FAST
from tests.prove.server import postgres_alone


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with postgres_alone(tmp_path_factory.mktemp("prove")) as server, open_bench(server) as found:
        yield found


def test_the_ledger_ends_every_history_as_the_model_does(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LedgerMachine, "bench", bench, raising=False)
    run_state_machine_as_test(LedgerMachine, settings=FAST)
    assert bench.tally.examples >= FAST.max_examples
    assert {each.partition("(")[0] for each in bench.tally.said} == {
        "quota.reserved",
        "quota.rejected",
        "quota.released",
    }
