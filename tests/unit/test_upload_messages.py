"""What is written without the model is what the model would write, and what is said again is told apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid5

from docuvault_contracts.cloudevents import decode, encode
from docuvault_contracts.events import DocumentDeleted, UploadRequested
from docuvault_contracts.keys import make_key
from hypothesis import given
from hypothesis import strategies as st

from services.upload.document import Document
from services.upload.messages import SOURCE, deletion_reminded, upload_reminded, upload_requested
from tests.unit.upload_facts import DOCUMENT, NOW, pending

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=2))])
TIMES = st.tuples(st.integers(0, 4 * 10**15), ZONES).map(
    lambda found: datetime.fromtimestamp(0, found[1]) + timedelta(microseconds=found[0])
)
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)


LIVES = st.timedeltas(timedelta(0, 60), timedelta(7))


def requested(document: Document, reminded_at: datetime | None = None) -> UploadRequested:
    return UploadRequested(
        document_id=document.id,
        user_id=document.user_id,
        object_key=document.object_key,
        content_type=document.content_type,
        requested_at=document.created_at,
        expires_at=document.expires_at,
        reminded_at=reminded_at,
    )


@given(st.uuids(), st.uuids(), NAMES, NAMES, TIMES, LIVES, TIMES)
def test_a_requested_upload_is_said_as_the_model_says_it(  # noqa: PLR0913, PLR0917 - one a column
    user_id: UUID, document_id: UUID, filename: str, type_: str, now: datetime, life: timedelta, later: datetime
) -> None:
    key = str(make_key(user_id, document_id, filename))
    document = Document(document_id, user_id, key, filename, type_, now, now, now + life)
    fact = str(uuid5(document_id, "upload.requested"))
    expected = encode(requested(document), id=fact, source=SOURCE, time=now, traceparent=TRACE)
    assert upload_requested(document, TRACE) == expected
    fact = str(uuid5(document_id, f"upload.requested:{later.isoformat()}"))
    assert upload_reminded(document, later) == encode(requested(document, later), id=fact, source=SOURCE, time=later)


def test_each_reminder_has_an_id_of_its_own_and_the_same_one_however_often_it_is_said() -> None:
    later = NOW + timedelta(microseconds=1)
    for remind in (upload_reminded, deletion_reminded):
        first, again, second = remind(pending(), NOW), remind(pending(), NOW), remind(pending(), later)
        assert first == again
        assert dict(first.headers)["ce_id"] != dict(second.headers)["ce_id"]


def test_a_deletion_is_told_again_with_the_time_of_the_reminder() -> None:
    later = NOW + timedelta(hours=2)
    event = decode((message := deletion_reminded(pending(), later)).headers, message.value).event
    assert isinstance(event, DocumentDeleted)
    assert (event.document_id, event.deleted_at, event.reminded_at) == (DOCUMENT, NOW, later)
