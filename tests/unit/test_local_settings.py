"""The settings of a stack, and what they amount to, without a server."""

from __future__ import annotations

import configparser
import json
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from deploy.local import server_services
from deploy.local.credentials import STORE_USERS, Credentials, ensure_credentials, load_credentials
from deploy.local.errors import StackError
from deploy.local.health import last_line
from deploy.local.layout import SOCKET_PATH_LIMIT, Layout
from deploy.local.programs import Program
from deploy.local.running import recall, recall_running, remember
from deploy.local.server_gateway import Served, render_gateway
from deploy.local.server_services import replicas, service_environment, service_port
from deploy.local.settings import FAULT_PORTS, MAX_REPLICAS, PORTS_OF_SERVERS, SERVICES, StackSettings, load_settings
from deploy.local.setup_minio import policy
from deploy.local.supervisor import render_configuration
from deploy.local.ways import FaultPorts, port_for, ways_to


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in StackSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_the_defaults_are_those_the_documents_name() -> None:
    settings = load_settings()
    assert [getattr(settings, name) for name in PORTS_OF_SERVERS] == [8080, 9000, 15432, 19092, 19093]
    assert settings.origins == ("http://localhost:8080",)
    assert settings.public_endpoint == "localhost:9000"


def test_tls_moves_the_store_behind_the_gateway_so_that_browsers_may_be_told_to_stay_with_it() -> None:
    settings = StackSettings(gateway_tls="internal", gateway_port=8443, gateway_host="docs.example")
    assert settings.origins == (settings.gateway_origin,) == ("https://docs.example:8443",)
    assert settings.store_origin == "https://store.docs.example:8443"


def test_the_store_may_have_a_name_behind_a_gateway_without_tls() -> None:
    settings = StackSettings(store_host="store.localhost")
    assert (settings.store_origin, settings.store_is_behind_tls) == ("http://store.localhost:8080", False)


def test_an_endpoint_that_was_named_is_the_operators_own() -> None:
    settings = StackSettings(gateway_tls="internal", minio_public_endpoint="s3.example:443")
    assert (settings.store_behind_gateway, settings.store_origin) == (None, "http://s3.example:443")
    secure = StackSettings(minio_public_endpoint="s3.example:443", service_env={"MINIO_PUBLIC_SECURE": "true"})
    assert secure.store_origin == "https://s3.example:443"


@pytest.mark.parametrize("tls", ["on", "no.pem", "no.pem:no.key", "a:b:c", ":"])
def test_a_tls_setting_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, tls: str) -> None:
    monkeypatch.setenv("GATEWAY_TLS", tls)
    with pytest.raises(StackError, match=r"^GATEWAY_TLS: is off, internal, or the files"):
        load_settings()


