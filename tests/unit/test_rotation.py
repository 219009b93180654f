"""Keys are changed at no client's cost, wherever the operator's command is killed: a stack in small, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.fernet import Fernet, MultiFernet

from deploy.local.credentials import Credentials, ensure_credentials, load_credentials
from deploy.local.errors import StackError
from deploy.local.layout import Layout
from deploy.local.rotation import KINDS, held
from deploy.local.server_services import service_environment
from deploy.local.settings import StackSettings
from deploy.local.setup_accounts import users_of
from deploy.local.setup_minio import keys_of
from deploy.local.setup_postgres import logins_of
from deploy.local.stack import Stack
from deploy.ops import janitor
from deploy.ops.commands.rotate import kinds_of, renew
from deploy.ops.rotating import lives_of, rotate

LIVES = {"jwt": 40.0, "minio": 60.0, "postgres": 0.0, "fernet": 0.0, "kafka": 0.0}
SERVICES = ("upload", "classifier", "upload", "classifier")
SETTINGS = StackSettings(secure=True)


class Killed(Exception):
    """The command is killed here."""


@dataclass
class World:
    """Three servers and four processes. After each step everything that is under way must be good where it arrives."""

    layout: Layout
    kill_at: list[int] = field(default_factory=list)
    works: bool = True
    clock: float = 0.0
    steps: int = 0
    store: dict[str, str] = field(default_factory=dict)
    database: dict[str, str] = field(default_factory=dict)
    kafka: dict[str, str] = field(default_factory=dict)
    processes: dict[int, dict[str, str]] = field(default_factory=dict)
    tokens: list[tuple[str, float]] = field(default_factory=list)
    urls: list[tuple[str, float]] = field(default_factory=list)
    sealed: list[bytes] = field(default_factory=list)

    def up(self) -> None:
        self.step()
        found = load_credentials(self.layout)
        self.set_up(found)
        self.step()
        for number, service in enumerate(SERVICES):
            self.processes[number] = dict(service_environment(SETTINGS, found, service))
            self.step()

    def set_up(self, found: Credentials) -> None:
        self.store = dict(keys_of(found, "upload")) | dict(keys_of(found, "classifier"))
        self.database = dict(logins_of(found, "upload")) | dict(logins_of(found, "classifier"))
        self.kafka = dict(users_of(found, "upload")) | dict(users_of(found, "classifier"))

    def renew(self) -> None:
        self.step()
        keys = self.fernet(self.processes[1])
        self.sealed = [keys.rotate(token) for token in self.sealed]
        self.step()

    def step(self) -> None:
        self.steps += 1
        self.clock += 1
        if self.works and self.processes.keys() == {*range(len(SERVICES))}:
            self.work()
            self.check()
        if self.kill_at and self.steps == self.kill_at[0]:
            self.kill_at.pop(0)
            raise Killed

    def work(self) -> None:
        """A token by whoever reads the secrets now; a URL of each process, and a user's key that each one seals."""
        self.tokens.append((load_credentials(self.layout).jwt_secret, self.clock))
        self.urls += [(each["MINIO_ACCESS_KEY"], self.clock) for each in self.processes.values()]
        self.sealed += [self.fernet(self.processes[number]).encrypt(b"a key") for number in (1, 3)]
        self.sealed = self.sealed[-8:] + self.sealed[:1]

    def check(self) -> None:
        for number, each in self.processes.items():
            assert self.store[each["MINIO_ACCESS_KEY"]] == each["MINIO_SECRET_KEY"]
            login, _, password = each["DATABASE_URL"].partition("://")[2].partition("@")[0].partition(":")
            assert self.database[login] == password
            assert self.kafka[each["KAFKA_SASL_USERNAME"]] == each["KAFKA_SASL_PASSWORD"]
            if "JWT_SECRET_ALSO" in each or "JWT_SECRET" in each:
                good = {each["JWT_SECRET"], each.get("JWT_SECRET_ALSO")}
                assert {secret for secret, at in self.tokens if at + LIVES["jwt"] > self.clock} <= good
            if number % 2:
                assert all(self.fernet(each).decrypt(token) for token in self.sealed)
        assert {key for key, at in self.urls if at + LIVES["minio"] > self.clock} <= self.store.keys()

    def fernet(self, environment: dict[str, str]) -> MultiFernet:
        return MultiFernet([Fernet(key) for key in environment["LLM_KEY_SECRETS"].split(",")])

    def run(self, *kinds: str) -> dict[str, float]:
        """As an operator does: once more where it was killed."""
        while True:
            try:
                return dict(rotate(self, kinds, LIVES, self.renew, now=lambda: self.clock))
            except Killed:
                continue


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Layout]:
    def make() -> Iterator[Layout]:
        number = 0
        while True:
            layout = Layout(tmp_path / str(number))
            layout.prepare()
            ensure_credentials(layout)
            yield layout
            number += 1

    return make()


