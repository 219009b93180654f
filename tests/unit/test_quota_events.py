"""A decision is said byte for byte as the published model would say it, whatever is in its row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid5

from asyncpg.pgproto import pgproto
from docuvault_contracts.cloudevents import Message, encode
from docuvault_contracts.events import INT64_MAX, Decision, QuotaRejected, QuotaReleased, QuotaReserved
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from services.quota.events import NAMESPACE, SOURCE, decision_message
from services.quota.model import Decided, Reservation, State
from tests.unit.quota_facts import KEY, ORIGIN, rejected, released, reserved

MODELS: dict[State, type[Decision]] = {
    "reserved": QuotaReserved,
    "rejected": QuotaRejected,
    "released": QuotaReleased,
}
UUIDS = st.uuids() | st.uuids().map(lambda drawn: pgproto.UUID(str(drawn)))
BYTES = st.integers(0, INT64_MAX)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
ZONES = st.just(UTC) | st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(datetime(1970, 1, 3), datetime(9999, 12, 29), timezones=ZONES)  # noqa: DTZ001 - ZONES are theirs
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

ROWS = st.builds(
    lambda state, **fields: Reservation(state=state, reason=fields.pop("reasons")[state], origin=ORIGIN, **fields),
    state=st.sampled_from(sorted(MODELS)),
    object_key=TEXT.map(lambda text: f"{KEY}.{text}"),
    document_id=UUIDS,
    user_id=UUIDS,
    version=st.integers(1, 2**31 - 1),
    size_bytes=BYTES,
    rejected_bytes=BYTES,
    released_bytes=BYTES,
    etag=TEXT,
    observed_ns=BYTES,
    reasons=st.just({"reserved": None, "rejected": "over_quota", "released": "document_deleted"}),
    used_bytes=BYTES,
    limit_bytes=BYTES,
    decided_at=TIMES,
)


def as_published(row: Reservation, traceparent: str | None) -> Message:
    """The record that pydantic and uuid make of it."""
    model = MODELS[row.state]
    event = model(**{name: value for name, value in asdict(row).items() if name in model.model_fields})
    event_id = str(uuid5(NAMESPACE, f"{row.object_key}:{row.version}"))
    said = encode(event, id=event_id, source=SOURCE, time=row.decided_at, traceparent=traceparent)
    traced = 0 if traceparent is None else 1
    place = len(said.headers) - traced
    seen = ("ce_observedns", str(row.observed_ns).encode())
    return replace(said, headers=(*said.headers[:place], seen, *said.headers[place:]))


@settings(deadline=None, max_examples=300)
@given(ROWS, st.none() | st.just(TRACE))
@example(replace(reserved(), object_key=f'{KEY}."\\\x7f\x00\x1f\u2028\ufeffü文😀</script>'), None)
@example(rejected(), TRACE)
@example(released(), TRACE)
@example(replace(reserved(), document_id=UUID(int=0), size_bytes=0, decided_at=datetime(2026, 1, 1, tzinfo=UTC)), None)
def test_a_decision_is_said_as_its_model_would_say_it(row: Reservation, traceparent: str | None) -> None:
    assert decision_message(Decided(row, traceparent)) == as_published(row, traceparent)


@settings(deadline=None)
@given(TIMES, TIMES)
def test_each_event_has_the_time_of_its_own_decision(first: datetime, second: datetime) -> None:
    said = [dict(decision_message(Decided(replace(reserved(), decided_at=time))).headers) for time in (first, second)]
    assert [datetime.fromisoformat(headers["ce_time"].decode()) for headers in said] == [first, second]
