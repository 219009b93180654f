"""Each state of an upload is told from the others, with what it waits for and what moves it on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from deploy.ops.audit_servers import OPTIONAL, READERS
from deploy.ops.dlq.letters import Place
from deploy.ops.explain_heals import REFUSALS
from deploy.ops.explain_model import Facts, Job
from deploy.ops.explain_rules import AT_REST, IN_ORDER, READABLE_BY, UNTOLD, judge
from deploy.ops.explain_states import Push, State
from tests.unit.explain_examples import BY_OWNER, LOST, REFUSED, STATES
from tests.unit.explain_facts import (
    DOCUMENT,
    KEY,
    NOW,
    READ,
    TIMING,
    USER,
    after,
    at,
    decision,
    document,
    facts,
    group,
    heard,
    kafka,
    letter,
    stored,
    waiting,
)


@pytest.mark.parametrize(("state", "found"), [each[1:] for each in STATES], ids=[each[0] for each in STATES])
def test_each_state_is_told_from_the_others(state: State, found: Facts) -> None:
    assert judge(found, TIMING).state is state


def test_every_state_is_shown_by_an_example() -> None:
    assert {state for _, state, _ in STATES} == set(State)


@pytest.mark.parametrize(("state", "found"), [each[1:] for each in STATES], ids=[each[0] for each in STATES])
def test_every_verdict_says_what_moves_it_on_or_that_nothing_has_to(state: State, found: Facts) -> None:
    verdict = judge(found, TIMING)
    assert verdict.what
    assert (verdict.push is None) == (verdict.refusal is not None)
    assert verdict.command or state in IN_ORDER
    if state in AT_REST:
        assert (verdict.command, verdict.heals, verdict.push) == (None, None, None)


def test_every_state_that_may_have_nothing_to_say_has_a_reason_to_refuse() -> None:
    pushed = {judge(found, TIMING).state for _, _, found in STATES if judge(found, TIMING).push is not None}
    assert set(State) <= pushed | set(REFUSALS)


PUSHES = {
    "its notification is lost": Push.OBSERVED,
    "the URL was used again": Push.OBSERVED,
    "reserved unheard": Push.OBSERVED,
    "refused unheard, and removed": Push.MISSING,
    "refused, the janitor knows": Push.OBSERVED,
    "refused, the janitor does not know": Push.OBSERVED,
    "the object is gone": Push.MISSING,
    "deleted unheard": Push.DELETED,
    "the janitor knows nothing of it": Push.REMIND,
    "the sweep gave it up unheard": Push.REMIND,
    "not understood": Push.OBSERVED,
    "put just now": Push.OBSERVED,
}


@pytest.mark.parametrize(("name", "push"), PUSHES.items())
def test_what_closes_a_gap_is_said(name: str, push: Push) -> None:
    (found,) = (each for each_name, _, each in STATES if each_name == name)
    assert judge(found, TIMING).push is push


@pytest.mark.parametrize(
    "name",
    [
        "undecided without an account",  # it would be refused for good
        "paid for without a document",  # it would be charged and never shown
        "undecided without a document",
        "the ledger knows nothing",  # it would be charged twice
        "a key of somebody else's",
        "in line",
        "nobody decides",
        "halted",
        "no time to read",
        "the sweep did not come",
    ],
)
def test_what_is_not_safe_is_refused(name: str) -> None:
    (found,) = (each for each_name, _, each in STATES if each_name == name)
    verdict = judge(found, TIMING)
    assert verdict.push is None
    assert verdict.refusal


def test_a_refusal_tells_the_numbers() -> None:
    found = facts(document=REFUSED, decisions=(decision("rejected"),), stored=None)
    assert "5 bytes did not fit, with 95 of 97 bytes in use" in judge(found, TIMING).what


def test_what_waits_in_line_tells_how_many_go_before_it() -> None:
    found = replace(LOST, kafka=kafka(heard("Put", offset=1102), quota=group("quota", members=2, lag=2000)))
    assert "read by 2 processes: 1,002 records go before it" in judge(found, TIMING).what


@pytest.mark.parametrize(
    "passed",
    [
        heard("Put", offset=99),  # committed
        heard("upload.requested", "documents", 120),  # nothing that the ledger acts on
        heard("object.removed", "storage.janitor", 120),
        heard("quota.reserved", "quota", 120),  # another group's
    ],
)
def test_what_the_group_has_passed_or_passes_over_is_not_in_line(passed: object) -> None:
    assert judge(replace(LOST, kafka=kafka(passed)), TIMING).state is State.UNDECIDED  # type: ignore[arg-type]


def test_a_deletion_that_was_lost_does_not_wait_for_other_news_of_its_key() -> None:
    behind = group("quota", lag=50)
    lost = facts(document=BY_OWNER, kafka=kafka(heard("Put", offset=120), quota=behind))
    assert judge(lost, TIMING).state is State.DELETION_UNHEARD
    waits = facts(document=BY_OWNER, kafka=kafka(heard("document.deleted", "documents", 120), quota=behind))
    assert judge(waits, TIMING).state is State.IN_LINE


def test_a_decision_that_was_lost_does_not_wait_for_notifications_that_are_not_answered() -> None:
    behind = group("quota", lag=50)
    origin = heard("Put", offset=120)
    lost = facts(document=document("pending"), kafka=kafka(origin, quota=behind))
    assert judge(lost, TIMING).state is State.DECISION_UNHEARD
    replayed = replace(lost, decisions=(decision(origin=origin.place),))
    assert judge(replayed, TIMING).state is State.IN_LINE


def test_what_cannot_be_read_may_be_what_is_waited_for() -> None:
    found = replace(LOST, kafka=kafka(heard("unreadable", "documents", 120)))
    assert judge(found, TIMING).state is State.IN_LINE


def test_a_record_in_line_for_one_group_is_named_before_another_group_that_is_down() -> None:
    waits = kafka(
        heard("quota.reserved", "quota", 120), quota=group("quota", members=0), upload=group("upload", lag=20)
    )
    verdict = judge(facts(document=document("pending"), kafka=waits), TIMING)
    assert verdict.state is State.IN_LINE
    assert "waits for upload" in verdict.what


def test_dead_letters_of_a_group_whose_turn_it_is_not_are_no_reason() -> None:
    assert judge(replace(LOST, kafka=kafka(dead=(letter("janitor"),))), TIMING).state is State.UNDECIDED
    assert judge(facts(kafka=kafka(dead=(letter("quota"),))), TIMING).state is State.SETTLED


def test_a_dead_letter_that_somebody_dealt_with_is_no_reason() -> None:
    done = replace(letter("quota"), done="discarded by somebody")
    assert judge(replace(LOST, kafka=kafka(dead=(done,))), TIMING).state is State.UNDECIDED
    left = replace(letter("quota"), place=Place("dlq.quota", 0, 9))
    both = judge(replace(LOST, kafka=kafka(dead=(done, left))), TIMING)
    assert both.command == "docuvault dlq replay quota/0/9"


def test_records_that_were_not_read_do_not_matter_to_a_group_that_has_read_all() -> None:
    assert judge(replace(LOST, kafka=kafka(open_unread=500)), TIMING).state is State.UNDECIDED


def test_what_was_decided_after_the_look_at_kafka_is_under_way() -> None:
    found = facts(document=document("pending"), decisions=(decision(decided_at=NOW + timedelta(seconds=2)),))
    verdict = judge(found, TIMING)
    assert (verdict.state, verdict.push) == (State.UNDER_WAY, Push.OBSERVED)


def test_a_document_that_rests_rests_also_where_kafka_is_away() -> None:
    assert judge(facts(kafka=None, away={"kafka": "no route"}), TIMING).state is State.SETTLED


def test_the_sweeps_time_is_told() -> None:
    verdict = judge(at(after(minutes=20), waiting(sweep=Job(after(minutes=70)))), TIMING)
    assert "takes it at 2026-01-01 13:10:00.000Z" in verdict.what
    assert verdict.command == "docuvault sweep"


def test_a_lost_notification_tells_when_the_sweep_decides_it() -> None:
    heals = judge(at(after(minutes=20), waiting(stored=stored(), sweep=Job(after(minutes=40)))), TIMING).heals
    assert heals == "the sweep tells the ledger what is stored, at 2026-01-01 13:00:00.000Z"


def test_commands_name_the_document_or_its_key_as_one_word_of_a_shell() -> None:
    assert judge(LOST, TIMING).command == f"docuvault explain --doc {DOCUMENT} --fix"
    hostile = f"{KEY[:-4]}.a'; rm -rf x"
    gone = replace(facts(document=None, stored=None), key=hostile)
    command = judge(gone, TIMING).command
    assert command == f"docuvault explain --key '{KEY[:-4]}.a'\"'\"'; rm -rf x' --fix"


def test_commands_name_the_user_the_group_and_the_dead_letter() -> None:
    assert judge(waiting(stored=stored(), account=None), TIMING).command == f"make -s token USER={USER}"
    dead = judge(replace(LOST, kafka=kafka(dead=(letter("quota"),))), TIMING)
    assert dead.command == "docuvault dlq replay quota/0/3"
    lost = judge(facts(document=None), TIMING)
    assert lost.command == "docuvault recover --since 2026-01-01T12:01:00+00:00 --dry-run"


def test_the_groups_of_the_rules_are_those_of_the_services() -> None:
    assert set(READABLE_BY) == set(READERS) == set(READ) | OPTIONAL


def test_what_could_not_be_told_is_not_in_order() -> None:
    assert not UNTOLD & IN_ORDER
