"""What an event does to a document's row: each event on each state, in any order, and during a classification."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classifier.decide import Fact, concerns, conclude, counts, learn, learn_all, told_after
from services.classifier.filing import Filed, NotFiled
from services.classifier.model import Known, Result, State
from services.classifier.reading import Unreadable
from services.classifier.words import REASONS
from tests.unit.classifier_facts import (
    CORRECTED,
    DEAD,
    DELETED,
    FILED,
    GONE,
    IN_LINE,
    NOW,
    OTHER,
    STORED,
    TICK,
    TOPIC,
    UNKNOWN,
    claimed,
    rejected,
    released,
    reserved,
    standing,
    topic,
    wished,
)

ALL = [UNKNOWN, STORED, IN_LINE, CORRECTED, GONE]
NEWS: list[Fact] = [
    reserved(4), reserved(4, "f"), rejected(4), released(4), released(4, "document_deleted"), DELETED, wished(9),
]  # fmt: skip
FACTS: list[Fact] = [
    reserved(1), reserved(2, "f"), reserved(3), reserved(4, "f"), rejected(3), rejected(5), released(4), released(6),
    wished(1), wished(2), DELETED,
]  # fmt: skip


def heard(*facts: Fact, known: Known = UNKNOWN) -> Known:
    return learn_all(known, [(fact, None) for fact in facts])


@pytest.mark.parametrize("known", ALL)
def test_a_newer_reservation_puts_it_in_line(known: Known) -> None:
    after = learn(known, reserved(4, "f"), "trace")
    assert (after.state, after.version, after.etag, after.size_bytes) == (State.STORED, 4, "f", 5)
    assert after.waits
    assert after.enters
    assert after.forgets
    assert (after.round, after.traceparent, after.corrected) == (known.round + 1, "trace", False)


@pytest.mark.parametrize("known", [STORED, IN_LINE, CORRECTED])
def test_a_newer_word_on_the_same_bytes_forgets_nothing_of_them(known: Known) -> None:
    after = learn(known, reserved(4))
    assert (after.version, after.round, after.waits, after.enters) == (4, known.round + 1, True, True)
    assert (after.forgets, after.corrected) == (False, known.corrected)


@pytest.mark.parametrize("known", ALL)
@pytest.mark.parametrize("fact", [rejected(4), released(4)])
def test_a_newer_refusal_or_release_takes_it_out_of_line_and_forgets_it(known: Known, fact: Fact) -> None:
    after = learn(known, fact)
    assert (after.state, after.version, after.etag, after.size_bytes) == (State.GONE, 4, None, 0)
    assert after.forgets
    assert not after.waits
    assert not after.enters
    assert not after.corrected
    assert after.round > known.round


@pytest.mark.parametrize("known", ALL)
@pytest.mark.parametrize("fact", [DELETED, released(4, "document_deleted")])
def test_a_deletion_is_for_good(known: Known, fact: Fact) -> None:
    after = learn(known, fact)
    assert (after.state, after.forgets, after.waits, after.enters) == (State.DELETED, True, False, False)
    for later in NEWS:
        assert learn(after, later) is after


@pytest.mark.parametrize("fact", NEWS)
def test_what_is_deleted_stays_as_it_is(fact: Fact) -> None:
    assert learn(DEAD, fact) is DEAD


@pytest.mark.parametrize("known", [STORED, IN_LINE, CORRECTED, GONE])
@pytest.mark.parametrize("fact", [reserved(3), reserved(2, "f"), rejected(3), released(3), released(1)])
def test_a_decision_that_is_not_newer_is_no_news(known: Known, fact: Fact) -> None:
    assert learn(known, fact) is known


@pytest.mark.parametrize("known", [STORED, IN_LINE, CORRECTED])
def test_a_wish_puts_it_in_line_and_a_correction_no_longer_holds(known: Known) -> None:
    after = learn(known, wished(9), "trace")
    assert (after.waits, after.enters, after.round, after.corrected) == (True, True, known.round + 1, False)
    assert (after.forgets, after.version, after.traceparent) == (False, 3, "trace")
    assert learn(after, wished(9)) is after
    assert learn(after, wished(8)) is after


def test_a_wish_from_before_a_correction_does_not_undo_it() -> None:
    assert learn(CORRECTED, wished(-1)) is CORRECTED


@pytest.mark.parametrize("known", [UNKNOWN, GONE])
def test_a_wish_about_what_has_no_bytes_is_remembered(known: Known) -> None:
    after = learn(known, wished(9))
    assert after == replace(known, asked_at=NOW + timedelta(seconds=9))
    assert learn(after, reserved(4, "f")).waits


def test_a_document_that_enters_and_goes_in_one_batch_is_not_put_in_line() -> None:
    after = heard(reserved(1), released(2))
    assert (after.state, after.waits, after.enters, after.forgets) == (State.GONE, False, False, True)


def test_a_document_that_goes_and_comes_in_one_batch_is_in_line_and_forgotten() -> None:
    after = heard(released(4), reserved(5), known=CORRECTED)
    assert (after.state, after.waits, after.enters, after.forgets) == (State.STORED, True, True, True)


def test_another_key_that_names_the_documents_id_does_not_concern_it() -> None:
    assert concerns(UNKNOWN, reserved(1))
    assert not concerns(UNKNOWN, reserved(1).model_copy(update={"object_key": "another"}))
    assert not concerns(UNKNOWN, reserved(1).model_copy(update={"user_id": OTHER}))


@given(st.lists(st.sampled_from(FACTS), max_size=8))
def test_a_redelivery_of_all_that_was_heard_changes_nothing(facts: list[Fact]) -> None:
    once = heard(*facts)
    assert all(learn(once, fact) is once for fact in facts)


@given(st.sets(st.sampled_from([reserved(1), reserved(2, "f"), rejected(3), wished(1), DELETED]), max_size=4))
def test_whatever_the_order_it_ends_in_the_same_state(facts: set[Fact]) -> None:
    ends = [heard(*order) for order in permutations(facts)]
    assert len({(end.state, end.etag, end.waits) for end in ends}) == 1


@given(st.sampled_from(ALL), st.sampled_from(FACTS))
def test_rounds_and_versions_never_fall(known: Known, fact: Fact) -> None:
    after = learn(known, fact)
    assert after.round >= known.round
    assert after.version >= known.version
    assert not after.waits or after.state is State.STORED


def test_a_result_counts_where_nothing_was_heard_meanwhile() -> None:
    assert counts(standing(IN_LINE), claimed(IN_LINE))


@pytest.mark.parametrize("fact", NEWS)
def test_the_older_result_never_wins(fact: Fact) -> None:
    """Whatever is heard during a classification: overwritten, refused, released, deleted, wished anew."""
    after = learn(IN_LINE, fact)
    assert conclude(standing(after), claimed(IN_LINE), FILED, [TOPIC]) is None


def test_of_two_results_of_one_claim_the_second_is_dropped() -> None:
    assert conclude(standing(STORED), claimed(IN_LINE), FILED, [TOPIC]) is None


@pytest.mark.parametrize("fact", [reserved(3), reserved(1, "old"), released(2), rejected(3)])
def test_old_news_during_a_classification_does_not_outdate_it(fact: Fact) -> None:
    assert counts(standing(learn(IN_LINE, fact)), claimed(IN_LINE))


def test_a_text_is_filed_under_those_topics_that_there_still_are() -> None:
    result = replace(FILED, what=Filed((topic(), topic(OTHER))))
    found = conclude(standing(IN_LINE), claimed(IN_LINE), result, [OTHER])
    assert found is not None
    assert (found.outcome, found.topics, found.text, found.failed) == ("filed", (topic(OTHER),), None, False)
    assert (found.media_type, found.language) == ("application/pdf", "en")


@pytest.mark.parametrize(("had_topics", "outcome"), [(True, "nothing_fits"), (False, "no_topics")])
def test_filed_under_nothing_says_why(outcome: str, *, had_topics: bool) -> None:
    found = conclude(standing(IN_LINE), claimed(IN_LINE), Result(Filed(()), had_topics=had_topics), [])
    assert found is not None
    assert (found.outcome, found.topics, found.failed) == (outcome, (), False)
    assert found.text


@pytest.mark.parametrize("why", Unreadable)
def test_each_way_of_being_unreadable_has_a_reason_for_a_person(why: Unreadable) -> None:
    found = conclude(standing(IN_LINE), claimed(IN_LINE), Result(why, "image/png", mismatch=True), [])
    assert found is not None
    assert (found.outcome, found.text, found.failed) == (why.value, REASONS[why], True)
    assert (found.media_type, found.mismatch) == ("image/png", True)


def test_a_model_that_said_nothing_of_use_fails_it_with_its_reason() -> None:
    found = conclude(standing(IN_LINE), claimed(IN_LINE), Result(NotFiled("no JSON")), [])
    assert found is not None
    assert (found.outcome, found.text, found.failed) == ("model_failed", "no JSON", True)


@pytest.mark.parametrize("result", [FILED, Result(Unreadable.EMPTY), Result(NotFiled("no JSON"))])
def test_what_its_owner_filed_stays_whatever_came_of_it(result: Result) -> None:
    known = replace(CORRECTED, waits=True)
    found = conclude(standing(known, NOW - TICK, topic(OTHER)), claimed(known), result, [TOPIC])
    assert found is not None
    assert (found.outcome, found.topics, found.failed) == ("corrected", (topic(OTHER),), False)


def test_the_time_of_what_is_said_grows_strictly_whatever_the_clock_does() -> None:
    assert told_after(None, NOW) == NOW
    assert told_after(NOW - TICK, NOW) == NOW
    assert told_after(NOW, NOW) == NOW + TICK
    assert told_after(NOW + timedelta(hours=1), NOW) == NOW + timedelta(hours=1) + TICK
