"""compose.secure.yml and the secure images say what SECURE=1 says of the embedded stack."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509

from deploy.access import ACCOUNTS, NODES, OPERATORS
from deploy.containers.compose import FILES, SECURE
from deploy.containers.engine import VERSION
from deploy.containers.secrets import make_by_hand, secrets_of, version_of, write_secrets
from deploy.containers.stack import ContainerStack, environment
from deploy.images.catalogue import POSTGRES_WITH_TLS, images_for
from deploy.images.servers import kafka_properties, write_postgres
from deploy.local.authority import HOSTS
from deploy.local.credentials import Credentials
from deploy.local.kafka_nodes import folder_of, nodes_of
from deploy.local.kafka_reach import as_settings, kafka_environment
from deploy.local.layout import Layout
from deploy.local.server_kafka import prepare_kafka
from deploy.local.server_minio import minio
from deploy.local.settings import SERVICES, StackSettings
from services.chassis.settings_kafka import KafkaAccessSettings

PLAIN: dict[str, Any] = yaml.safe_load(FILES[0].read_text())
OVERLAY: dict[str, Any] = yaml.safe_load(SECURE.read_text())
CONTAINERS: dict[str, dict[str, Any]] = OVERLAY["services"]


@pytest.fixture
def settings(layout: Layout) -> StackSettings:
    return StackSettings(state_dir=layout.state, secure=True)


@pytest.fixture
def secrets(layout: Layout, credentials: Credentials, settings: StackSettings) -> Mapping[str, str]:
    return secrets_of(layout, credentials, settings)


def given(container: str) -> dict[str, str]:
    """The secrets that a container has more, by the name of its file."""
    found = ((one, one) if isinstance(one, str) else (one["target"], one["source"]) for one in listed(container))
    return dict(found)


def listed(container: str) -> list[Any]:
    return list(CONTAINERS[container]["secrets"])


def said(text: str) -> dict[str, str]:
    """A file of properties."""
    return dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))


def told(container: str) -> dict[str, str]:
    return {**PLAIN["services"][container].get("environment", {}), **CONTAINERS[container]["environment"]}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_comes_to_kafka_by_tls_as_itself_with_its_own_password(
    credentials: Credentials, settings: StackSettings, secrets: Mapping[str, str], service: str
) -> None:
    account = {"kafka_sasl_username": f"{service}_kafka_user", "kafka_sasl_password": f"{service}_kafka_password"}
    assert given(service) == {"ca.crt": "ca.crt"} | account
    embedded = kafka_environment(settings, credentials, service)
    assert {name: secrets[file] for name, file in account.items()} == {name: embedded[name.upper()] for name in account}
    elsewhere = {"KAFKA_BOOTSTRAP_SERVERS", "KAFKA_SSL_CAFILE", *(name.upper() for name in account)}
    assert {name: told(service)[name] for name in embedded.keys() - elsewhere} == {
        name: embedded[name] for name in embedded.keys() - elsewhere
    }
    assert told(service)["KAFKA_SSL_CAFILE"] == "/run/secrets/ca.crt"
    assert not {name.lower() for name in CONTAINERS[service]["environment"]} - KafkaAccessSettings.model_fields.keys()
    assert as_settings(embedded).keys() <= KafkaAccessSettings.model_fields.keys()


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_checks_the_name_and_authority_of_its_database(secrets: Mapping[str, str], service: str) -> None:
    url = secrets[f"{service}_database_url"]
    assert url.endswith("@postgres:5432/docuvault?sslmode=verify-full&sslrootcert=/run/secrets/ca.crt")


def test_the_store_is_told_what_the_embedded_one_is_told(
    layout: Layout, credentials: Credentials, settings: StackSettings, secrets: Mapping[str, str]
) -> None:
    embedded = {
        name: value
        for name, value in minio(layout, settings, credentials, Path("minio")).environment.items()
        if "SASL" in name or "TLS" in name
    }
    by_file = said(secrets[told("minio")["MINIO_CONFIG_ENV_FILE"].removeprefix("/run/secrets/")])
    assert {name: value for name, value in told("minio").items() if "SASL" in name or "TLS" in name} | by_file == (
        embedded
    )
    assert set(given("minio")) == {
        "ca.crt",
        *(Path(told("minio")[name]).name for name in ("MINIO_CONFIG_ENV_FILE", "SSL_CERT_FILE")),
    }


def test_a_store_with_another_account_is_made_anew_and_nothing_else_of_a_service_touches_it(
    layout: Layout, credentials: Credentials, settings: StackSettings, tmp_path: Path
) -> None:
    folder = tmp_path / "secrets"
    write_secrets(folder, layout, credentials, settings)
    before = version_of(folder, "minio")
    assert told_label("minio") == "${MINIO_SECRETS:-}"
    assert environment(settings, tmp_path)["MINIO_SECRETS"] == before
    changed = replace(credentials, jwt_secret="another", database=dict.fromkeys(credentials.database, "another"))
    write_secrets(folder, layout, changed, settings)
    assert version_of(folder, "minio") == before
    write_secrets(folder, layout, replace(changed, kafka={**changed.kafka, "store": "another"}), settings)
    assert version_of(folder, "minio") != before


def told_label(container: str) -> str:
    return str(CONTAINERS[container]["labels"][VERSION])


def test_kafka_is_told_of_its_main_listener_what_the_embedded_one_is_told(
    layout: Layout, credentials: Credentials, settings: StackSettings
) -> None:
    [node] = nodes_of(settings)
    (folder_of(layout, node) / "data").mkdir(parents=True)
    (folder_of(layout, node) / "data" / "meta.properties").touch()
    prepare_kafka(layout, settings, credentials, Path("jars"))
    embedded = said((folder_of(layout, node) / "server.properties").read_text())
    here = said(with_passwords(kafka_properties(secure=True), credentials))
    own = {name for name in here if name.startswith("listener.name.operators.")}
    places = {"log.dirs", "listeners", "advertised.listeners", "controller.quorum.voters", "ssl.keystore.location",
              "ssl.truststore.location", "listener.security.protocol.map"}  # fmt: skip
    assert here.keys() - own == embedded.keys()
    assert {name: here[name] for name in here.keys() - own - places} == {
        name: embedded[name] for name in embedded.keys() - places
    }
    for found in (here, embedded):
        spoken = [each.split(":")[1] for each in found["listener.security.protocol.map"].split(",")]
        assert set(spoken) == {"SASL_SSL"}


def with_passwords(text: str, credentials: Credentials) -> str:
    for name in (OPERATORS, NODES):
        text = text.replace(f"@{name}_kafka_password@", credentials.kafka[name])
    return text


def test_operators_come_from_the_machine_and_the_nodes_account_does_not() -> None:
    found = said(kafka_properties(secure=True))
    assert found["listener.name.operators.sasl.enabled.mechanisms"] == "SCRAM-SHA-512,PLAIN"
    known = found["listener.name.operators.plain.sasl.jaas.config"]
    assert re.findall(r"user_(\w+)=", known) == [OPERATORS]


def test_kafka_is_given_what_its_configuration_names(secrets: Mapping[str, str], credentials: Credentials) -> None:
    text = kafka_properties(secure=True)
    named = {*re.findall(r"/run/secrets/(\S+)", text), *re.findall(r"@(\w+_kafka_password)@", text)}
    assert set(given("kafka")) == named
    assert told("kafka")["KAFKA_SECURE"] == "true"
    assert "password" not in kafka_properties()
    assert secrets["kafka.pem"].index("PRIVATE KEY") < secrets["kafka.pem"].index("BEGIN CERTIFICATE")
    assert not any(credentials.kafka[account] in secrets["kafka.pem"] for account in ACCOUNTS)


def test_postgresql_takes_nobody_without_tls_and_shows_what_it_is_given(tmp_path: Path) -> None:
    write_postgres(tmp_path, secure=True)
    rules = [line.split()[0] for line in (tmp_path / "pg_hba.conf").read_text().splitlines()]
    assert set(rules) == {"hostssl"}
    text = (tmp_path / "postgresql.conf").read_text()
    assert {"ssl = on", "ssl_min_protocol_version = 'TLSv1.2'"} <= set(text.splitlines())
    assert "ssl_cert_file = '/run/secrets/postgres.crt'" in text
    assert set(given("postgres")) == {"postgres.crt", "postgres.key"}
    assert f"/{POSTGRES_WITH_TLS}:" in CONTAINERS["postgres"]["image"]
    write_postgres(tmp_path)
    assert "ssl" not in (tmp_path / "postgresql.conf").read_text() + (tmp_path / "pg_hba.conf").read_text()


@pytest.mark.parametrize(("server", "file"), [("postgres", "postgres.crt"), ("kafka", "kafka.pem")])
def test_a_server_is_called_by_its_containers_name_and_by_the_machines(
    secrets: Mapping[str, str], server: str, file: str
) -> None:
    shown = x509.load_pem_x509_certificate(secrets[file][secrets[file].index("-----BEGIN CERT") :].encode())
    names = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(name.value) for name in names} == {server, *HOSTS}


def test_a_server_is_not_the_authority_and_only_setup_has_all_passwords() -> None:
    assert not [name for name, one in OVERLAY["secrets"].items() if "ca.key" in one["file"]]
    assert not [name for name in CONTAINERS if "secrets.json" in given(name)]


def test_every_secret_that_is_asked_for_is_made_and_none_is_for_nobody(secrets: Mapping[str, str]) -> None:
    assert set(secrets) == {*PLAIN["secrets"], *OVERLAY["secrets"]}
    assert {source for name in CONTAINERS for source in given(name).values()} == set(OVERLAY["secrets"])
    assert all(value["file"].endswith(f"/{name}") for name, value in OVERLAY["secrets"].items())


@pytest.mark.parametrize("again", [False, True])
def test_by_hand_all_are_made_in_one_folder_where_containers_can_read_them_and_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, again: bool
) -> None:
    monkeypatch.setenv("SECURE", "1")
    for _ in range(1 + again):
        make_by_hand(folder := tmp_path / "secrets")
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert found.pop("authority") == 0o700
    assert found == dict.fromkeys((*PLAIN["secrets"], *OVERLAY["secrets"]), 0o444)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_no_secret_is_in_an_environment(settings: StackSettings, secrets: Mapping[str, str], tmp_path: Path) -> None:
    shown = [*environment(settings, tmp_path).values(), SECURE.read_text(), kafka_properties(secure=True)]
    names = ("ca.crt", "postgres.crt", "_kafka_user", "_minio_access_key")
    hidden = [value.strip() for name, value in secrets.items() if value and not name.endswith(names)]
    assert not [secret for secret in hidden if any(secret in text for text in shown)]


def test_nothing_has_more_rights_for_being_secure() -> None:
    harmless = {"image", "labels", "environment", "secrets", "healthcheck"}
    assert {key for one in CONTAINERS.values() for key in one} <= harmless
    assert OVERLAY.keys() <= {"services", "secrets"} | {key for key in OVERLAY if key.startswith("x-")}


def test_a_secure_stack_is_of_all_three_files_and_its_own_images(tmp_path: Path) -> None:
    stacks = {secure: ContainerStack(StackSettings(state_dir=tmp_path, secure=secure)) for secure in (False, True)}
    files = {secure: files_of(stack) for secure, stack in stacks.items()}
    assert files == {False: list(map(str, FILES)), True: list(map(str, (*FILES, SECURE)))}
    assert set(images_for(secure=True)) ^ set(images_for()) == {"postgres", POSTGRES_WITH_TLS}


def files_of(stack: ContainerStack) -> list[str]:
    return [after for word, after in pairwise(stack.compose.options) if word == "-f"]


def test_guests_are_known_to_what_makes_accounts(layout: Layout) -> None:
    guests = {"idp": {"writes": ["users"]}}
    asked = StackSettings.model_validate({"state_dir": layout.state, "secure": True, "kafka_guests": guests})
    assert environment(asked, layout.state)["KAFKA_GUESTS"] == (
        '{"idp": {"writes": ["users"], "reads": [], "groups": []}}'
    )
    assert told("setup") == {"SECURE": "true", "KAFKA_GUESTS": "${KAFKA_GUESTS:-}"}
