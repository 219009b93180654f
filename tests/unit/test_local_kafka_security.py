"""What Kafka's nodes and its clients are told where a stack is secure, without a server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from deploy.access import ACCOUNTS, NODES, OPERATORS
from deploy.local.credentials import Credentials
from deploy.local.errors import StackError
from deploy.local.kafka_nodes import folder_of, nodes_of
from deploy.local.kafka_reach import as_settings, kafka_environment, reach
from deploy.local.kafka_security import security
from deploy.local.layout import Layout
from deploy.local.server_minio import minio, prepare_minio
from deploy.local.settings import KAFKA_CLIENTS, StackSettings
from services.chassis.settings_kafka import KafkaAccessSettings


def told(layout: Layout, credentials: Credentials, *listeners: str) -> Mapping[str, str]:
    """What the only node is told, by name."""
    [node] = nodes_of(StackSettings())
    folder_of(layout, node).mkdir(exist_ok=True)
    lines = security(layout, credentials, node, listeners).splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_services_come_by_scram_alone_where_they_have_a_listener_of_their_own(
    layout: Layout, credentials: Credentials
) -> None:
    found = told(layout, credentials, "SECURE", *(name.upper() for name in KAFKA_CLIENTS))
    mechanisms = {
        name.split(".")[2]: value for name, value in found.items() if name.endswith("sasl.enabled.mechanisms")
    }
    own = dict.fromkeys(KAFKA_CLIENTS, "SCRAM-SHA-512")
    assert mechanisms == {"secure": "SCRAM-SHA-512,PLAIN", "controller": "PLAIN", **own}


def test_operators_and_nodes_are_known_without_any_data_and_the_controllers_know_nodes_alone(
    layout: Layout, credentials: Credentials
) -> None:
    found = told(layout, credentials, "SECURE")
    clients, controllers = (found[f"listener.name.{name}.plain.sasl.jaas.config"] for name in ("secure", "controller"))
    assert {name for name in (OPERATORS, NODES) if f'user_{name}="{credentials.kafka[name]}"' in clients} == {
        OPERATORS,
        NODES,
    }
    assert f'user_{NODES}="' in controllers
    assert credentials.kafka[OPERATORS] not in controllers
    assert not any(credentials.kafka[account] in "".join(found.values()) for account in ACCOUNTS)


def test_what_nobody_was_allowed_is_forbidden(layout: Layout, credentials: Credentials) -> None:
    found = told(layout, credentials, "SECURE")
    assert found["allow.everyone.if.no.acl.found"] == "false"
    assert found["authorizer.class.name"].endswith(".StandardAuthorizer")
    assert set(found["super.users"].split(";")) == {f"User:{OPERATORS}", f"User:{NODES}"}


def test_a_plain_stacks_clients_are_told_where_it_is_and_nothing_else(credentials: Credentials) -> None:
    assert kafka_environment(StackSettings(), credentials, "quota") == {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:19092"}


@pytest.mark.parametrize("who", [*ACCOUNTS, OPERATORS])
def test_each_client_is_told_its_own_account_and_no_others(layout: Layout, credentials: Credentials, who: str) -> None:
    told(layout, credentials, "SECURE")  # which makes the authority
    settings = StackSettings(secure=True, state_dir=layout.state)
    environment = kafka_environment(settings, credentials, who)
    found = KafkaAccessSettings(**as_settings(environment))
    assert (found.kafka_security_protocol, found.kafka_sasl_username) == ("SASL_SSL", who)
    assert found.kafka_sasl_mechanism == ("PLAIN" if who == OPERATORS else "SCRAM-SHA-512")
    assert [name for name, secret in credentials.kafka.items() if secret in environment.values()] == [who]
    assert reach(environment)["sasl_plain_password"] == credentials.kafka[who]


def test_without_the_authority_it_is_said_in_one_line(layout: Layout, credentials: Credentials) -> None:
    settings = StackSettings(secure=True, state_dir=layout.state)
    with pytest.raises(StackError, match=r"ca\.crt; `make up` makes it") as raised:
        reach(kafka_environment(settings, credentials, OPERATORS))
    assert "\n" not in str(raised.value)


def test_the_store_speaks_as_its_account_and_trusts_the_authority(layout: Layout, credentials: Credentials) -> None:
    told(layout, credentials, "SECURE")
    settings = StackSettings(secure=True, state_dir=layout.state)
    prepare_minio(layout, settings)
    environment = minio(layout, settings, credentials, Path("minio")).environment
    assert environment["MINIO_NOTIFY_KAFKA_TLS_DOCUVAULT"] == environment["MINIO_NOTIFY_KAFKA_SASL_DOCUVAULT"] == "on"
    assert environment["MINIO_NOTIFY_KAFKA_SASL_PASSWORD_DOCUVAULT"] == credentials.kafka["store"]
    trusted = layout.state / "minio" / "certs" / "CAs" / "docuvault.crt"
    assert trusted.read_text() == layout.trusted.read_text()
    plain = minio(layout, StackSettings(state_dir=layout.state), credentials, Path("minio")).environment
    assert not [name for name in plain if "SASL" in name or "TLS" in name]
