"""Which containers of a running stack are replaced, and with how many beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploy.containers import rolling
from deploy.containers.engine import Container
from deploy.containers.rolling import FORGOTTEN_SECONDS, Roller, outdated
from deploy.containers.secrets import secrets_of
from deploy.local.credentials import Credentials
from deploy.local.errors import StackError
from deploy.local.layout import Layout
from deploy.local.rotation import Phase, advanced, rotation
from deploy.local.server_services import service_environment
from deploy.local.settings import SERVICES, StackSettings
from deploy.local.supervisor import Process

WELL_AT = 3
FOUND = Path(__file__).parents[2] / "deploy" / "gateway" / "found.template"


def container(name: str, version: str = "1", image_id: str = "sha256:1", state: str = "RUNNING") -> Container:
    service = name.partition("-")[0]
    process = Process(name, state, 0, 0)
    return Container(name, process, 0, "", service=service, image=service, image_id=image_id, version=version)


class Engine:
    """Docker, as far as replacing goes. New containers come as Compose is told, and are well at the third look."""

    def __init__(self, there: Sequence[Container]) -> None:
        self.there = list(there)
        self.asked: list[tuple[str, ...]] = []
        self._looks = 0

    def look(self, _: str) -> list[Container]:
        self._looks += 1
        if self._looks < WELL_AT:
            return [replace(one, reason="unhealthy" if one.version == "2" else "") for one in self.there]
        if self._looks == WELL_AT:
            self.asked.append(("are well",))
        return self.there

    def run(self, *arguments: str) -> None:
        self.asked.append(arguments)
        scale = next(word for word in arguments if word.startswith("--scale="))
        service, count = scale.removeprefix("--scale=").split("=")
        have = [one for one in self.there if one.service == service]
        self.there += [container(f"{service}-{len(have) + n + 1}", "2") for n in range(int(count) - len(have))]

    def docker(self, *arguments: str) -> str:
        self.asked.append(arguments)
        if arguments[0] == "rm":
            self.there = [one for one in self.there if one.id not in arguments]
        return ""


@pytest.fixture
def images(monkeypatch: pytest.MonkeyPatch) -> dict[str, Mapping[str, Any] | None]:
    """What the engine has by name."""
    known: dict[str, Mapping[str, Any] | None] = {name: {"Id": "sha256:1"} for name in SERVICES}
    monkeypatch.setattr(rolling, "inspect", known.get)
    return known


def test_who_has_other_secrets_or_an_older_image_is_replaced_and_nobody_else(
    images: dict[str, Mapping[str, Any] | None],
) -> None:
    there = [container("upload-1", "0"), container("upload-2"), container("quota-1"), container("postgres")]
    versions = dict.fromkeys(SERVICES, "1")
    assert outdated(there, versions) == {"upload": there[:1]}
    images["quota"] = {"Id": "sha256:2"}
    assert outdated(there, versions) == {"upload": there[:1], "quota": [there[2]]}
    images["quota"] = None  # of a registry, and not fetched
    assert outdated(there, versions) == {"upload": there[:1]}


@pytest.mark.parametrize(("service", "announced"), [("upload", True), ("janitor", False)])
def test_the_new_ones_are_there_before_the_old_ones_are_told_and_stopped(
    monkeypatch: pytest.MonkeyPatch, service: str, *, announced: bool
) -> None:
    """A janitor has no clients, and would die of what it does not listen to."""
    old = [container(f"{service}-1"), container(f"{service}-2", state="EXITED")]
    engine = Engine([*old, container("postgres")])
    monkeypatch.setattr(rolling, "docker", engine.docker)
    monkeypatch.setattr(rolling, "containers_of", engine.look)
    monkeypatch.setattr(rolling, "FORGOTTEN_SECONDS", 0)
    Roller("project", engine, 10).roll(service, old, 2)
    gone = (f"{service}-1", f"{service}-2")
    assert engine.asked == [
        ("up", "-d", "--no-deps", "--no-recreate", f"--scale={service}=4", service),
        ("are well",),
        *([("kill", "--signal", "USR1", f"{service}-1")] if announced else []),
        ("stop", "--time", "30", *gone),
        ("rm", *gone),
    ]
    assert [one.id for one in engine.there] == ["postgres", f"{service}-3", f"{service}-4"]


def test_new_ones_that_never_are_well_take_nobody_away_and_are_gone_on_with_the_next_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As of an image that does not start. Run again, the command makes no more beside those that are there."""
    old = [container("upload-1")]
    engine = Engine(old)
    monkeypatch.setattr(rolling, "docker", engine.docker)
    monkeypatch.setattr(rolling, "containers_of", engine.look)
    monkeypatch.setattr(rolling, "FORGOTTEN_SECONDS", 0)
    with pytest.raises(StackError, match=r"^upload-2 \(unhealthy\) is not well"):
        Roller("project", engine, 0).roll("upload", old, 1)
    assert [each[0] for each in engine.asked] == ["up"]
    assert [one.id for one in engine.there] == ["upload-1", "upload-2"]
    Roller("project", engine, 10).roll("upload", old, 1)
    assert [one.id for one in engine.there] == ["upload-2"]


def test_the_gateway_has_forgotten_an_address_before_it_may_be_anothers() -> None:
    [seconds] = re.findall(r"refresh (\d+)s", FOUND.read_text())
    assert float(seconds) < FORGOTTEN_SECONDS


@pytest.mark.parametrize("kind", ["jwt", "minio", "postgres", "fernet", "kafka"])
def test_in_each_phase_a_service_in_a_container_has_the_keys_of_one_that_is_embedded(
    layout: Layout, credentials: Credentials, kind: str
) -> None:
    settings = StackSettings(state_dir=layout.state, secure=True)
    made, phases = begun(credentials, kind), []
    while (found := rotation(made, kind)) is not None:
        phases.append(found.phase)
        files = secrets_of(layout, made, settings)
        for service in SERVICES:
            embedded = service_environment(settings, made, service)
            for name, file in named(service).items():
                if file in files and (name in embedded or files[file]):
                    assert files[file] == embedded.get(name, ""), (found.phase, service, name)
            assert login(files[f"{service}_database_url"]) == login(embedded["DATABASE_URL"])
        made = begun(made, kind)
    assert phases == [Phase.KNOWN, Phase.USED, Phase.USED, Phase.GONE]


def begun(credentials: Credentials, kind: str) -> Credentials:
    """What is to be so next, where nothing has to be waited for."""
    made = advanced(credentials, kind, 0.0, 0.0)
    assert made is not None
    return made


def named(service: str) -> dict[str, str]:
    """The files of a service's keys by the settings they are."""
    own = {
        "MINIO_ACCESS_KEY": "minio_access_key",
        "MINIO_SECRET_KEY": "minio_secret_key",
        "KAFKA_SASL_USERNAME": "kafka_user",
        "KAFKA_SASL_PASSWORD": "kafka_password",
    }
    shared = {"JWT_SECRET": "jwt_secret", "JWT_SECRET_ALSO": "jwt_secret_also", "LLM_KEY_SECRETS": "llm_key_secrets"}
    tokens = ("JWT_SECRET", "JWT_SECRET_ALSO")
    of_several = {"upload": tokens, "quota": tokens, "classifier": (*tokens, "LLM_KEY_SECRETS")}.get(service, ())
    return {name: f"{service}_{file}" for name, file in own.items()} | {name: shared[name] for name in of_several}


def login(url: str) -> str:
    """The name and password in it."""
    return url.removeprefix("postgresql://").rpartition("@")[0]
