"""What is written without the model is what the model would write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid5

from docuvault_contracts.cloudevents import encode
from docuvault_contracts.events import UploadRequested
from docuvault_contracts.keys import make_key
from hypothesis import given
from hypothesis import strategies as st

from services.upload.document import Document
from services.upload.messages import SOURCE, upload_requested

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=2))])
TIMES = st.tuples(st.integers(0, 4 * 10**15), ZONES).map(
    lambda found: datetime.fromtimestamp(0, found[1]) + timedelta(microseconds=found[0])
)
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)


@given(st.uuids(), st.uuids(), NAMES, NAMES, TIMES, st.timedeltas(timedelta(0, 60), timedelta(7)))
def test_a_requested_upload_is_said_as_the_model_says_it(  # noqa: PLR0913, PLR0917 - one a column
    user_id: UUID, document_id: UUID, filename: str, content_type: str, now: datetime, life: timedelta
) -> None:
    key = str(make_key(user_id, document_id, filename))
    document = Document(document_id, user_id, key, filename, content_type, now, now, now + life)
    model = UploadRequested(
        document_id=document_id,
        user_id=user_id,
        object_key=key,
        content_type=content_type,
        requested_at=now,
        expires_at=now + life,
    )
    fact = str(uuid5(document_id, "upload.requested"))
    expected = encode(model, id=fact, source=SOURCE, time=now, traceparent=TRACE)
    assert upload_requested(document, TRACE) == expected
