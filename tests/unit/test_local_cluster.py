"""Three brokers, and a primary with its standby: what is refused, and what each process is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from deploy.containers.stack import ContainerStack
from deploy.local.credentials import ensure_credentials
from deploy.local.errors import StackError
from deploy.local.kafka_nodes import check_nodes, nodes_of, note_whole
from deploy.local.layout import Layout
from deploy.local.postgres_conf import Configurer
from deploy.local.postgres_nodes import (
    Roles,
    data_folder,
    databases_of,
    pair_of,
    primary_of,
    save_roles,
    standby_signal,
    url_for,
)
from deploy.local.server_kafka import behind_on
from deploy.local.server_services import service_environment
from deploy.local.settings import StackSettings
from deploy.local.setup_kafka import Copies, copies_of
from deploy.local.switchover_rules import Sight, refusal
from deploy.local.ways import bootstrap_for

ONE, THREE = StackSettings(), StackSettings(brokers=3)
PAIR = StackSettings(standby=True)
RUNS = Sight("postgres", "postgres-2", answers=True, follows=True, waits=True, received=900)
STOPPED = replace(RUNS, answers=False, follows=False, checkpoint=800)


def format_nodes(layout: Layout, *names: str) -> None:
    for name in names:
        data = layout.state / name / "data"
        data.mkdir(parents=True)
        (data / "meta.properties").touch()


def test_three_brokers_keep_all_three_times_and_acknowledge_with_two() -> None:
    assert (copies_of(1), copies_of(3)) == (Copies(1, 1), Copies(3, 2))


def test_whoever_speaks_to_kafka_is_told_of_all_brokers(layout: Layout) -> None:
    all_three = "127.0.0.1:19092,127.0.0.1:19094,127.0.0.1:19096"
    assert {bootstrap_for(THREE, who) for who in ("store", "quota", "operators")} == {all_three}
    environment = service_environment(THREE, ensure_credentials(layout), "quota")
    assert environment["KAFKA_BOOTSTRAP_SERVERS"] == all_three
    assert bootstrap_for(ONE, "store") == "127.0.0.1:19092"


@pytest.mark.parametrize("brokers", ["2", "0", "many"])
def test_there_are_one_or_three_brokers(brokers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKERS", brokers)
    with pytest.raises(ValidationError, match="1 or 3"):
        StackSettings()
    monkeypatch.setenv("BROKERS", "3")
    assert StackSettings().brokers == 3


@pytest.mark.parametrize("port", [19096, 19097, 15433])
def test_the_ports_of_further_servers_are_nobody_elses(port: int) -> None:
    with pytest.raises(ValidationError, match="share a port"):
        StackSettings(brokers=3, standby=True, minio_port=port)


@pytest.mark.parametrize("more", [{"brokers": 3}, {"standby": True}])
def test_a_fault_proxy_has_one_way_to_each_server(more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="one broker and no standby"):
        StackSettings(fault_proxy_port=20000, **more)


def test_data_of_one_broker_is_not_taken_for_that_of_three_nor_the_other_way_round(layout: Layout) -> None:
    check_nodes(layout, nodes_of(THREE))
    format_nodes(layout, "kafka")
    check_nodes(layout, nodes_of(ONE))
    with pytest.raises(StackError, match="that of BROKERS=1 and cannot become that of 3: `make up BROKERS=1`"):
        check_nodes(layout, nodes_of(THREE))
    format_nodes(layout, "kafka-2", "kafka-3")
    with pytest.raises(StackError, match="that of BROKERS=3 and cannot become that of 1: `make up BROKERS=3`"):
        check_nodes(layout, nodes_of(ONE))


def test_one_broker_may_have_lost_its_data_and_two_may_not(layout: Layout) -> None:
    format_nodes(layout, "kafka-2")
    check_nodes(layout, nodes_of(THREE))  # a first start that was cut short
    note_whole_with(layout, "kafka")
    check_nodes(layout, nodes_of(THREE))
    (layout.state / "kafka-2" / "data" / "meta.properties").unlink()
    with pytest.raises(StackError, match="kafka-2 and kafka-3 have lost their data"):
        check_nodes(layout, nodes_of(THREE))


def note_whole_with(layout: Layout, name: str) -> None:
    format_nodes(layout, name)
    note_whole(layout)


def test_a_broker_is_behind_where_it_keeps_what_is_not_in_sync_on_it() -> None:
    partitions = [{"replicas": [1, 2, 3], "isr": [1, 3]}, {"replicas": [1, 2, 3], "isr": [1, 2, 3]}]
    described = [{"partitions": partitions}, {"partitions": [{"replicas": [1], "isr": [1]}]}]
    assert [behind_on(number, described) for number in (1, 2, 3)] == [0, 1, 0]


def test_a_service_connects_to_whichever_server_is_the_primary(layout: Layout) -> None:
    credentials = ensure_credentials(layout)
    url = service_environment(PAIR, credentials, "quota")["DATABASE_URL"]
    assert url.endswith("@127.0.0.1:15432,127.0.0.1:15433/docuvault?target_session_attrs=primary")
    assert url_for(ONE, "quota", "quota", "secret") == "postgresql://quota:secret@127.0.0.1:15432/docuvault"


def test_the_first_server_is_the_primary_until_another_is_noted(layout: Layout) -> None:
    (layout.state / "postgres").mkdir()
    assert pair_of(layout, PAIR).primary.name == "postgres"
    save_roles(layout, Roles(2, waits=True))
    found = pair_of(layout, PAIR)
    assert (found.primary.name, found.standby.name, found.waits) == ("postgres-2", "postgres", True)
    with pytest.raises(StackError, match="postgres-2 is the primary: `make up STANDBY=1`"):
        primary_of(layout, ONE)
    with pytest.raises(StackError, match="the stack has no standby"):
        pair_of(layout, ONE)


def test_roles_that_cannot_be_read_are_not_guessed(layout: Layout) -> None:
    (layout.state / "postgres").mkdir()
    (layout.state / "postgres" / "roles.json").write_text("{")
    with pytest.raises(StackError, match="cannot be read; it says which server is the primary"):
        pair_of(layout, PAIR)


@pytest.mark.parametrize("primary", [1, 2])
def test_only_the_primary_can_start_as_one_and_waits_for_the_other(layout: Layout, primary: int) -> None:
    configurer = Configurer(layout, PAIR, ensure_credentials(layout), ())
    names = {1: "postgres", 2: "postgres-2"}
    for node in databases_of(PAIR):
        data_folder(layout, node.number).mkdir(parents=True)
        configurer.write(node, Roles(primary, waits=True))
    standby = 3 - primary
    assert [standby_signal(layout, node).exists() for node in databases_of(PAIR)] == [standby == 1, standby == 2]
    said = {number: (data_folder(layout, number) / "postgresql.conf").read_text() for number in names}
    assert f"synchronous_standby_names = '\"{names[standby]}\"'" in said[primary]
    assert "synchronous_standby_names = ''" in said[standby]
    assert f"port={15431 + primary} " in said[standby]


def test_without_a_standby_nothing_is_said_of_one(layout: Layout) -> None:
    configurer = Configurer(layout, ONE, ensure_credentials(layout), ())
    data_folder(layout).mkdir(parents=True)
    configurer.write(databases_of(ONE)[0], Roles())
    assert "synchronous_standby_names" not in (data_folder(layout) / "postgresql.conf").read_text()
    assert not standby_signal(layout, databases_of(ONE)[0]).exists()


@pytest.mark.parametrize(
    ("sight", "why"),
    [
        (RUNS, ""),
        (replace(RUNS, waits=False), ""),
        (replace(RUNS, follows=False), "postgres-2 does not follow postgres"),
        (replace(RUNS, received=None), "postgres-2 does not answer"),
        (STOPPED, ""),
        (replace(STOPPED, received=None), "postgres-2 does not answer"),
        (replace(STOPPED, checkpoint=None), "the data of postgres cannot be read"),
        (replace(STOPPED, checkpoint=900), "postgres-2 lacks what postgres wrote last"),
        (replace(STOPPED, waits=False), "postgres did not wait for postgres-2"),
        (replace(STOPPED, waits=False, clean=True), ""),
        (replace(STOPPED, waits=False, clean=True, checkpoint=900), "postgres-2 lacks what postgres wrote last"),
    ],
)
def test_there_is_no_switch_by_which_something_acknowledged_might_be_lost(sight: Sight, why: str) -> None:
    found = refusal(sight, force=False)
    assert found.startswith(why)
    assert bool(found) == bool(why)
    forced = refusal(sight, force=True)
    assert bool(forced) == (sight.received is None), "nobody is there to switch to"


@pytest.mark.parametrize(("name", "value"), [("brokers", 3), ("standby", True)])
def test_what_containers_know_nothing_of_is_refused_in_one_line(tmp_path: Path, name: str, value: Any) -> None:
    settings = StackSettings(**{"state_dir": tmp_path, name: value})
    with pytest.raises(StackError, match=rf"^{name.upper()} is of the embedded stack alone"):
        ContainerStack(settings).up()
