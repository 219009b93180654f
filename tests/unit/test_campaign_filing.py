"""What the users of a campaign write, and what must be shown of it by how they want it classified."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.campaign.catalogue import KINDS
from tests.campaign.faults_processes import SERVICES, points_of
from tests.campaign.filing import MODES, rewrite, write_document
from tests.campaign.oracle import wrong_filing, wrong_statuses
from tests.campaign.scripts import MAX_BYTES
from tests.campaign.tales import Put, Tale, filing_of
from tests.campaign.users import User
from tests.faults.support.crash_names import IN_THE_CLASSIFIER
from tests.stack.support.api import Upload
from tests.unit.test_campaign_tales import done, loose, tale

FILED = ("topic",)
SEEDS = range(50)


def shown(*topics: str, status: str = "classified") -> dict[str, Any]:
    filed = [{"topic_id": each, "name": each} for each in topics]
    return {"status": status, "reason": "why", "topics": filed}


def user(mode: str) -> User:
    return User(None, (0, 0), mode)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", SEEDS)
def test_documents_are_of_any_kind_and_never_larger_than_asked_for(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same every time
    name, data = write_document(chance, MAX_BYTES)
    again = rewrite(chance, name, MAX_BYTES)
    assert 0 < len(data) <= MAX_BYTES
    assert 0 < len(again) <= MAX_BYTES
    assert data != again


def test_the_model_is_asked_for_one_user_and_another_wants_nothing_read() -> None:
    assert MODES.count("embedding") == 1
    assert "off" in MODES


@pytest.mark.parametrize(
    ("mode", "status", "wrong"),
    [
        ("off", "uploaded", False),
        ("off", "classified", True),
        ("off", "classification_failed", True),
        ("keywords", "uploaded", True),
        ("keywords", "classified", False),
        ("embedding", "classification_failed", False),
        ("embedding", "pending", False),
    ],
)
def test_at_rest_a_document_is_classified_exactly_where_its_owner_wants_that(
    mode: str, status: str, *, wrong: bool
) -> None:
    assert bool([*wrong_statuses(user(mode), [{"id": "d", **shown(status=status)}])]) is wrong


def test_a_document_under_a_topic_that_was_deleted_is_found() -> None:
    listed = [{"id": "d", **shown("topic")}]
    assert [*wrong_statuses(user("keywords"), listed, {"another"})] == []
    assert len([*wrong_statuses(user("keywords"), listed, {"topic"})]) == 1


@pytest.mark.parametrize(
    ("known", "topics"),
    [
        (tale(done(b"a"), filed=FILED), FILED),
        (tale(done(b"a")), None),
        (tale(done(b"a", loose=True), filed=FILED), None),
        (tale(done(b"a"), done(b"b"), filed=FILED), None),
        (tale(loose(b"a"), filed=FILED), None),
        (tale(Put(b"a"), filed=FILED), None),
    ],
)
def test_what_was_filed_by_hand_holds_where_the_bytes_are_surely_those_of_then(
    known: Tale, topics: tuple[str, ...] | None
) -> None:
    assert filing_of(known) == topics


def test_a_document_that_is_not_filed_as_its_owner_filed_it_is_found() -> None:
    known = tale(done(b"a"), filed=FILED)
    assert wrong_filing(known, shown("topic")) is None
    assert wrong_filing(known, shown("other")) is not None
    assert wrong_filing(known, shown()) is not None
    assert wrong_filing(known, None) is None


@pytest.mark.parametrize(("name", "wrong"), [("a.txt", True), ("a.html", True), ("a.pdf", False)])
def test_a_text_that_is_told_to_be_unreadable_is_found(name: str, *, wrong: bool) -> None:
    known = tale(done(b"a"))
    known.upload = Upload("id", "url", name)
    assert bool(wrong_filing(known, shown(status="classification_failed"))) is wrong


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_is_killed_at_boundaries_that_it_comes_to(service: str) -> None:
    found = points_of(service)
    assert found
    assert {*IN_THE_CLASSIFIER}.issubset(found) is (service == "classifier")


def test_every_kind_that_befalls_a_service_befalls_the_classifier() -> None:
    kinds = [kind for kind in KINDS.values() if {"upload", "quota", "janitor"} <= {*kind.targets}]
    assert kinds
    assert all("classifier" in kind.targets for kind in kinds)
