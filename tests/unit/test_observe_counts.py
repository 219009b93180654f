"""What is counted is what happened: once, by the outcome it had, and for decisions from the store's own time on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Self
from uuid import UUID

import pytest
from docuvault_contracts.events import FiledTopic

from services.chassis.errors import Transient
from services.chassis.metrics import REGISTRY
from services.chassis.storage_metrics import measured
from services.chassis.storage_parts import UploadNotFoundError
from services.classifier.by_mode import ByMode
from services.classifier.filing import Filed, Mode, NotFiled, Owner, Wishes
from services.classifier.reading import Text
from services.quota.metrics import KINDS, count_decisions, show_drift
from services.upload.decide import Confirmed, NotUploaded, Undecided, Unknown
from services.upload.metrics import OUTCOMES, measure_confirm
from tests.unit.quota_facts import rejected, reserved

DELAY = "docuvault_ledger_decision_delay_seconds"
DECISIONS = "docuvault_ledger_decisions_total"


def shown(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


class Gain:
    """By how much a sample grows inside."""

    def __init__(self, name: str, **labels: str) -> None:
        self._look: Callable[[], float] = lambda: shown(name, **labels)

    def __enter__(self) -> Self:
        self._before = self._look()
        return self

    def __exit__(self, *_: object) -> None:
        self.by = self._look() - self._before


def test_decisions_are_counted_by_outcome_and_reason() -> None:
    with (
        Gain(DECISIONS, outcome="reserved", reason="") as held,
        Gain(DECISIONS, outcome="rejected", reason="over_quota") as refused,
    ):
        count_decisions([reserved(), reserved(), rejected()], datetime.now(UTC))
    assert (held.by, refused.by) == (2, 1)


def test_the_delay_of_a_decision_is_from_the_objects_own_time_to_the_commit() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    ns = int(at.timestamp() * 1e9)
    late, in_time = reserved(at=ns - 11 * 10**9), reserved(at=ns - 9 * 10**9)
    ahead = reserved(at=ns + 10**9)
    with Gain(f"{DELAY}_count") as all_of_them, Gain(f"{DELAY}_bucket", le="10.0") as within:
        count_decisions([late, in_time, ahead], at)
    assert (all_of_them.by, within.by) == (3, 2)


def test_bytes_that_went_have_no_delay() -> None:
    released = SimpleNamespace(state="released", reason="object_removed", observed_ns=0)
    with Gain(f"{DELAY}_count") as counted:
        count_decisions([released], datetime.now(UTC))  # type: ignore[list-item]
    assert counted.by == 0


def test_each_kind_of_decision_is_shown_before_there_is_one() -> None:
    assert all(
        REGISTRY.get_sample_value(DECISIONS, {"outcome": kind, "reason": why}) is not None for kind, why in KINDS
    )


@pytest.mark.parametrize(
    ("result", "left"), [({"found": 1, "repaired": 5, "refused": 2}, 3), ({"repaired": 4}, 0), ({"found": "x"}, 0)]
)
def test_drift_is_what_is_left_of_it(result: Mapping[str, object], left: int) -> None:
    show_drift(result)
    assert shown("docuvault_ledger_drifting_accounts") == left


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "ok"),
        (Transient("away"), "transient"),
        (UploadNotFoundError("x"), "refused"),
        (ZeroDivisionError(), "error"),
        (asyncio.CancelledError(), "error"),
    ],
)
def test_a_call_to_the_store_is_counted_by_what_came_of_it(error: BaseException | None, outcome: str) -> None:
    def call() -> None:
        with measured("GetObject"):
            if error is not None:
                raise error

    with Gain("docuvault_storage_call_seconds_count", operation="GetObject", outcome=outcome) as counted:
        if error is None:
            call()
        else:
            with pytest.raises(type(error)):
                call()
    assert counted.by == 1


@pytest.mark.parametrize("answer", [Confirmed(UUID(int=1), 1, 1), Undecided(UUID(int=1)), NotUploaded(), Unknown()])
def test_a_confirm_is_counted_by_its_answer(answer: Any) -> None:
    with Gain("docuvault_confirm_wait_seconds_count", outcome=OUTCOMES[type(answer)]) as counted:
        measure_confirm(answer, 0.1)
    assert counted.by == 1


class _Says:
    def __init__(self, outcome: Filed | NotFiled | Exception) -> None:
        self._outcome = outcome

    async def file(self, text: Text, owner: Owner) -> Filed | NotFiled:  # noqa: ARG002 - as the protocol has it
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (Filed((FiledTopic(topic_id=UUID(int=1), name="A", score=0.5, reason="so"),)), "filed"),
        (Filed(()), "none"),
        (NotFiled("nonsense"), "refused"),
        (Transient("away"), "transient"),
        (ZeroDivisionError(), "bug"),
    ],
    ids=["filed", "none", "refused", "transient", "bug"],
)
async def test_filing_is_counted_by_mode_and_outcome(said: Filed | NotFiled | Exception, outcome: str) -> None:
    owner = Owner(UUID(int=1), (), Wishes(Mode.KEYWORDS, 0.5, 3))
    filer = ByMode({Mode.KEYWORDS: _Says(said)})
    with Gain("docuvault_classifier_filings_total", mode="keywords", outcome=outcome) as counted:
        if isinstance(said, Exception):
            with pytest.raises(type(said)):
                await filer.file(Text("t", "text/plain"), owner)
        else:
            await filer.file(Text("t", "text/plain"), owner)
    assert counted.by == 1
