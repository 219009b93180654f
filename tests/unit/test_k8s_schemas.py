"""The schemas that `make k8s` makes for kubeconform: what a kind's own definition does not name is an error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from deploy.k8s.check.applying import bare, pods_of
from deploy.k8s.check.schemas import write_core, write_definitions

SWAGGER = {
    "definitions": {
        "Thing": {
            "type": "object",
            "properties": {"spec": {"$ref": "#/definitions/Spec"}},
            "x-kubernetes-group-version-kind": [{"kind": "Thing", "group": "", "version": "v1"}],
        },
        "Spec": {
            "type": "object",
            "properties": {
                "port": {"$ref": "#/definitions/io.k8s.apimachinery.pkg.util.intstr.IntOrString"},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        },
    }
}
DEFINITION = {
    "kind": "CustomResourceDefinition",
    "spec": {
        "group": "example.org",
        "names": {"kind": "Other"},
        "versions": [
            {
                "name": "v2",
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {"type": "object", "properties": {"a": {"type": "integer"}}},
                            "free": {
                                "type": "object",
                                "properties": {"b": {"type": "integer"}},
                                "x-kubernetes-preserve-unknown-fields": True,
                            },
                        },
                    }
                },
            }
        ],
    },
}


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def test_a_kind_of_kubernetes_is_written_whole_and_closed(tmp_path: Path) -> None:
    (tmp_path / "swagger.json").write_text(json.dumps(SWAGGER))
    write_core(tmp_path / "swagger.json", tmp_path, [("Thing", "", "v1"), ("Unknown", "", "v1")])
    schema = read(tmp_path / "thing-v1-v1.json")
    spec = schema["properties"]["spec"]
    assert (schema["additionalProperties"], spec["additionalProperties"]) == (False, False)
    assert spec["properties"]["port"] == {"type": ["string", "integer"]}
    assert spec["properties"]["labels"]["additionalProperties"] == {"type": "string"}
    assert not list(tmp_path.glob("unknown*"))  # kubeconform says that it has none


def test_a_kind_of_an_operator_is_closed_but_where_it_says_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "other.yaml"
    file.write_text(yaml.safe_dump(DEFINITION))
    write_definitions([file], tmp_path)
    schema = read(tmp_path / "other-example.org-v2.json")
    assert schema["properties"]["spec"]["additionalProperties"] is False
    assert "additionalProperties" not in schema["properties"]["free"]


def test_a_pod_has_the_volumes_that_a_controller_claims_for_it() -> None:
    template = {"metadata": {"labels": {}}, "spec": {"volumes": [{"name": "tmp", "emptyDir": {}}], "containers": []}}
    spec = {"template": template, "volumeClaimTemplates": [{"metadata": {"name": "objects"}}]}
    (pod,) = pods_of([{"kind": "StatefulSet", "metadata": {"name": "store"}, "spec": spec}])
    assert [each["name"] for each in pod["spec"]["volumes"]] == ["tmp", "objects"]


def test_a_pod_is_asked_for_as_its_controller_would_and_bare_to_see_it_refused() -> None:
    secure = {"runAsNonRoot": True}
    spec = {"securityContext": secure, "containers": [{"name": "main", "securityContext": secure}]}
    template = {"metadata": {"labels": {"a": "b"}}, "spec": spec}
    workload = {"kind": "Deployment", "metadata": {"name": "upload"}, "spec": {"template": template}}
    (pod,) = pods_of([workload, {"kind": "Service", "metadata": {"name": "upload"}}])
    assert (pod["kind"], pod["metadata"]["name"], pod["metadata"]["labels"]) == ("Pod", "upload", {"a": "b"})
    assert pod["spec"] == {**spec, "volumes": []}
    assert bare(pod)["spec"]["containers"] == [{"name": "main", "securityContext": {}}]
