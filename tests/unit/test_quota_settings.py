"""How long the ledger remembers: no setting, and no SQL, makes it forget what a record may still meet."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from services.chassis.settings import SettingsError, load
from services.chassis.settings_urls import REPLAYED_SECONDS
from services.quota.settings import JOURNAL_SECONDS, Settings

DAY = 86_400
EXPIRY = (files("services.quota") / "migrations" / "0005_expiry.sql").read_text("utf-8")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://quota:p@localhost:5432/docuvault")
    monkeypatch.setenv("JWT_SECRET", "s" * 32)


def kept_days(column: str) -> list[int]:
    """Within how many days of `column` the database refuses to delete a row."""
    return [int(days) for days in re.findall(rf"OLD\.{column} > now\(\) - interval '(\d+) days'", EXPIRY)]


def test_the_database_keeps_a_tombstone_for_as_long_as_topics_keep_what_may_meet_it() -> None:
    assert [days * DAY for days in kept_days("decided_at")] == [REPLAYED_SECONDS]


def test_the_database_keeps_the_journal_for_as_long_as_the_least_setting() -> None:
    assert [days * DAY for days in kept_days("repaired_at")] == [JOURNAL_SECONDS]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TOMBSTONE_RETENTION_SECONDS", 7 * DAY),
        ("TOMBSTONE_RETENTION_SECONDS", 8 * DAY + 15 * 60 - 1),
        ("JOURNAL_RETENTION_SECONDS", JOURNAL_SECONDS - 1),
    ],
)
def test_a_retention_that_forgets_too_early_is_refused_at_start(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: int
) -> None:
    monkeypatch.setenv(variable, str(value))
    with pytest.raises(SettingsError, match=variable):
        load(Settings)


def test_a_url_that_lives_longer_asks_for_a_longer_retention(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOMBSTONE_RETENTION_SECONDS", str(8 * DAY + 15 * 60))
    assert load(Settings).tombstone_retention_seconds == 8 * DAY + 15 * 60
    monkeypatch.setenv("MULTIPART_DAYS", "1.01")
    with pytest.raises(SettingsError, match="TOMBSTONE_RETENTION_SECONDS"):
        load(Settings)
    monkeypatch.setenv("MULTIPART_DAYS", "0.001")
    monkeypatch.setenv("SWEEP_AGE_SECONDS", str(2 * DAY))
    monkeypatch.setenv("UPLOAD_URL_MINUTES", str(24 * 60 + 1))
    with pytest.raises(SettingsError, match="TOMBSTONE_RETENTION_SECONDS"):
        load(Settings)


def test_totals_are_only_told_of_unless_their_repair_is_switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(Settings).drift_repair is False
    monkeypatch.setenv("DRIFT_REPAIR", "1")
    assert load(Settings).drift_repair is True
