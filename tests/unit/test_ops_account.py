"""`docuvault account`: others' accounts are told by name, and given in a file for one pair of eyes."""

from __future__ import annotations

import argparse
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from deploy.access import ACCOUNTS, NODES, OPERATORS
from deploy.local.credentials import Credentials, keep_credentials, with_guests
from deploy.local.errors import StackError
from deploy.local.layout import Layout
from deploy.local.settings import StackSettings
from deploy.local.settings_guests import Guest
from deploy.local.stack import Stack
from deploy.ops.commands import account

GUESTS = {
    "idp": Guest(writes=frozenset({"users"})),
    "reports": Guest(reads=frozenset({"quota"}), groups=frozenset({"reports"})),
}


@pytest.fixture
def kept(layout: Layout, credentials: Credentials) -> Credentials:
    """With the guests' passwords."""
    return keep_credentials(layout, with_guests(credentials, GUESTS))


@pytest.fixture
def stack(layout: Layout, kept: Credentials, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """Runs, as far as the command asks."""
    assert kept.kafka_guests
    settings = StackSettings(state_dir=layout.state, secure=True, kafka_guests=GUESTS)
    found = cast("Stack", SimpleNamespace(layout=layout, settings=settings))
    monkeypatch.setattr(account, "stack_of", lambda _: found)
    monkeypatch.setattr(account, "require_running", lambda _: None)
    return found


def run(name: str = "", file: Path | None = None, *, json: bool = False) -> int:
    return account.run(argparse.Namespace(name=name, file=file, json=json))


def properties(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text().splitlines() if not line.startswith("#"))


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("name", [OPERATORS, *GUESTS])
def test_what_a_client_needs_is_in_a_file_for_its_owner_alone_and_said_nowhere(
    kept: Credentials, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (file := tmp_path / "it").write_text("what was there")
    assert [run(name, file, json=json) for json in (False, True)] == [0, 0]
    password = kept.kafka[OPERATORS] if name == OPERATORS else kept.kafka_guests[name]
    given = properties(file)
    assert (given["sasl.username"], given["sasl.password"]) == (name, password)
    assert given["sasl.mechanism"] == ("PLAIN" if name == OPERATORS else "SCRAM-SHA-512")
    assert file.stat().st_mode & 0o777 == 0o600
    said = capsys.readouterr()
    assert said.out.count(str(file)) == 2
    assert password not in said.out + said.err


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("name", [*ACCOUNTS, NODES, "nobody"])
def test_the_account_of_a_service_or_a_node_is_given_to_nobody(tmp_path: Path, name: str) -> None:
    with pytest.raises(StackError, match=f"{name} is no account of others here; there are operators, idp, reports"):
        run(name, tmp_path / "it")
    assert not (tmp_path / "it").exists()


@pytest.mark.usefixtures("stack")
def test_who_there_is_and_what_each_may_do_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    assert capsys.readouterr().out.splitlines() == [
        "operators: anything",
        "idp: writes users",
        "reports: reads quota; is in group reports",
    ]


@pytest.mark.parametrize(("name", "file"), [("idp", None), ("", Path("it"))])
def test_a_name_without_a_file_and_a_file_without_a_name_are_refused(name: str, file: Any) -> None:
    with pytest.raises(StackError, match="say both"):
        run(name, file)


def test_a_stack_that_knows_no_accounts_says_how_it_comes_to_know_some(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack, "settings", StackSettings(state_dir=stack.layout.state))
    with pytest.raises(StackError, match="make up SECURE=1"):
        run()
