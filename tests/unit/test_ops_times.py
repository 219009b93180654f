"""Points in time as an operator writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from deploy.local.errors import StackError
from deploy.ops.times import duration, point_in_time

NOW = datetime(2026, 1, 31, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("90s", timedelta(seconds=90)),
        ("1.5m", timedelta(seconds=90)),
        (" 2h ", timedelta(hours=2)),
        ("7d", timedelta(days=7)),
        ("2026-01-31T14:00:00Z", timedelta(minutes=5)),
        ("2026-01-31T15:00+01:00", timedelta(minutes=5)),
        ("2026-01-31T14:05:00Z", timedelta(0)),
    ],
)
def test_a_time_is_written_with_its_zone_or_as_an_age(text: str, ago: timedelta) -> None:
    assert point_in_time(text, NOW) == NOW - ago


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("yesterday", "no time"),
        ("", "no time"),
        ("5 minutes", "no time"),
        ("-5m", "no time"),
        ("2026-01-31T14:00:00", "names no time zone"),
        ("2026-01-31", "names no time zone"),
        ("2026-01-31T14:05:01Z", "yet to come"),
        ("0001-01-01T00:00+14:00", "before the year 1"),
        ("99999999999d", "longer than ten years"),
    ],
)
def test_what_is_no_time_is_refused_in_a_line(text: str, says: str) -> None:
    with pytest.raises(StackError, match=says):
        point_in_time(text, NOW)


@pytest.mark.parametrize("text", ["", "10", "m", "2026-01-31T14:00:00Z"])
def test_a_length_of_time_has_a_unit(text: str) -> None:
    with pytest.raises(StackError, match="no duration"):
        duration(text)
