"""Accounts of others on Kafka: what no operator can give them, and what a stack makes of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploy.access import ACCOUNTS, NODES, OPERATORS, Access
from deploy.access_guests import check_guests
from deploy.local.credentials import ensure_credentials, with_guests
from deploy.local.errors import StackError
from deploy.local.layout import Layout
from deploy.local.running import recall, remember
from deploy.local.settings import StackSettings, load_settings


def access(**what: set[str]) -> Access:
    return Access(**{name: frozenset(values) for name, values in what.items()})


def test_an_identity_provider_may_say_who_there_is_and_a_team_may_read_what_is_published() -> None:
    check_guests({"idp": access(writes={"users"}), "reports": access(reads={"quota", "users"}, joins={"reports"})})


@pytest.mark.parametrize(
    ("guest", "reason"),
    [
        (access(writes={"quota"}), "'team' cannot write to quota, only users"),
        (access(writes={"storage.events"}), "'team' cannot write to storage.events, only users"),
        (access(writes={"elsewhere"}), "'team' cannot write to elsewhere"),
        (access(reads={"dlq.quota"}), "'team' cannot read dlq.quota"),
        (access(reads={"dlq.journal"}), "'team' cannot read dlq.journal"),
        (access(describes={"dlq.quota"}), "'team' cannot read dlq.quota"),
        (access(joins={"quota"}), "'team' cannot have the group quota"),
        (access(watches={"janitor"}), "'team' cannot have the group janitor"),
    ],
)
def test_nobody_else_is_given_a_services_work(guest: Access, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        check_guests({"team": guest})


@pytest.mark.parametrize("name", [*ACCOUNTS, OPERATORS, NODES, "quota-x1y2", "operators-", "", "Team", "a b", "x" * 33])
def test_a_name_is_nobodys_own_and_can_be_no_changed_accounts(name: str) -> None:
    with pytest.raises(ValueError, match=r"is no name|docuvault's own"):
        check_guests({name: Access()})


def test_a_stack_is_told_of_them_as_json_and_remembers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECURE", "1")
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    monkeypatch.setenv(
        "KAFKA_GUESTS", '{"idp": {"writes": ["users"]}, "reports": {"reads": ["quota"], "groups": ["r"]}}'
    )
    settings = load_settings()
    assert settings.guests == {"idp": access(writes={"users"}), "reports": access(reads={"quota"}, joins={"r"})}
    remember(Layout(tmp_path), settings)
    assert recall(Layout(tmp_path), StackSettings(state_dir=tmp_path)).guests == settings.guests


@pytest.mark.parametrize(
    ("secure", "guests", "reason"),
    [
        ("0", {"idp": {"writes": ["users"]}}, "needs SECURE=1"),
        ("1", {"idp": {"write": ["users"]}}, "KAFKA_GUESTS.IDP.WRITE: Extra inputs"),
        ("1", {"idp": {"writes": ["quota"]}}, "cannot write to quota"),
        ("1", {"idp": ["users"]}, "KAFKA_GUESTS.IDP: "),
    ],
)
def test_what_cannot_be_given_is_refused_in_a_line(
    monkeypatch: pytest.MonkeyPatch, secure: str, guests: object, reason: str
) -> None:
    monkeypatch.setenv("SECURE", secure)
    monkeypatch.setenv("KAFKA_GUESTS", json.dumps(guests))
    with pytest.raises(StackError) as refused:
        load_settings()
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_guest_keeps_its_password_for_as_long_as_it_is_one(tmp_path: Path) -> None:
    first = with_guests(ensure_credentials(Layout(tmp_path)), ["idp", "reports"])
    assert len(set(first.kafka_guests.values())) == len(first.kafka_guests) == 2
    fewer = with_guests(first, ["reports"])
    assert fewer.kafka_guests == {"reports": first.kafka_guests["reports"]}
    again = with_guests(fewer, ["idp", "reports"])
    assert again.kafka_guests["idp"] != first.kafka_guests["idp"]
