"""The manifests, applied to an API server, and the pods they would come to, asked of its admission."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from deploy.k8s.kustomize import Resource
from deploy.local.errors import StackError

MANAGED = ("--server-side", "--force-conflicts", "--field-manager=check", "--validate=strict", "--warnings-as-errors")
"""Strict: a field that the server does not know is an error, and so is whatever it warns of."""


class Cluster:
    """An API server, by kubectl."""

    def __init__(self, config: Path) -> None:
        self._config = config

    def apply(self, resources: Sequence[Resource], *options: str) -> int:
        """Applies them. Raises StackError with the server's words. Returns how many there were."""
        self._run(("apply", *MANAGED, *options, "-f", "-"), yaml.safe_dump_all(resources))
        return len(resources)

    def refuses(self, resource: Resource) -> str:
        """Why the server does not take it. Raises StackError where it does."""
        try:
            self.apply([resource], "--dry-run=server")
        except StackError as error:
            return str(error)
        raise StackError(f"the API server takes {resource['kind']} {resource['metadata']['name']}")

    def forget_jobs(self) -> None:
        """As the how-to says, before the jobs of another release."""
        label = "app.kubernetes.io/component in (migrate, setup)"
        self._run(("-n", "docuvault", "delete", "job", "--selector", label, "--ignore-not-found"))

    def wait(self, *names: str) -> None:
        """Until the server serves these resource definitions."""
        self._run(("wait", "--for=condition=Established", "--timeout=60s", *names))

    def _run(self, arguments: Iterable[str], text: str | None = None) -> None:
        command = ["kubectl", "--kubeconfig", str(self._config), *arguments]
        says = subprocess.run(command, input=text, capture_output=True, text=True, check=False)  # noqa: S603 - kubectl
        if says.returncode != 0:
            raise StackError(says.stderr.strip())


def pods_of(resources: Iterable[Resource]) -> list[Resource]:
    """A pod of each workload's template, as its controller would make it."""
    return [_pod(each) for each in resources if each["kind"] in {"Deployment", "StatefulSet", "Job"}]


def _pod(workload: Resource) -> Resource:
    template = workload["spec"]["template"]
    metadata = {**template["metadata"], "name": workload["metadata"]["name"], "namespace": "docuvault"}
    claimed = [_claimed(each["metadata"]["name"]) for each in workload["spec"].get("volumeClaimTemplates", ())]
    spec = {**template["spec"], "volumes": [*template["spec"].get("volumes", ()), *claimed]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _claimed(name: str) -> Mapping[str, object]:
    return {"name": name, "persistentVolumeClaim": {"claimName": name}}


def bare(pod: Resource) -> Resource:
    """The same pod without what Pod Security asks for."""
    spec: Mapping[str, Any] = pod["spec"]
    containers = [{**each, "securityContext": {}} for each in spec["containers"]]
    return {**pod, "spec": {**spec, "securityContext": {}, "containers": containers}}


def open_definition(kind: str, plural: str, group: str, version: str) -> Resource:
    """A resource definition that takes anything, for kinds whose real one no package holds."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    served = {"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": anything}}
    names = {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [served]},
    }
