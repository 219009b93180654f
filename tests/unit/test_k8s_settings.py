"""Each service of deploy/k8s starts by what its manifest gives it: its own settings model is built from that, as is."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import pytest
from pydantic_settings import BaseSettings

from deploy.k8s import secrets
from deploy.k8s.kustomize import OVERLAYS, resources
from services.chassis.migrate import SERVICES as MIGRATED
from services.chassis.migrate import MigrateSettings
from services.chassis.run import CANCEL_SECONDS, STOP_SECONDS
from tests.unit.k8s_manifests import (
    ROOT,
    SERVICES,
    container,
    made_by_operators,
    mounted,
    named,
    of_kind,
    plain_environment,
    pod,
    secrets_of,
    workloads,
)

PREPARED = frozenset({"DATABASE_PASSWORD"})
"""What only stands in the value of another variable."""


@pytest.fixture(autouse=True)
def nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of this machine is nothing that a manifest gives."""
    for name in ("DATABASE_URL", "JWT_SECRET", "HTTP_HOST", "HTTP_PORT", "LOG_LEVEL", "REPLICA", "MIGRATE"):
        monkeypatch.delenv(name, raising=False)


def generated() -> dict[tuple[str, str], str]:
    """What `python -m deploy.k8s secrets` makes, by Secret and key."""
    made = resources(secrets.render())
    return {(each["metadata"]["name"], key): value for each in made for key, value in each["stringData"].items()}


def environment(overlay: str, workload: Any) -> dict[str, str]:
    """All that the container is started with, `$(NAME)` filled in as the kubelet does."""
    values = dict.fromkeys(made_by_operators(overlay), "made") | generated()
    found = {name: values[secret, key] for name, secret, key in secrets_of(workload)}
    found |= {"REPLICA": "quota-1"} | plain_environment(overlay, workload)
    filled = {name: re.sub(r"\$\((\w+)\)", lambda match: found[match[1]], value) for name, value in found.items()}
    return {name: _with_files(value, workload) for name, value in filled.items()}


def _with_files(value: str, workload: Any) -> str:
    """Where it names a file that the container has, one that is there."""
    for _, _, path in mounted(workload):
        value = value.replace(path, __file__)
    return value


def model_of(service: str) -> type[BaseSettings]:
    model: type[BaseSettings] = import_module(f"services.{service}.settings").Settings
    return model


