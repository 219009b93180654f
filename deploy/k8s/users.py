"""Kafka's accounts as Strimzi's resources, made of deploy/access.py, so that the two cannot differ.

`python -m deploy.k8s users` writes servers/users.yaml. Strimzi makes each account's password, in a Secret
`kafka-<account>`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from deploy.access import ACCOUNTS, OPERATORS, READ_AS_GROUP, Access, Kind, Rule
from deploy.k8s.topics import CLUSTER

FILE = Path(__file__).with_name("servers") / "users.yaml"
SECRETS = "kafka-"
"""What the names of the Secrets begin with: `secretPrefix` in servers/kafka.yaml."""
SCALER = "scaler"
"""The account of KEDA, which asks how far behind the groups are that it scales, and for nothing else."""
SCALED = ("quota", "janitor", "classifier")
_HEAD = "# Made by `python -m deploy.k8s users` of deploy/access.py: change that.\n"


def render() -> str:
    """The text of servers/users.yaml."""
    resources = [_user(name, access.rules) for name, access in accounts().items()]
    text: str = yaml.safe_dump_all([*resources, _user(OPERATORS)], sort_keys=False, width=120)
    return _HEAD + text


def accounts() -> Mapping[str, Access]:
    """All but the operators', who may do anything (`superUsers` in servers/kafka.yaml)."""
    asked = frozenset().union(*(READ_AS_GROUP[group] for group in SCALED))
    return {**ACCOUNTS, SCALER: Access(describes=asked, watches=frozenset(SCALED))}


def _user(name: str, rules: Iterable[Rule] = ()) -> Mapping[str, object]:
    spec: dict[str, object] = {"authentication": {"type": "scram-sha-512"}}
    if allowed := _allowed(rules):
        spec["authorization"] = {"type": "simple", "acls": allowed}
    labels = {"strimzi.io/cluster": CLUSTER, "app.kubernetes.io/part-of": "docuvault"}
    metadata = {"name": name, "labels": labels}
    return {"apiVersion": "kafka.strimzi.io/v1", "kind": "KafkaUser", "metadata": metadata, "spec": spec}


def _allowed(rules: Iterable[Rule]) -> list[Mapping[str, object]]:
    """One entry a resource, in the order of their names."""
    operations: dict[tuple[Kind, str], list[str]] = {}
    for rule in sorted(rules):
        operations.setdefault((rule.kind, rule.name), []).append(rule.operation.value)
    return [
        {"resource": {"type": kind.value, "name": name, "patternType": "literal"}, "operations": allowed}
        for (kind, name), allowed in operations.items()
    ]