def changed_whole(world: World, first: Credentials) -> bool:
    last = load_credentials(world.layout)
    return not last.rotations and all(
        set(held(first, kind).values()).isdisjoint(held(last, kind).values()) for kind in KINDS
    )


def test_every_key_is_changed_while_all_work_and_the_old_ones_end_when_what_they_signed_has(
    places: Iterator[Layout],
) -> None:
    world = World(next(places))
    first = load_credentials(world.layout)
    waits = world.run(*KINDS)
    assert waits.keys() == {"jwt", "minio"}
    assert first.access_keys["upload"] in world.store
    assert first.logins["upload"] not in world.database
    assert first.kafka_users["upload"] not in world.kafka
    world.clock = min(waits.values()) - 15
    assert world.run(*KINDS) == waits
    world.clock = max(waits.values())
    assert world.run(*KINDS) == {}
    assert changed_whole(world, first)
    last = load_credentials(world.layout)
    assert set(world.store) == {last.access_keys["upload"], last.access_keys["classifier"]}
    assert [each.get("JWT_SECRET_ALSO") for each in world.processes.values()] == [None] * 4
    assert {each.get("LLM_KEY_SECRETS") for each in world.processes.values()} == {None, last.llm_key_secret}


def test_killed_at_any_step_and_once_more_it_goes_on_and_changes_nothing_twice(places: Iterator[Layout]) -> None:
    whole = World(next(places))
    whole.clock = max(whole.run(*KINDS).values())
    whole.run(*KINDS)
    for first_kill in range(1, whole.steps + 1):
        world = World(next(places), kill_at=[first_kill, first_kill + 1 + first_kill % 5])
        first = load_credentials(world.layout)
        world.clock = max(world.run(*KINDS).values())
        world.run(*KINDS)
        assert changed_whole(world, first), first_kill
        assert len({secret for secret, _ in world.tokens}) == 2, first_kill


def test_a_leaked_key_ends_at_once_where_that_is_asked_for(places: Iterator[Layout]) -> None:
    world = World(next(places))
    first = load_credentials(world.layout)
    world.up()
    world.tokens, world.urls, world.works = [], [], False  # what was signed is to end
    assert rotate(world, KINDS, dict.fromkeys(KINDS, 0.0), world.renew) == {}
    assert changed_whole(world, first)


def test_two_commands_do_not_change_keys_at_once(places: Iterator[Layout]) -> None:
    world = World(next(places))

    def meanwhile() -> None:
        rotate(world, ["jwt"], LIVES, world.renew)

    with pytest.raises(StackError, match="another command"):
        rotate(world, ["fernet"], LIVES, meanwhile)


def test_old_keys_live_for_as_long_as_what_they_signed() -> None:
    at_once = {"postgres": 0, "fernet": 0, "kafka": 0}
    assert lives_of(StackSettings(service_env={})) == {"jwt": 1865, "minio": 3660, **at_once}
    longer = {"UPLOAD_URL_MINUTES": "90", "JWT_LEEWAY_SECONDS": "10"}
    assert lives_of(StackSettings(service_env=longer)) == {"jwt": 1870, "minio": 5460, **at_once}


def test_what_a_stack_has_not_is_left_out_of_all_and_refused_by_name() -> None:
    provided = StackSettings(oidc_issuer="https://id.example.org", oidc_client_id="d", without_services=("classifier",))
    assert kinds_of(SETTINGS, ["all"]) == list(KINDS)
    assert kinds_of(provided, ["all"]) == ["minio", "postgres"]
    with pytest.raises(StackError, match="signed by"):
        kinds_of(provided, ["jwt"])
    with pytest.raises(StackError, match="classifier does not run"):
        kinds_of(provided, ["minio", "fernet"])
    with pytest.raises(StackError, match="knows no accounts"):
        kinds_of(provided, ["kafka"])


@pytest.mark.parametrize("as_json", [True, False])
def test_what_the_classifier_counts_is_shown_and_is_no_part_of_a_json_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, as_json: bool
) -> None:
    def run_service(*_: object) -> int:
        print("counted")  # noqa: T201 - as a child's words are said
        return 0

    monkeypatch.setattr(janitor, "run_service", run_service)
    renew(Stack(StackSettings(state_dir=tmp_path)), as_json=as_json)
    said = capsys.readouterr()
    assert (said.out, said.err) == (("", "counted\n") if as_json else ("counted\n", ""))


def test_where_users_keys_could_not_be_encrypted_anew_the_old_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(janitor, "run_service", lambda *_: 2)
    with pytest.raises(StackError, match="the old key stays good"):
        renew(Stack(StackSettings(state_dir=tmp_path)), as_json=False)