def built(model: type[BaseSettings], given: dict[str, str]) -> Any:
    return model.model_validate({name.lower(): value for name, value in given.items() if name not in PREPARED})


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_given_what_its_settings_take_and_nothing_else(overlay: str, service: str) -> None:
    given = environment(overlay, named(overlay, "Deployment", service))
    unknown = {name for name in given if name.lower() not in model_of(service).model_fields} - PREPARED
    assert unknown == set()
    settings = built(model_of(service), given)
    assert settings.migrate == "never"
    assert settings.database_url.get_secret_value().startswith(f"postgresql://{service}:")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_migration_is_given_its_database_and_nothing_else(overlay: str) -> None:
    for service in MIGRATED:
        job = named(overlay, "Job", f"migrate-{service}")
        given = environment(overlay, job)
        assert given.keys() == {"DATABASE_URL", *PREPARED, "REPLICA"}
        assert f"postgresql://{service}:" in built(MigrateSettings, given).database_url.get_secret_value()
        assert container(job)["command"][-3:] == ["-m", "services.chassis.migrate", service]
        assert container(job)["image"] == container(named(overlay, "Deployment", service))["image"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_all_services_agree_on_how_long_a_key_lives(overlay: str) -> None:
    shared = ("upload_url_minutes", "multipart_days", "sweep_age_seconds", "tombstone_retention_seconds")
    settings = [built(model_of(one), environment(overlay, named(overlay, "Deployment", one))) for one in SERVICES]
    assert len({tuple(getattr(each, name) for name in shared) for each in settings}) == 1
    assert {each.minio_bucket for each in settings} == {"documents"}


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("service", SERVICES)
def test_ports_and_probes_are_those_of_the_service(overlay: str, service: str) -> None:
    deployment = named(overlay, "Deployment", service)
    settings = built(model_of(service), environment(overlay, deployment))
    main = container(deployment)
    assert main["ports"] == [{"name": "http", "containerPort": settings.http_port}]
    probes = {name: main[f"{name}Probe"]["httpGet"] for name in ("startup", "readiness", "liveness")}
    assert probes == {
        "startup": {"path": "/readyz", "port": "http"},
        "readiness": {"path": "/healthz", "port": "http"},
        "liveness": {"path": "/healthz", "port": "http"},
    }
    patience = main["startupProbe"]["periodSeconds"] * main["startupProbe"]["failureThreshold"]
    assert patience > settings.database_startup_wait_seconds + settings.schema_wait_seconds


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_gateway_finds_each_service_by_its_name_on_its_port(overlay: str) -> None:
    for service in ("upload", "quota", "classifier"):
        (port,) = named(overlay, "Service", service)["spec"]["ports"]
        assert (port["port"], port["targetPort"]) == (8080, "http")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_service_has_the_time_to_stop_that_the_chassis_takes(overlay: str) -> None:
    keeps = int(re.search(r"keepalive (\d+)s", (ROOT / "deploy/gateway/Caddyfile.template").read_text())[1])  # type: ignore[index]
    for service in SERVICES:
        deployment = named(overlay, "Deployment", service)
        (*_, code) = container(deployment)["lifecycle"]["preStop"]["exec"]["command"]
        waits = int(re.search(r"SIGUSR1\); time\.sleep\((\d+)\)", code)[1])  # type: ignore[index]
        assert waits > keeps  # else the gateway uses a connection just as it is closed
        settings = built(model_of(service), environment(overlay, deployment))
        stops = STOP_SECONDS + 2 * CANCEL_SECONDS + settings.kafka_stop_timeout_seconds
        assert pod(deployment)["terminationGracePeriodSeconds"] >= waits + stops


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_secret_that_is_named_is_one_that_the_command_or_an_operator_makes(overlay: str) -> None:
    made = generated()
    wanted = {(secret, key) for each in workloads(overlay) for _, secret, key in secrets_of(each)}
    wanted |= {(secret, key) for each in workloads(overlay) for secret, key, _ in mounted(each)}
    wanted |= {
        (endpoint["authorization"]["credentials"]["name"], endpoint["authorization"]["credentials"]["key"])
        for monitor in of_kind(overlay, "PodMonitor")
        for endpoint in monitor["spec"]["podMetricsEndpoints"]
        if "authorization" in endpoint
    }
    assert wanted <= made.keys() | made_by_operators(overlay)
    roles = named(overlay, "Cluster", "docuvault-postgres")["spec"]["managed"]["roles"]
    for role in roles:
        assert made[role["passwordSecret"]["name"], "username"] == role["name"]


def test_replicas_and_their_pools_fit_into_the_database() -> None:
    most = {
        each["metadata"]["name"]: each["spec"]["maxReplicas"] for each in of_kind("prod", "HorizontalPodAutoscaler")
    }
    most |= {each["metadata"]["name"]: each["spec"]["maxReplicaCount"] for each in of_kind("prod", "ScaledObject")}
    wanted = 0
    for service in SERVICES:
        deployment = named("prod", "Deployment", service)
        settings = built(model_of(service), environment("prod", deployment))
        surge = deployment["spec"]["strategy"]["rollingUpdate"]["maxSurge"]
        wanted += (most[service] + surge) * (settings.database_pool_size + (service == "upload"))
    cluster = named("prod", "Cluster", "docuvault-postgres")["spec"]
    assert wanted + len(MIGRATED) * 10 + 13 <= int(cluster["postgresql"]["parameters"]["max_connections"])


def test_readers_of_documents_fit_into_the_memory_of_the_classifier() -> None:
    deployment = named("prod", "Deployment", "classifier")
    settings = built(model_of("classifier"), environment("prod", deployment))
    limit = int(container(deployment)["resources"]["limits"]["memory"].removesuffix("Mi")) * 1024 * 1024
    assert settings.classifier_workers > 0  # else as many as the node has cores
    assert settings.classifier_workers * settings.sandbox_memory_bytes + 512 * 1024 * 1024 <= limit