@pytest.mark.parametrize("origin", ["https://a.example;script-src", "https://a.example b", "https://a.example/x", "a"])
def test_an_origin_cannot_widen_the_pages_policy(monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    monkeypatch.setenv("PAGE_ORIGINS", origin)
    with pytest.raises(StackError, match=r"^PAGE_ORIGINS: .* is no origin"):
        load_settings()


def test_a_moved_gateway_moves_the_origin_that_may_write() -> None:
    assert StackSettings(gateway_port=21000).origins == ("http://localhost:21000",)


@pytest.mark.parametrize("origins", ["*", "http://a.example,*", "https://*.example"])
def test_a_wildcard_origin_is_refused_with_a_reason(monkeypatch: pytest.MonkeyPatch, origins: str) -> None:
    monkeypatch.setenv("CORS_ORIGINS", origins)
    with pytest.raises(StackError, match=r"^CORS_ORIGINS: a wildcard would let any page write"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [("REPLICAS", "0"), ("REPLICAS", "many"), ("GATEWAY_PORT", "80"), ("CORS_ORIGINS", "localhost:8080")],
)
def test_a_wrong_variable_is_one_line_that_names_it(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(StackError, match=f"^{name}: ") as raised:
        load_settings()
    assert "\n" not in str(raised.value)


def test_two_servers_on_one_port_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIO_PORT", "8080")
    with pytest.raises(StackError, match="share a port"):
        load_settings()


def test_no_two_replicas_share_a_port() -> None:
    ports = [service_port(StackSettings(), name, one) for name in SERVICES for one in range(1, MAX_REPLICAS + 1)]
    assert len(set(ports)) == len(ports)


def test_what_was_asked_for_wins_over_what_is_remembered_over_the_defaults(layout: Layout) -> None:
    remember(layout, StackSettings(state_dir=layout.state, gateway_port=21000, replicas=3))
    found = recall(layout, StackSettings(state_dir=layout.state, replicas=2))
    assert (found.gateway_port, found.replicas, found.minio_port) == (21000, 2, 9000)


def test_a_running_stack_keeps_its_ports_and_takes_another_number_of_replicas(layout: Layout) -> None:
    remember(layout, StackSettings(state_dir=layout.state, gateway_port=21000))
    assert recall_running(layout, StackSettings(state_dir=layout.state, replicas=3)).gateway_port == 21000
    with pytest.raises(StackError, match="another GATEWAY_PORT"):
        recall_running(layout, StackSettings(state_dir=layout.state, gateway_port=21001))


def test_secrets_are_generated_once_and_differ_from_stack_to_stack(layout: Layout, tmp_path: Path) -> None:
    first = ensure_credentials(layout)
    assert ensure_credentials(layout) == first == load_credentials(layout)
    assert layout.secrets.stat().st_mode & 0o777 == 0o600
    other = Layout(tmp_path / "other")
    other.prepare()
    assert ensure_credentials(other).jwt_secret != first.jwt_secret
    assert len(set(first.database.values()) | set(first.store.values())) == len(first.database) + len(first.store)


def test_a_stack_of_an_older_version_gets_the_secrets_that_it_lacks_and_keeps_those_it_has(layout: Layout) -> None:
    whole = ensure_credentials(layout)
    older = json.loads(layout.secrets.read_text())
    del older["llm_key_secret"], older["database"]["classifier"], older["store"]["classifier"]
    layout.secrets.write_text(json.dumps(older))
    with pytest.raises(StackError, match="`make up` adds what it lacks"):
        load_credentials(layout)
    made = ensure_credentials(layout)
    assert made == load_credentials(layout)
    assert made.llm_key_secret not in {"", whole.llm_key_secret}
    assert made.database == {**whole.database, "classifier": made.database["classifier"]}
    assert made.store == {**whole.store, "classifier": made.store["classifier"]}
    assert made.jwt_secret == whole.jwt_secret


@pytest.mark.parametrize("kept", ["[]", "{", "{}", '{"database": 5}'])
def test_secrets_that_are_none_are_refused(layout: Layout, kept: str) -> None:
    layout.secrets.write_text(kept)
    for read in (load_credentials, ensure_credentials):
        with pytest.raises(StackError, match="cannot be read"):
            read(layout)


def test_a_service_that_a_stack_does_without_does_not_run(credentials: Credentials, tmp_path: Path) -> None:
    settings = StackSettings(without_services=("classifier",))
    pythons = dict.fromkeys(SERVICES, tmp_path)
    assert [one.name for one in replicas(settings, credentials, pythons)] == ["upload-1", "quota-1", "janitor-1"]
    assert not replicas(StackSettings(services=False), credentials, pythons)


def test_services_to_do_without_are_told_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WITHOUT_SERVICES", "classifier, janitor")
    assert load_settings().running_services == ("upload", "quota")
    monkeypatch.setenv("WITHOUT_SERVICES", "classifer")
    with pytest.raises(StackError, match="'classifer' is no service; they are upload, quota, janitor, classifier"):
        load_settings()


def test_the_classifier_alone_is_given_the_key_of_the_keys(credentials: Credentials) -> None:
    given = {name: service_environment(StackSettings(), credentials, name) for name in SERVICES}
    assert [name for name, found in given.items() if credentials.llm_key_secret in found.values()] == ["classifier"]


def test_data_without_its_secrets_is_not_opened_with_new_ones(layout: Layout) -> None:
    (layout.state / "postgres" / "data").mkdir(parents=True)
    with pytest.raises(StackError, match="`make reset` starts over"):
        ensure_credentials(layout)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_given_its_own_secrets_only(credentials: Credentials, service: str) -> None:
    given = " ".join(service_environment(StackSettings(), credentials, service).values())
    foreign = {name: secret for name, secret in credentials.database.items() if name != service}
    foreign |= {f"store {name}": secret for name, secret in credentials.store.items() if name != service}
    assert credentials.database[service] in given
    assert [name for name, secret in foreign.items() if secret in given] == []


def test_only_the_janitor_may_remove() -> None:
    assert [user for user in STORE_USERS if "s3:DeleteObject" in str(policy(user))] == ["janitor"]


def test_a_socket_path_is_short_however_deep_the_state_is(tmp_path: Path) -> None:
    deep = Layout(tmp_path / ("deep" * 30))
    assert len(str(deep.socket)) < SOCKET_PATH_LIMIT
    assert deep.runtime != Layout(tmp_path / ("Deep" * 30)).runtime


async def nothing() -> None:
    """A check of a program that is never run."""


def test_supervisords_configuration_says_what_was_meant_whatever_the_values_hold(layout: Layout) -> None:
    hostile = {"PERCENT": "100%(here)s", "COMMA": 'a,B="c"', "JSON": '{"a": 1}', "QUOTE": "it's"}
    program = Program("one", ("/bin/echo", "two words", "50%"), {}, nothing, environment=hostile)
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"))
    parser.read_string(render_configuration(layout, [program]))
    found = dict(parser["program:one"])
    assert found["command"] == "/bin/echo 'two words' 50%%"
    assert found["environment"] == 'COMMA=\'a,B="c"\',JSON=\'{"a": 1}\',PERCENT="100%%(here)s",QUOTE="it\'s"'


@pytest.mark.parametrize("value", ["both \" and '", "line\nend", "a ;comment", "a #comment"])
def test_a_value_supervisord_would_misread_is_refused(layout: Layout, value: str) -> None:
    program = Program("one", ("/bin/true",), {}, nothing, environment={"BAD": value})
    with pytest.raises(StackError, match="environment"):
        render_configuration(layout, [program])


def test_the_gateway_sends_to_every_replica(layout: Layout) -> None:
    text = render_gateway(layout, StackSettings(replicas=3), Served(layout.gateway))
    assert "import proxied 127.0.0.1:18101 127.0.0.1:18102 127.0.0.1:18103" in text
    assert "import proxied 127.0.0.1:18121 127.0.0.1:18122 127.0.0.1:18123" in text
    assert "import proxied 127.0.0.1:18161 127.0.0.1:18162 127.0.0.1:18163" in text
    assert not re.search(r"\$\w", text), "nothing is left to be filled in"
    assert "Strict-Transport-Security" not in text


def test_the_only_replica_has_somebody_to_stand_in_for_it_on_a_socket_of_the_stacks_own(layout: Layout) -> None:
    text = render_gateway(layout, StackSettings(), Served(layout.gateway))
    assert f"import proxied 127.0.0.1:18101 unix/{layout.runtime}/upload.sock\n" in text
    assert f"import proxied 127.0.0.1:18121 unix/{layout.runtime}/quota.sock\n" in text


def test_a_folder_that_a_caddyfile_cannot_name_is_refused(layout: Layout, tmp_path: Path) -> None:
    with pytest.raises(StackError, match="holds a brace"):
        render_gateway(layout, StackSettings(), Served(layout.gateway, tmp_path / "a{b}"))


def test_other_code_makes_other_programs(monkeypatch: pytest.MonkeyPatch, credentials: Credentials) -> None:
    def programs() -> tuple[Program, ...]:
        return replicas(StackSettings(), credentials, dict.fromkeys(SERVICES, Path("/python")))

    first = programs()
    assert [one.environment for one in programs()] == [one.environment for one in first]
    monkeypatch.setattr(server_services, "CODE", ("contracts/docuvault_contracts",))
    assert not any(one.environment == other.environment for one, other in zip(programs(), first, strict=True))


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("FATAL:  no port\nLOG:  shut down\n", "FATAL:  no port"),
        ('{"event": "service.crashed", "level": "critical", "reason": "no table"}\n', "service.crashed: no table"),
        ("Traceback\n  somewhere\nTypeError: no\n", "TypeError: no"),
        ("hello\nbye\n", "bye"),
        ("", "it said nothing"),
    ],
)
def test_a_process_that_ends_is_quoted_with_its_error(layout: Layout, log: str, words: str) -> None:
    layout.log("one").write_text(log)
    assert last_line(layout, "one") == f"{words}; its log is {layout.log('one')}"


