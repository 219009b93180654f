"""The manifests of deploy/k8s as kustomize renders them, and ways to ask about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from deploy.k8s.kustomize import FOLDER, NoKustomizeError, Resource, render, resources

SERVICES = ("upload", "quota", "janitor", "classifier")
ROOT = Path(__file__).parents[2]


@cache
def _text(overlay: str) -> str:
    return render(FOLDER / "overlays" / overlay)


@cache
def rendered(overlay: str) -> tuple[Resource, ...]:
    """Skips where there is no kustomize: it comes with kubectl, which a machine has or has not."""
    try:
        return tuple(resources(_text(overlay)))
    except NoKustomizeError as error:
        pytest.skip(str(error))


def of_kind(overlay: str, *kinds: str) -> list[Resource]:
    return [each for each in rendered(overlay) if each["kind"] in kinds]


def named(overlay: str, kind: str, name: str) -> Resource:
    """The one of that kind and name, without the hash that kustomize puts behind a generated one's."""
    (found,) = (each for each in of_kind(overlay, kind) if each["metadata"]["name"] == name)
    return found


def workloads(overlay: str) -> list[Resource]:
    return of_kind(overlay, "Deployment", "StatefulSet", "Job")


def pod(workload: Resource) -> Mapping[str, Any]:
    found: Mapping[str, Any] = workload["spec"]["template"]["spec"]
    return found


def container(workload: Resource) -> Mapping[str, Any]:
    (found,) = pod(workload)["containers"]
    return found  # type: ignore[no-any-return]


def plain_environment(overlay: str, workload: Resource) -> dict[str, str]:
    """Name and value of what comes out of ConfigMaps or stands there; of a later one the value counts."""
    maps = {each["metadata"]["name"]: each.get("data", {}) for each in of_kind(overlay, "ConfigMap")}
    found: dict[str, str] = {}
    for source in container(workload).get("envFrom", ()):
        found |= maps[source["configMapRef"]["name"]]
    found |= {each["name"]: each["value"] for each in container(workload).get("env", ()) if "value" in each}
    return found


def mounted(workload: Resource) -> Iterator[tuple[str, str, str]]:
    """Secret, key and path of each file that the container finds in its volumes."""
    at = {each["name"]: each["mountPath"] for each in container(workload).get("volumeMounts", ())}
    for volume in pod(workload).get("volumes", ()):
        one = [{"name": volume["secret"]["secretName"], **volume["secret"]}] if "secret" in volume else []
        many = [each["secret"] for each in volume.get("projected", {}).get("sources", ())]
        for source in one + many:
            for item in source["items"]:  # whoever mounts a whole Secret gets what he did not ask for
                yield source["name"], item["key"], f"{at[volume['name']]}/{item['path']}"


def made_by_operators(overlay: str) -> set[tuple[str, str]]:
    """Secret and key of what Strimzi and CloudNativePG make of their resources."""
    (kafka,) = of_kind(overlay, "Kafka")
    prefix = kafka["spec"]["entityOperator"]["userOperator"]["secretPrefix"]
    accounts = {(f"{prefix}{each['metadata']['name']}", "password") for each in of_kind(overlay, "KafkaUser")}
    clusters = {(f"{each['metadata']['name']}-ca", "ca.crt") for each in of_kind(overlay, "Cluster")}
    return accounts | clusters | {(f"{kafka['metadata']['name']}-cluster-ca-cert", "ca.crt")}


def secrets_of(workload: Resource) -> Iterator[tuple[str, str, str]]:
    """Variable, Secret and key of each reference."""
    for each in container(workload).get("env", ()):
        if reference := each.get("valueFrom", {}).get("secretKeyRef"):
            yield each["name"], reference["name"], reference["key"]
