"""Who speaks to PostgreSQL and Kafka of deploy/k8s, as whom, and how each knows the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from deploy.access import ACCOUNTS, OPERATORS
from deploy.k8s import users
from deploy.k8s.kustomize import OVERLAYS, Resource
from deploy.local.credentials import STORE_USERS
from tests.unit.k8s_manifests import (
    SERVICES,
    container,
    mounted,
    named,
    of_kind,
    plain_environment,
    pod,
    rendered,
    secrets_of,
    workloads,
)

each_overlay = pytest.mark.parametrize("overlay", OVERLAYS)
KAFKA_PORT = 9093
CERTIFICATE = {"docuvault-cluster-ca-cert", "docuvault-postgres-ca"}


def allowed(user: Resource) -> set[tuple[str, str, str]]:
    acls = user["spec"].get("authorization", {}).get("acls", ())
    assert all(each.get("type", "allow") == "allow" for each in acls)
    assert all(each["resource"]["patternType"] == "literal" for each in acls)
    return {(each["resource"]["type"], each["resource"]["name"], one) for each in acls for one in each["operations"]}


def test_accounts_are_those_of_the_one_list() -> None:
    assert users.FILE.read_text() == users.render(), "python -m deploy.k8s users"
    found = {each["metadata"]["name"]: allowed(each) for each in of_kind("prod", "KafkaUser")}
    assert found.keys() == {*ACCOUNTS, OPERATORS, users.SCALER}
    for name, access in ACCOUNTS.items():
        assert found[name] == {(rule.kind.value, rule.name, rule.operation.value) for rule in access.rules}
    assert found[OPERATORS] == set()
    assert not {"Read", "Write"} & {operation for _, _, operation in found[users.SCALER]}


@each_overlay
def test_kafka_has_one_way_in_with_tls_and_an_account_and_refuses_what_nobody_was_allowed(overlay: str) -> None:
    kafka = named(overlay, "Kafka", "docuvault")["spec"]["kafka"]
    (listener,) = kafka["listeners"]
    assert (listener["port"], listener["tls"]) == (KAFKA_PORT, True)
    assert listener["authentication"] == {"type": "scram-sha-512"}
    assert kafka["authorization"] == {"type": "simple", "superUsers": [OPERATORS]}
    for user in of_kind(overlay, "KafkaUser"):
        assert user["spec"]["authentication"] == {"type": "scram-sha-512"}


@each_overlay
def test_strimzis_own_policy_lets_nobody_in_that_ours_do_not(overlay: str) -> None:
    (listener,) = named(overlay, "Kafka", "docuvault")["spec"]["kafka"]["listeners"]
    ours = [
        peer
        for policy in of_kind(overlay, "NetworkPolicy")
        if policy["spec"]["podSelector"].get("matchLabels", {}).get("strimzi.io/name") == "docuvault-kafka"
        for rule in policy["spec"].get("ingress", ())
        if KAFKA_PORT in {port["port"] for port in rule["ports"]}
        for peer in rule["from"]
    ]
    assert sorted(map(repr, listener["networkPolicyPeers"])) == sorted(map(repr, ours))


@each_overlay
def test_each_service_comes_to_kafka_as_itself(overlay: str) -> None:
    for service in SERVICES:
        deployment = named(overlay, "Deployment", service)
        given = plain_environment(overlay, deployment)
        assert given["KAFKA_SECURITY_PROTOCOL"] == "SASL_SSL"
        assert given["KAFKA_SASL_USERNAME"] == service
        assert ("KAFKA_SASL_PASSWORD", f"{users.SECRETS}{service}", "password") in set(secrets_of(deployment))
        assert given["KAFKA_SSL_CAFILE"] == files(deployment)["docuvault-cluster-ca-cert"]


@each_overlay
def test_the_store_comes_to_kafka_as_itself_and_knows_it(overlay: str) -> None:
    store = named(overlay, "StatefulSet", "store")
    given = plain_environment(overlay, store)
    told = {name: value for name, value in given.items() if name.startswith("MINIO_NOTIFY_KAFKA_")}
    assert {told[f"MINIO_NOTIFY_KAFKA_{name}_DOCUVAULT"] for name in ("ENABLE", "TLS", "SASL")} == {"on"}
    assert told["MINIO_NOTIFY_KAFKA_SASL_MECHANISM_DOCUVAULT"] == "sha512"
    assert told["MINIO_NOTIFY_KAFKA_SASL_USERNAME_DOCUVAULT"] == "store"
    assert "MINIO_NOTIFY_KAFKA_TLS_SKIP_VERIFY_DOCUVAULT" not in told
    secret = ("MINIO_NOTIFY_KAFKA_SASL_PASSWORD_DOCUVAULT", f"{users.SECRETS}store", "password")
    assert secret in set(secrets_of(store))
    command = container(store)["command"]
    certificates = command[command.index("--certs-dir") + 1]
    assert files(store)["docuvault-cluster-ca-cert"].startswith(f"{certificates}/CAs/")


def files(workload: Resource) -> Mapping[str, str]:
    """Where the certificates of authorities are; of each Secret of one nothing else is mounted."""
    found = [(secret, key, path) for secret, key, path in mounted(workload) if secret in CERTIFICATE]
    assert {key for _, key, _ in found} <= {"ca.crt"}  # the one of PostgreSQL's has a key in it, too
    return {secret: path for secret, _, path in found}


@each_overlay
def test_whoever_has_a_database_checks_its_name_and_authority(overlay: str) -> None:
    having = [each for each in workloads(overlay) if "DATABASE_URL" in plain_environment(overlay, each)]
    assert len(having) == 2 * len(SERVICES)
    for each in having:
        url = urlsplit(plain_environment(overlay, each)["DATABASE_URL"])
        assert url.hostname == "docuvault-postgres-rw"  # CloudNativePG's certificate has it, as it has no address
        asked = parse_qs(url.query)
        assert asked == {"sslmode": ["verify-full"], "sslrootcert": [files(each)["docuvault-postgres-ca"]]}


@each_overlay
def test_no_secret_can_be_written_to_where_it_is_mounted(overlay: str) -> None:
    for each in workloads(overlay):
        secret = {volume["name"] for volume in pod(each)["volumes"] if {"secret", "projected"} & volume.keys()}
        mounts: list[Any] = container(each)["volumeMounts"]
        assert all(mount.get("readOnly") for mount in mounts if mount["name"] in secret)


@each_overlay
def test_postgresql_takes_nobody_without_tls(overlay: str) -> None:
    rules = [line.split() for line in named(overlay, "Cluster", "docuvault-postgres")["spec"]["postgresql"]["pg_hba"]]
    assert [rule[0] for rule in rules] == ["hostssl", "hostnossl"]
    assert rules[0] == ["hostssl", "all", "all", "all", "scram-sha-256"]
    assert rules[1][-1] == "reject"


def test_keda_comes_to_kafka_with_an_account_that_sees_what_it_asks_for_and_nothing_else() -> None:
    triggers = [
        each for one in of_kind("prod", "ScaledObject") for each in one["spec"]["triggers"] if each["type"] == "kafka"
    ]
    told = [each["metadata"] for each in triggers]
    assert {(each["tls"], each["sasl"]) for each in told} == {("enable", "scram_sha512")}
    assert {each["bootstrapServers"].rpartition(":")[2] for each in told} == {str(KAFKA_PORT)}
    assert {each["authenticationRef"]["name"] for each in triggers} == {"lag"}
    spec = named("prod", "TriggerAuthentication", "lag")["spec"]
    (name,) = spec["configMapTargetRef"]
    assert named("prod", "ConfigMap", name["name"])["data"][name["key"]] == users.SCALER
    given = {(each["parameter"], each["name"], each["key"]) for each in spec["secretTargetRef"]}
    assert given == {
        ("password", f"{users.SECRETS}{users.SCALER}", "password"),
        ("ca", "docuvault-cluster-ca-cert", "ca.crt"),
    }
    asked = {("topic", each["topic"], "Describe") for each in told}
    asked |= {("group", each["consumerGroup"], "Describe") for each in told}
    assert allowed(named("prod", "KafkaUser", users.SCALER)) == asked


@each_overlay
def test_nothing_speaks_of_the_plain_listener(overlay: str) -> None:
    assert "9092" not in repr(rendered(overlay))


@each_overlay
def test_the_store_is_set_up_by_a_job_that_has_the_stores_keys_and_no_others(overlay: str) -> None:
    job = named(overlay, "Job", "store-setup")
    given = plain_environment(overlay, job)
    assert list(secrets_of(job)) == []
    keys = {
        (f"store-{user}", key, f"{given['STORE_KEYS_DIR']}/{user}/{key}")
        for user in ("root", *STORE_USERS)
        for key in ("access-key", "secret-key")
    }
    assert set(mounted(job)) == keys
    assert given["MINIO_ENDPOINT"] == "store:9000"
    assert container(job)["command"][-2:] == ["-m", "deploy.containers.setup_store"]
