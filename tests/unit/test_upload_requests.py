"""Requests for URLs: what is made, what is refused before it is made, and what a repeated request makes: nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from docuvault_contracts.http import UploadUrlRequest
from docuvault_contracts.http_uploads import UploadUrlsRequest

from services.chassis.errors import Transient
from services.upload.accounts import Account
from services.upload.decide import Refused
from services.upload.idempotency import Claim, Kept, KeyRefused, claim_of
from services.upload.uploads import File, Outcome, Upload
from tests.unit.upload_desk import Desk
from tests.unit.upload_facts import DOCUMENT, NOW, USER

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
FULL = Account(90, 100, NOW)
PLAIN = File("a.txt", "text/plain")
CLAIM = Claim(USER, "k", b"1" * 32)
MINUTE = timedelta(minutes=1)


def sized(size: int, *, bound: bool = False) -> File:
    return File("a.txt", "text/plain", size, bound)


async def test_a_file_of_no_declared_size_asks_for_no_account() -> None:
    desk = Desk(FULL)
    upload = await desk.single(USER, PLAIN, TRACE)
    assert isinstance(upload, Upload)
    assert (desk.looked, list(desk.rows), len(desk.said)) == (0, [upload.document.id], 1)
    assert (upload.headers, upload.document.declared_bytes) == ({}, None)
    assert desk.signed == [(upload.document.object_key, 900, None)]
    assert desk.traces == [TRACE]


async def test_a_file_that_cannot_fit_leaves_no_row_and_no_url() -> None:
    desk = Desk(FULL)
    assert await desk.single(USER, sized(11), TRACE) == Refused(90, 100, 11)
    assert (desk.rows, desk.signed, desk.said) == ({}, [], [])


async def test_a_file_that_fits_or_of_a_user_nobody_knows_is_made_with_its_size() -> None:
    for desk, size in ((Desk(FULL), 10), (Desk(None), 10**12)):
        upload = await desk.single(USER, sized(size), TRACE)
        assert isinstance(upload, Upload)
        assert upload.document.declared_bytes == size
        assert desk.signed[0][2] is None


async def test_a_bound_url_is_signed_for_its_size_and_says_what_to_send() -> None:
    desk = Desk(FULL)
    upload = await desk.single(USER, sized(7, bound=True), TRACE)
    assert isinstance(upload, Upload)
    assert (desk.signed[0][2], upload.headers) == (7, {"If-None-Match": "*"})


async def outcome_of(desk: Desk, *files: File, claim: Claim | None = None) -> Outcome:
    found = await desk.many(USER, files, TRACE, claim)
    assert isinstance(found, Outcome)
    return found


async def test_of_many_each_is_made_or_refused_in_its_place() -> None:
    desk = Desk(FULL)
    outcome = await outcome_of(desk, sized(4), sized(7), PLAIN, sized(6), sized(1))
    assert sorted(outcome.uploads) == [0, 2, 3]
    assert outcome.refused == {1: Refused(94, 100, 7), 4: Refused(100, 100, 1)}
    assert set(desk.rows) == {upload.document.id for upload in outcome.uploads.values()}
    assert (len(desk.said), desk.looked) == (3, 1)


async def test_of_many_that_all_do_not_fit_nothing_is_made_and_the_key_stays_free() -> None:
    desk = Desk(FULL)
    outcome = await outcome_of(desk, sized(11), sized(12), claim=CLAIM)
    assert (outcome.uploads, sorted(outcome.refused), desk.rows, desk.kept) == ({}, [0, 1], {}, {})
    desk.account = None
    assert sorted((await outcome_of(desk, sized(11), sized(12), claim=CLAIM)).uploads) == [0, 1]


async def test_the_same_request_under_a_key_is_answered_with_the_same_documents() -> None:
    desk = Desk(FULL)
    files = (sized(4, bound=True), sized(7), PLAIN)
    first = await outcome_of(desk, *files, claim=CLAIM)
    desk.account = Account(100, 100, NOW)  # it would all be refused by now
    again = await outcome_of(desk, *files, claim=CLAIM)
    assert {place: upload.document.id for place, upload in first.uploads.items()} == {
        place: upload.document.id for place, upload in again.uploads.items()
    }
    assert (again.refused, len(desk.rows), len(desk.said)) == (first.refused, 2, 2)
    assert [upload.headers for upload in again.uploads.values()] == [{"If-None-Match": "*"}, {}]
    assert [bound for _, _, bound in desk.signed[2:]] == [4, None]


async def test_a_url_that_is_made_again_never_outlives_the_first() -> None:
    desk = Desk()
    first = await outcome_of(desk, PLAIN, claim=CLAIM)
    expires = desk.age(first.uploads[0].document.id, 5 * MINUTE)
    again = await outcome_of(desk, PLAIN, claim=CLAIM)
    assert again.uploads[0].document.expires_at == expires
    assert 590 < desk.signed[-1][1] <= 600


@pytest.mark.parametrize("by", [15 * MINUTE, 16 * MINUTE])
async def test_a_key_whose_urls_have_expired_makes_nothing_new(by: timedelta) -> None:
    desk = Desk()
    first = await outcome_of(desk, PLAIN, claim=CLAIM)
    desk.age(first.uploads[0].document.id, by)
    assert await desk.many(USER, [PLAIN], TRACE, CLAIM) is KeyRefused.EXPIRED
    desk.rows.clear()
    assert await desk.many(USER, [PLAIN], TRACE, CLAIM) is KeyRefused.EXPIRED


async def test_another_request_under_a_key_is_refused() -> None:
    desk = Desk()
    await outcome_of(desk, PLAIN, claim=CLAIM)
    other = replace(CLAIM, fingerprint=b"2" * 32)
    assert await desk.many(USER, [sized(1)], TRACE, other) is KeyRefused.REUSED
    assert len(desk.rows) == 1


async def test_who_was_second_with_a_key_answers_what_the_first_made() -> None:
    desk = Desk()

    async def rival() -> None:
        await outcome_of(desk, PLAIN, claim=CLAIM)

    desk.before_claim = rival
    found = await outcome_of(desk, PLAIN, claim=CLAIM)
    assert list(desk.rows) == [found.uploads[0].document.id]
    assert len(desk.said) == 1


async def test_a_key_that_is_taken_and_free_again_is_trouble_that_passes() -> None:
    desk = Desk(taken=True)
    with pytest.raises(Transient):
        await desk.many(USER, [PLAIN], TRACE, CLAIM)
    assert desk.rows == {}


def test_what_is_kept_comes_back_as_it_was() -> None:
    kept = Kept(b"1" * 32, {0: DOCUMENT, 12: USER}, {3: Refused(1, 2, 2**63 - 1)})
    assert Kept.from_json(b"1" * 32, kept.to_json()) == kept


def body(**fields: object) -> UploadUrlRequest:
    return UploadUrlRequest.model_validate({"filename": "a", "content_type": "a/b"} | fields)


def test_a_request_is_the_same_however_its_body_was_written() -> None:
    same = [body(), body(bound=False, size_bytes=None, unknown=1), body(filename="x/a")]
    assert {claim_of(USER, "k", "upload-url", each).fingerprint for each in same} == {
        claim_of(USER, "k", "upload-url", body()).fingerprint
    }


def test_whatever_a_request_says_otherwise_makes_it_another() -> None:
    other = [body(), body(filename="b"), body(content_type="a/c"), body(size_bytes=0), body(size_bytes=1, bound=True)]
    lists = [UploadUrlsRequest(files=(body(),)), UploadUrlsRequest(files=(body(), body()))]
    prints = {claim_of(USER, "k", "upload-url", each).fingerprint for each in other}
    prints |= {claim_of(USER, "k", "upload-urls", each).fingerprint for each in lists}
    prints.add(claim_of(USER, "k", "multipart", body()).fingerprint)
    assert len(prints) == 8
