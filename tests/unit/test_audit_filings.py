"""The audit holds what is shown of a document to what the classifier knows of it, and says again what was missed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from docuvault_contracts.events import ClassificationFailed, Classified
from docuvault_contracts.keys import parse_key

from deploy.ops.audit_filings import is_unheard, wrong_filing
from deploy.ops.audit_heal_filings import word_of_row
from deploy.ops.audit_heal_rules import Word, sayings
from deploy.ops.audit_model import Account, Check, Document, Filing, Holding, Reservation, StoredObject
from deploy.ops.audit_rules import Auditor
from services.classifier.model import MODEL_FAILED
from services.classifier.words import NOTES, REASONS
from tests.unit.test_audit_rules import HOUR, USER, key

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)
NAME = key(3)
DOCUMENT = Document(NAME, "d", "classified", 10, "e", 9 * HOUR, version=2, verdict_at=AT, topics="t")
FILING = Filing(NAME, "stored", 2, told_at=AT, topics="t")
WHOLE = Holding(
    NAME,
    reservation=Reservation(NAME, "reserved", 10, "e", version=2),
    document=DOCUMENT,
    stored=StoredObject(NAME, 10, "e"),
    filing=FILING,
)
UPLOADED = replace(DOCUMENT, status="uploaded", verdict_at=None, topics=None)
GONE = Holding(
    NAME,
    reservation=Reservation(NAME, "released", 0, "e", version=3),
    document=replace(UPLOADED, status="deleted", reason="document_deleted", version=3),
)
AGREE = [
    WHOLE,
    replace(WHOLE, document=UPLOADED, filing=replace(FILING, told_at=None, topics=None)),
    replace(WHOLE, document=UPLOADED, filing=replace(FILING, waits=True)),
    replace(WHOLE, document=UPLOADED, filing=replace(FILING, is_off=True)),
    GONE,
    replace(GONE, filing=Filing(NAME, "deleted", 3)),
    replace(GONE, document=replace(UPLOADED, status="pending"), filing=Filing(NAME, "gone", 1)),
    Holding(NAME, filing=Filing(NAME, "deleted", 3)),
]
UNHEARD_OF_IT = [
    replace(WHOLE, document=UPLOADED),
    replace(WHOLE, document=replace(DOCUMENT, verdict_at=AT.replace(microsecond=0))),
    replace(WHOLE, document=replace(DOCUMENT, topics="others")),
]
IT_HAS_NOT_HEARD = [
    (replace(WHOLE, filing=None), Word.PRESENT),
    (replace(WHOLE, filing=Filing(NAME, "gone", 2)), Word.PRESENT),
    (replace(WHOLE, filing=replace(FILING, version=1)), Word.PRESENT),
    (replace(GONE, filing=FILING), Word.ABSENT),
    (replace(GONE, reservation=None, filing=FILING), Word.DELETED),
]


def said(holding: Holding) -> list[tuple[Check, Word]]:
    auditor = Auditor(HOUR, classifies=True)
    auditor.see(Holding(USER, account=Account(USER, 10, 100)))
    auditor.see(holding)
    return [(each.difference.check, each.word) for each in sayings(auditor.report().differences, 100)]


@pytest.mark.parametrize("holding", AGREE)
def test_where_both_know_the_same_nothing_differs(holding: Holding) -> None:
    assert wrong_filing(holding) is None
    assert not is_unheard(holding)


@pytest.mark.parametrize("holding", UNHEARD_OF_IT)
def test_a_word_of_the_classifier_that_its_document_missed_is_said_once_more(holding: Holding) -> None:
    assert is_unheard(holding)
    assert said(holding) == [(Check.CLASSIFIED, Word.FILED)]


@pytest.mark.parametrize(("holding", "word"), IT_HAS_NOT_HEARD)
def test_what_the_classifier_missed_is_heard_when_the_ledger_says_it_again(holding: Holding, word: Word) -> None:
    assert not is_unheard(holding)
    assert (Check.CLASSIFIED, word) in said(holding)


def test_a_document_that_shows_what_nobody_said_is_found() -> None:
    assert wrong_filing(replace(WHOLE, filing=replace(FILING, told_at=None, topics=None))) is not None


def test_what_is_kept_of_bytes_of_no_document_is_found() -> None:
    assert "unknown" in (wrong_filing(Holding(NAME, filing=FILING)) or "")


def test_a_stack_without_a_classifier_is_not_asked_for_its_words() -> None:
    auditor = Auditor(HOUR)
    auditor.see(replace(WHOLE, filing=None))
    assert all(each.check is not Check.CLASSIFIED for each in auditor.report().differences)


def row(outcome: str, topics: str = "[]") -> dict[str, object]:
    parsed = parse_key(NAME)
    assert parsed is not None
    about = {"document_id": parsed.document_id, "user_id": parsed.user_id, "object_key": NAME, "version": 2}
    return {**about, "told_at": AT, "outcome": outcome, "topics": topics, "media_type": "text/plain", "language": "en"}


@pytest.mark.parametrize("outcome", NOTES)
def test_a_document_that_is_filed_under_nothing_is_said_to_be_with_the_usual_note(outcome: str) -> None:
    word = word_of_row(row(outcome))
    assert isinstance(word, Classified)
    assert (word.outcome, word.note, word.classified_at) == (outcome, NOTES[outcome], AT)  # type: ignore[index]


def test_a_filed_document_is_said_to_be_under_its_topics_and_without_a_note() -> None:
    topic = f'[{{"topic_id": "{UUID(int=7)}", "name": "Bills", "score": 0.5, "reason": "why"}}]'
    word = word_of_row(row("filed", topic))
    assert isinstance(word, Classified)
    assert [(each.name, each.score) for each in word.topics] == [("Bills", 0.5)]
    assert word.note is None


@pytest.mark.parametrize("outcome", [*REASONS, MODEL_FAILED])
def test_a_document_that_could_not_be_classified_is_said_to_be_with_its_reason(outcome: str) -> None:
    word = word_of_row(row(outcome))
    assert isinstance(word, ClassificationFailed)
    assert (word.outcome, word.failed_at) == (outcome, AT)
    assert word.reason
