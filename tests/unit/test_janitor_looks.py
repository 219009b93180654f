"""When an upload is looked up in the store, and what the look comes to: the second half of the janitor's table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from services.janitor import decide
from services.janitor.decide import Due, Fact, Finding, Known, State, find, next_look
from tests.unit.janitor_facts import (
    DELETED,
    DOCUMENT,
    DUE,
    KEY,
    MINUTE,
    NOW,
    PATIENCE,
    UNKNOWN,
    USER,
    rejected,
    released,
    requested,
    reserved,
)

HOUR = 60 * MINUTE


def learn(*facts: Fact, known: Known = UNKNOWN) -> Known:
    return decide.learn_all(known, facts, PATIENCE)


def due(version: int = 0, now: timedelta = HOUR) -> Due:
    return Due(KEY, DOCUMENT, USER, version, NOW, NOW + 15 * MINUTE, DUE, NOW + now)


def test_an_upload_is_looked_up_once_it_is_old_enough() -> None:
    known = learn(requested())
    assert (known.state, known.look_at) == (State.KEEP, NOW + HOUR)
    assert (known.requested_at, known.expires_at) == (NOW, NOW + 15 * MINUTE)


def test_an_upload_whose_url_lives_longer_than_that_is_looked_up_a_grace_after_the_url() -> None:
    assert learn(requested(minutes=90)).look_at == NOW + 105 * MINUTE


@pytest.mark.parametrize("fact", [reserved(1), rejected(1), released(1), DELETED])
def test_what_is_decided_or_deleted_is_not_looked_up_in_either_order(fact: Fact) -> None:
    for facts in permutations([requested(), fact]):
        known = learn(*facts)
        assert known.look_at is None
        assert known.requested_at == NOW


def test_a_request_that_comes_again_is_no_news() -> None:
    known = learn(requested())
    assert learn(requested(), known=known) is known
    abandoned = replace(known, look_at=None, abandoned_at=DUE)
    assert learn(requested(), known=abandoned) is abandoned


@pytest.mark.parametrize("facts", [[], [reserved(1)], [rejected(1)], [released(1)]])
def test_a_reminder_is_looked_up_at_once_whatever_is_known_but_a_deletion(facts: Sequence[Fact]) -> None:
    reminder = requested(reminded=2 * HOUR)
    assert learn(requested(), *facts, reminder).look_at == (NOW + 2 * HOUR if facts else DUE)
    assert learn(*facts, reminder).look_at == NOW + 2 * HOUR
    assert learn(DELETED, *facts, reminder).look_at is None


def test_a_reminder_that_comes_again_is_no_news_while_it_waits() -> None:
    known = learn(requested(), reserved(1), requested(reminded=2 * HOUR))
    assert learn(requested(reminded=2 * HOUR), known=known) is known


def test_a_reminder_is_answered_by_the_decision_that_had_been_missed() -> None:
    assert learn(requested(), requested(reminded=2 * HOUR), reserved(1)).look_at is None


def test_bytes_that_come_after_all_end_the_abandonment() -> None:
    abandoned = replace(learn(requested()), look_at=None, abandoned_at=DUE)
    assert learn(reserved(1), known=abandoned).abandoned_at is None
    assert learn(DELETED, known=abandoned).abandoned_at is None


def test_bytes_that_nobody_decided_are_observed_and_looked_up_again_in_the_next_sweep() -> None:
    assert find(due(), present=True, patience=PATIENCE) is Finding.OBSERVED
    again = next_look(due(), Finding.OBSERVED, PATIENCE)
    assert again is not None
    assert due().now < again < due().now + PATIENCE.every


def test_an_upload_without_bytes_is_abandoned_and_not_looked_up_again() -> None:
    assert find(due(), present=False, patience=PATIENCE) is Finding.ABANDONED
    assert next_look(due(), Finding.ABANDONED, PATIENCE) is None


def test_a_url_that_may_live_is_never_taken_for_dead_however_early_the_look() -> None:
    """A reminder by a clock that is ahead, say."""
    early = due(now=HOUR - MINUTE)
    assert find(early, present=False, patience=PATIENCE) is Finding.TOO_EARLY
    assert next_look(early, Finding.TOO_EARLY, PATIENCE) == DUE


def test_what_was_decided_is_asked_about_once_whatever_the_store_holds() -> None:
    for present, finding in (True, Finding.OBSERVED), (False, Finding.MISSING):
        assert find(due(version=2, now=timedelta(0)), present=present, patience=PATIENCE) is finding
        assert next_look(due(version=2), finding, PATIENCE) is None
