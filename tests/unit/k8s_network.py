"""Who reaches whom by a set of NetworkPolicies, as Kubernetes reads them: they add up, and it takes both ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deploy.k8s.kustomize import Resource

Edge = tuple[str, str, int]
"""From whom, to whom, on which port."""
ANYBODY, INTERNET = "anybody", "internet"


def edges(policies: Sequence[Resource], pods: Mapping[str, Mapping[str, str]]) -> tuple[set[Edge], set[Edge]]:
    """What is allowed, and what one end alone allows between two pods of ours: a rule that says nothing."""
    goes = {edge for each in policies for edge in _allowed(each, pods, "Egress")}
    comes = {edge for each in policies for edge in _allowed(each, pods, "Ingress")}
    both = {edge for edge in goes & comes if edge[0] != edge[1] or edge[0] in pods}
    ours = pods.keys()
    outwards = {edge for edge in goes if edge[1] not in ours}
    inwards = {edge for edge in comes if edge[0] not in ours}
    open_ports = {(to, port) for frm, to, port in inwards if frm == ANYBODY}
    through = {edge for edge in goes if edge[1] in ours and edge[1:] in open_ports}
    alone = {edge for edge in goes ^ comes if {edge[0], edge[1]} <= ours} - through
    return both | outwards | inwards | through, alone


def shut(policies: Sequence[Resource], pods: Mapping[str, Mapping[str, str]]) -> dict[str, set[str]]:
    """Of each pod the directions in which nothing goes but what is allowed."""
    return {
        name: {
            kind
            for each in policies
            if _selects(each["spec"]["podSelector"], labels)
            for kind in each["spec"]["policyTypes"]
        }
        for name, labels in pods.items()
    }


def _allowed(policy: Resource, pods: Mapping[str, Mapping[str, str]], kind: str) -> Iterator[Edge]:
    spec, side = policy["spec"], "to" if kind == "Egress" else "from"
    if kind not in spec["policyTypes"]:
        return
    for name, labels in pods.items():
        if not _selects(spec["podSelector"], labels):
            continue
        for rule in spec.get(kind.lower(), ()):
            for peer in _peers(rule.get(side), pods):
                for port in rule["ports"]:
                    yield (name, peer, port["port"]) if kind == "Egress" else (peer, name, port["port"])


def _peers(peers: Sequence[Mapping[str, Any]] | None, pods: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    if peers is None:
        yield ANYBODY
    for peer in peers or ():
        if "ipBlock" in peer:
            yield INTERNET
        elif "namespaceSelector" in peer:
            yield peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
        else:
            yield from (name for name, labels in pods.items() if _selects(peer["podSelector"], labels))


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    equal = all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
    return equal and all(_matches(each, labels) for each in selector.get("matchExpressions", ()))


def _matches(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    if expression["operator"] != "In":
        raise NotImplementedError(expression["operator"])
    return labels.get(expression["key"]) in expression["values"]
