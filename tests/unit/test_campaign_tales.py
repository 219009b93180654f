"""What may have become of a document by what its client was told: as little as can be, and never less."""

from __future__ import annotations

from typing import Any

import pytest

from tests.campaign.oracle import wrong_answer, wrong_end
from tests.campaign.tales import Delete, Ends, Put, Tale, ends_of, judge_confirm
from tests.stack.support.api import Upload

ROOMY, TIGHT = (100, 100), (10, 100)
A, B, LARGE = b"a" * 5, b"b" * 6, b"c" * 101
GONE = Ends((), gone=True, waiting=False)


def tale(*puts: Put, limits: tuple[int, int] = ROOMY, **told: Any) -> Tale:
    """A document of nobody, as its client remembers it."""
    return Tale(None, Upload("id", "url", "key"), limits, list(puts), **told)  # type: ignore[arg-type]


def done(data: bytes, **told: bool) -> Put:
    return Put(data, done=True, **told)


def loose(data: bytes) -> Put:
    return Put(data, loose=True)


@pytest.mark.parametrize(
    ("known", "ends"),
    [
        (tale(), Ends((), gone=True, waiting=True)),
        (tale(done(A)), Ends((A,), gone=False, waiting=False)),
        (tale(loose(A)), Ends((A,), gone=True, waiting=True)),
        (tale(Put(A)), Ends((), gone=True, waiting=True)),
        (tale(done(A), done(B)), Ends((B,), gone=False, waiting=False)),
        (tale(done(A), loose(B)), Ends((A, B), gone=False, waiting=False)),
        (tale(done(A, loose=True), done(B)), Ends((A, B), gone=False, waiting=False)),
        (tale(done(LARGE)), Ends((), gone=True, waiting=False)),
        (tale(done(A), limits=TIGHT), Ends((A,), gone=True, waiting=False)),
        (tale(done(A), limits=TIGHT, paid_for=1), Ends((A,), gone=False, waiting=False)),
        (tale(done(A), done(B), limits=TIGHT, paid_for=1), Ends((B,), gone=True, waiting=False)),
        (tale(loose(A), paid_for=1), Ends((A,), gone=False, waiting=False)),
        (tale(done(A), deleted=Delete.DONE), GONE),
        (tale(done(A), deleted=Delete.LOOSE), Ends((A,), gone=True, waiting=False)),
        (tale(done(A), refused=True, limits=TIGHT), GONE),
    ],
)
def test_a_document_ends_as_its_client_was_told(known: Tale, ends: Ends) -> None:
    assert ends_of(known) == ends


@pytest.mark.parametrize(
    ("known", "status", "size"),
    [
        (tale(done(A)), 200, 5),
        (tale(loose(A)), 200, 5),
        (tale(done(A), loose(B)), 200, 6),
        (tale(loose(A)), 422, None),
        (tale(), 404, None),
        (tale(done(LARGE)), 413, None),
        (tale(done(A), limits=TIGHT), 413, None),
        (tale(done(A), deleted=Delete.LOOSE), 404, None),
        (tale(done(A), refused=True, limits=TIGHT), 413, None),
    ],
)
def test_an_answer_that_may_be_true_is_none_to_complain_of(known: Tale, status: int, size: int | None) -> None:
    assert judge_confirm(known, status, size) is None


@pytest.mark.parametrize(
    ("known", "status", "size"),
    [
        (tale(done(A)), 200, 6),
        (tale(done(A), done(B)), 200, 5),
        (tale(done(LARGE)), 200, 101),
        (tale(done(A)), 413, None),
        (tale(done(A)), 422, None),
        (tale(done(A)), 404, None),
        (tale(done(A)), 500, None),
        (tale(done(A), limits=TIGHT, paid_for=1), 413, None),
        (tale(done(A), refused=True, limits=TIGHT), 200, 5),
        (tale(done(A), deleted=Delete.DONE), 200, 5),
    ],
)
def test_an_answer_that_cannot_be_true_is_a_lie(known: Tale, status: int, size: int | None) -> None:
    assert judge_confirm(known, status, size) is not None


KEPT, WAITING = Ends((A,), gone=False, waiting=False), Ends((), gone=True, waiting=True)


@pytest.mark.parametrize(
    ("ends", "data", "shown"),
    [
        (KEPT, A, {"status": "uploaded", "size_bytes": 5}),
        (KEPT, A, {"status": "classified", "size_bytes": 5}),
        (GONE, None, None),
        (WAITING, None, {"status": "pending", "size_bytes": 0}),
    ],
)
def test_an_end_that_fits_is_good(ends: Ends, data: bytes | None, shown: dict[str, Any] | None) -> None:
    assert wrong_end(ends, data, shown) is None


@pytest.mark.parametrize(
    ("ends", "data", "shown"),
    [
        (KEPT, None, None),
        (KEPT, B, {"status": "uploaded", "size_bytes": 6}),
        (KEPT, A, {"status": "uploaded", "size_bytes": 6}),
        (KEPT, A, {"status": "pending", "size_bytes": 0}),
        (KEPT, A, None),
        (KEPT, None, {"status": "pending", "size_bytes": 0}),
        (KEPT, None, {"status": "uploaded", "size_bytes": 5}),
        (GONE, A, None),
        (GONE, None, {"status": "pending", "size_bytes": 0}),
    ],
)
def test_an_end_that_does_not_fit_is_told(ends: Ends, data: bytes | None, shown: dict[str, Any] | None) -> None:
    assert wrong_end(ends, data, shown) is not None


def test_a_last_confirm_says_what_has_become_of_it() -> None:
    assert wrong_answer(tale(done(A)), A, 200, {"size_bytes": 5}) == []
    assert wrong_answer(tale(done(A), refused=True), None, 413, {}) == []
    assert wrong_answer(tale(done(A), deleted=Delete.DONE), None, 404, {}) == []
    assert wrong_answer(tale(done(A)), A, 202, {}) != []
    assert wrong_answer(tale(done(A), refused=True), None, 422, {}) != []
    assert wrong_answer(tale(done(A), deleted=Delete.DONE), None, 200, {"size_bytes": 5}) != []
