"""compose.yml as it is written: what holds of every container, whoever starts it."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.containers.engine import VERSION
from deploy.containers.secrets import OF_SEVERAL, secrets_of, version_of, write_secrets
from deploy.containers.stack import ContainerStack, environment
from deploy.images.catalogue import IMAGES, POSTGRES_WITH_TLS, images_for
from deploy.local.credentials import STORE_USERS, ensure_credentials
from deploy.local.errors import StackError
from deploy.local.layout import Layout
from deploy.local.server_minio import minio
from deploy.local.server_services import HAVE_CLIENTS
from deploy.local.settings import SERVICES, StackSettings
from deploy.local.setup_minio import keys_of

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "deploy" / "compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]
OPERATORS: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.operators.yml").read_text())


def targets(container: dict[str, Any]) -> dict[str, str]:
    """What a container is given: the secret, by the name of its file."""
    found = ((one, one) if isinstance(one, str) else (one["target"], one["source"]) for one in container["secrets"])
    return dict(found)


def filled(value: str, variables: dict[str, str]) -> str:
    return re.sub(r"\$\{(\w+)(?::-([^}]*))?\}", lambda found: variables.get(found[1], found[2] or ""), value)


@pytest.fixture
def settings(tmp_path: Path) -> StackSettings:
    return StackSettings(state_dir=tmp_path)


def test_there_is_a_container_of_every_image_and_an_image_for_every_container() -> None:
    used = {name: re.search(r"/(\w+):", container["image"]) for name, container in CONTAINERS.items()}
    assert {name: found and found[1] for name, found in used.items()} == {name: name for name in images_for()}
    assert set(IMAGES) - set(images_for()) == {POSTGRES_WITH_TLS}


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_has_no_rights_writes_nothing_and_has_a_bound_on_what_it_takes(name: str) -> None:
    container = CONTAINERS[name]
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert "cap_add" not in container
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in container
    assert "user" not in container, "the image names its user"
    assert container["mem_limit"]
    assert container["pids_limit"]
    assert container["cpus"]


def test_only_the_door_and_the_store_listen_on_the_machine_and_on_its_loopback_unless_told() -> None:
    published = {name: container["ports"] for name, container in CONTAINERS.items() if "ports" in container}
    assert set(published) == {"gateway", "minio"}
    assert all(port.startswith("${BIND:-127.0.0.1}:") for ports in published.values() for port in ports)
    operators = {name: container["ports"] for name, container in OPERATORS["services"].items()}
    assert set(operators) == {"postgres", "kafka"}
    assert all(port.startswith("127.0.0.1:") for ports in operators.values() for port in ports)


def test_the_servers_of_data_are_on_a_network_that_leads_nowhere_and_the_door_is_not_on_it() -> None:
    assert COMPOSE["networks"]["data"] == {"internal": True}
    assert CONTAINERS["postgres"]["networks"] == CONTAINERS["kafka"]["networks"] == ["data"]
    assert "data" not in CONTAINERS["gateway"]["networks"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_given_its_own_secrets_and_no_others(service: str) -> None:
    given = targets(CONTAINERS[service])
    assert given["database_url"] == f"{service}_database_url"
    for half in ("minio_access_key", "minio_secret_key"):
        assert given.get(half) == (f"{service}_{half}" if service in STORE_USERS else None)
    for secret in ("jwt_secret", "jwt_secret_also"):
        assert (secret in given) == (service in HAVE_CLIENTS)
    assert ("llm_key_secrets" in given) == (service == "classifier")
    assert ("oidc_client_secret" in given) == (service == "upload")
    its_own = {name for name, source in given.items() if source == f"{service}_{name}"}
    assert set(given) - its_own <= set(OF_SEVERAL), "another one is noticed, and the container made anew"


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_says_which_secrets_it_was_given(settings: StackSettings, tmp_path: Path, service: str) -> None:
    layout = Layout(tmp_path)
    write_secrets(tmp_path / "secrets", layout, credentials := ensure_credentials(layout), settings)
    said = versions_of(settings, tmp_path)
    assert said[service] == version_of(tmp_path / "secrets", service)
    for name, source in targets(CONTAINERS[service]).items():
        path = tmp_path / "secrets" / source
        path.chmod(0o600)
        path.write_text("another one")
        assert versions_of(settings, tmp_path)[service] != said[service], name
        write_secrets(tmp_path / "secrets", layout, credentials, settings)
        assert versions_of(settings, tmp_path) == said


def versions_of(settings: StackSettings, folder: Path) -> dict[str, str]:
    """What the label of each container would be."""
    variables = dict(environment(settings, folder))
    labels = {name: one["labels"][VERSION] for name, one in CONTAINERS.items() if "labels" in one}
    return {name: filled(label, variables) for name, label in labels.items()}


def test_all_passwords_at_once_are_for_the_container_that_ends_when_it_is_done() -> None:
    assert [name for name, one in CONTAINERS.items() if "secrets.json" in targets({"secrets": [], **one})] == ["setup"]
    assert CONTAINERS["setup"]["restart"] == "no"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_knows_every_setting_that_it_is_given(service: str) -> None:
    known = {name.upper() for name in import_module(f"services.{service}.settings").Settings.model_fields}
    container = CONTAINERS[service]
    assert not {*container["environment"], *(name.upper() for name in targets(container))} - known


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_when_its_servers_are_well_and_set_up(service: str) -> None:
    after = CONTAINERS[service]["depends_on"]
    assert {name: one["condition"] for name, one in after.items()} == {
        **dict.fromkeys(("postgres", "kafka", "minio"), "service_healthy"),
        "setup": "service_completed_successfully",
    }


def test_no_secret_is_in_an_environment(settings: StackSettings, tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    credentials = ensure_credentials(layout)
    shown = [*environment(settings, tmp_path).values(), *re.findall(r"\S+", TEXT)]
    hidden = [*credentials.database.values(), *credentials.store.values(), credentials.jwt_secret]
    assert not [secret for secret in hidden if any(secret in word for word in shown)]


def test_every_secret_that_is_asked_for_is_made(settings: StackSettings, tmp_path: Path) -> None:
    made = secrets_of(Layout(tmp_path), ensure_credentials(Layout(tmp_path)), settings)
    assert set(made) == set(COMPOSE["secrets"])
    assert all(value["file"].endswith(f"/{name}") for name, value in COMPOSE["secrets"].items())


def test_the_store_is_told_what_the_embedded_one_is_told(settings: StackSettings, tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    embedded = dict(minio(layout, settings, ensure_credentials(layout), Path("minio")).environment)
    variables = dict(environment(settings, tmp_path))
    here = {name: filled(value, variables) for name, value in CONTAINERS["minio"]["environment"].items()}
    elsewhere = {"MINIO_NOTIFY_KAFKA_BROKERS_DOCUVAULT", "MINIO_NOTIFY_KAFKA_QUEUE_DIR_DOCUVAULT"}
    by_file_or_image = {"MINIO_ROOT_PASSWORD", "MINIO_BROWSER", "MINIO_UPDATE"}
    same = embedded.keys() - elsewhere - by_file_or_image
    assert {name: here[name] for name in same} == {name: embedded[name] for name in same}
    assert here["MINIO_NOTIFY_KAFKA_QUEUE_DIR_DOCUVAULT"].startswith("/var/lib/minio/"), "on the volume"
    assert not [name for name in here if "BATCH" in name]


def test_services_sign_with_the_keys_that_setup_gives_them(settings: StackSettings, tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    made = secrets_of(layout, credentials := ensure_credentials(layout), settings)
    for service in set(SERVICES) & set(STORE_USERS):
        assert keys_of(credentials, service) == {
            made[f"{service}_minio_access_key"]: made[f"{service}_minio_secret_key"]
        }


def test_addresses_of_this_machine_reach_the_containers(tmp_path: Path) -> None:
    settings = StackSettings(state_dir=tmp_path, gateway_port=8081, minio_port=9001, replicas=3)
    told = environment(settings, tmp_path)
    assert told["MINIO_PUBLIC_ENDPOINT"] == "localhost:9001"
    assert told["STORE_ORIGIN"] == "http://localhost:9001"
    assert told["CORS_ORIGINS"] == "http://localhost:8081"


@pytest.mark.parametrize(("name", "value"), [("BROKERS", "3"), ("STANDBY", "1"), ("STORE_HOST", "s")])
def test_what_containers_have_not_is_refused_in_a_line_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    stack = ContainerStack(StackSettings(state_dir=tmp_path / "state"))
    with pytest.raises(StackError, match=rf"^{name} is of the embedded stack alone; leave it out"):
        stack.up()
    assert not (tmp_path / "state").exists()
