"""The network of deploy/k8s: nobody reaches anybody, but for what docs/how-to/kubernetes.md lists."""

from __future__ import annotations

import re

from tests.unit.k8s_manifests import ROOT, SERVICES, of_kind, workloads
from tests.unit.k8s_network import Edge, edges, shut

PAGE = ROOT / "docs" / "how-to" / "kubernetes.md"
MADE_BY_OPERATORS = {
    "postgres": {"cnpg.io/cluster": "docuvault-postgres"},
    "kafka": {"strimzi.io/cluster": "docuvault", "strimzi.io/name": "docuvault-kafka"},
    "topic operator": {"strimzi.io/cluster": "docuvault", "strimzi.io/name": "docuvault-entity-operator"},
}


def pods() -> dict[str, dict[str, str]]:
    """All there are, by name; the four migrations are alike."""
    ours = {each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"] for each in workloads("prod")}
    return {
        ("migrations" if name == "migrate-quota" else name): labels for name, labels in ours.items()
    } | MADE_BY_OPERATORS


def alike(name: str) -> str:
    return "migrations" if name.startswith("migrate-") else name


def allowed() -> set[Edge]:
    found, _ = edges(of_kind("prod", "NetworkPolicy"), pods())
    return {(alike(frm), alike(to), port) for frm, to, port in found}


def listed() -> set[Edge]:
    """The page's table: from, to, ports, why."""
    found = set()
    for frm, to, ports in re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([\d, ]+) \|", PAGE.read_text(), re.MULTILINE):
        for one in _names(frm):
            found |= {(one, other, int(port)) for other in _names(to) for port in ports.split(",")}
    return found


def _names(cell: str) -> set[str]:
    """`each` stands for every pod there is."""
    names = set(re.findall(r"`([^`]+)`", cell))
    every = {alike(name) for name in pods()} if "each" in names else set()
    return (names - {"each"}) | every


def test_who_reaches_whom_is_what_the_page_says() -> None:
    assert allowed() == listed()


def test_a_connection_between_two_of_ours_is_allowed_at_both_ends() -> None:
    _, alone = edges(of_kind("prod", "NetworkPolicy"), pods())
    assert alone == set()


def test_everybody_is_shut_in_both_directions() -> None:
    assert all(kinds == {"Ingress", "Egress"} for kinds in shut(of_kind("prod", "NetworkPolicy"), pods()).values())
    assert all(kinds == {"Ingress", "Egress"} for kinds in shut(of_kind("dev", "NetworkPolicy"), pods()).values())


def test_a_service_reaches_no_other_service_and_its_own_servers_alone() -> None:
    servers = {service: {to for frm, to, _ in allowed() if frm == service} for service in SERVICES}
    assert servers == {
        "upload": {"postgres", "kafka", "store", "kube-system", "internet"},
        "quota": {"postgres", "kafka", "kube-system", "internet"},
        "janitor": {"postgres", "kafka", "store", "kube-system"},
        "classifier": {"postgres", "kafka", "store", "kube-system", "internet"},
    }


def test_the_internet_is_no_network_of_the_cluster() -> None:
    (policy,) = (each for each in of_kind("prod", "NetworkPolicy") if each["metadata"]["name"] == "outside")
    (rule,) = policy["spec"]["egress"]
    private = {"10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"}
    assert private <= set(rule["to"][0]["ipBlock"]["except"])
    assert rule["ports"] == [{"port": 443, "protocol": "TCP"}]