def test_only_a_stack_with_a_fault_proxy_reaches_its_servers_through_it() -> None:
    plain, proxied = StackSettings(), StackSettings(fault_proxy_port=20000)
    assert port_for(plain, "quota", "postgres") == plain.postgres_port
    assert port_for(plain, "store", "kafka") == plain.kafka_port
    assert port_for(proxied, "quota", "postgres") == 20002
    assert port_for(proxied, "store", "kafka") == 20013
    assert port_for(proxied, "clients", "gateway") == 20014


def test_each_way_to_a_server_has_a_port_of_its_own_and_belongs_to_that_server() -> None:
    ports = FaultPorts(20000)
    assert sorted({*ports.ways.values(), *ports.kafka_listeners.values()}) == [*range(20001, 20000 + FAULT_PORTS)]
    assert ways_to("minio") == ("upload_minio", "janitor_minio", "classifier_minio", "clients_minio")
    assert ways_to("kafka") == ("upload_kafka", "quota_kafka", "janitor_kafka", "classifier_kafka")


def test_the_ports_of_a_fault_proxy_are_nobody_elses() -> None:
    with pytest.raises(ValidationError, match="share a port"):
        StackSettings(fault_proxy_port=StackSettings().postgres_port - 1)


def test_services_send_traces_where_the_stack_names_a_collector_and_all_of_them_on_ones_own_machine(
    credentials: Credentials,
) -> None:
    traced = StackSettings(otlp_endpoint="http://localhost:4318", traces_share=0.5)
    for service in SERVICES:
        found = service_environment(traced, credentials, service)
        assert found["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://localhost:4318"
        assert found["OTEL_TRACES_SAMPLER_ARG"] == "0.5"
        assert not [name for name in service_environment(StackSettings(), credentials, service) if "OTEL" in name]


def test_traces_begin_and_end_while_the_stack_runs(layout: Layout) -> None:
    remember(layout, StackSettings())
    assert recall_running(layout, StackSettings(otlp_endpoint="http://localhost:4318")).otlp_endpoint != "off"
    remember(layout, StackSettings(otlp_endpoint="http://localhost:4318"))
    assert recall_running(layout, StackSettings(otlp_endpoint="off")).otlp_endpoint == "off"
    with pytest.raises(ValidationError):
        StackSettings(otlp_endpoint="localhost:4318")
