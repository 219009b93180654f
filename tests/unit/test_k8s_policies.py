"""What every workload of deploy/k8s is held to, and what operators are asked for."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from docuvault_contracts import topics as declared

from deploy.k8s import rules, topics
from deploy.k8s.kustomize import OVERLAYS
from deploy.local.server_kafka import LARGEST_RECORD_BYTES
from deploy.local.server_minio import BUCKET, QUEUE_LIMIT, REGION, STALE_UPLOADS_EXPIRY
from deploy.observe.catalogue import labels_by_series
from deploy.observe.prometheus import RULES
from deploy.observe.store_metrics import StoreMetrics
from services.classifier.metrics import IN_LINE
from services.classifier.parsing import TOPICS as CLASSIFIER_READS
from services.janitor.parsing import TOPICS as JANITOR_READS
from services.quota.parsing import TOPICS as QUOTA_READS
from tests.unit.k8s_manifests import SERVICES, container, named, of_kind, plain_environment, pod, rendered, workloads

each_overlay = pytest.mark.parametrize("overlay", OVERLAYS)
READS = {"quota": QUOTA_READS, "janitor": JANITOR_READS, "classifier": CLASSIFIER_READS}


@each_overlay
def test_every_pod_is_fit_for_pod_security_restricted_and_writes_to_no_image(overlay: str) -> None:
    (namespace,) = of_kind(overlay, "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    for workload in workloads(overlay):
        whole, main = pod(workload), container(workload)
        assert whole["securityContext"]["runAsNonRoot"] is True
        assert whole["securityContext"]["runAsUser"] > 10_000
        assert whole["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert main["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }
        assert {"hostNetwork", "hostPID", "hostIPC"}.isdisjoint(whole)


@each_overlay
def test_no_pod_gets_a_token_of_the_cluster(overlay: str) -> None:
    for workload in workloads(overlay):
        assert pod(workload)["automountServiceAccountToken"] is False
        assert pod(workload)["serviceAccountName"] != "default"
    assert of_kind(overlay, "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding") == []


@each_overlay
def test_every_image_has_a_tag_that_names_a_release_and_every_container_its_bounds(overlay: str) -> None:
    for workload in workloads(overlay):
        main = container(workload)
        name, _, tag = main["image"].rpartition(":")
        assert name.endswith(f"docuvault/{name.rpartition('/')[2]}")
        assert tag not in {"", "latest"}
        resources = main["resources"]
        assert {"cpu", "memory"} == resources["requests"].keys()
        assert resources["limits"].keys() == {"memory"}  # a service held up by a limit of CPU misses its heartbeats


@each_overlay
def test_no_secret_is_in_the_manifests(overlay: str) -> None:
    assert of_kind(overlay, "Secret") == []
    secret = ("PASSWORD", "SECRET", "ACCESS_KEY", "ROOT_USER")
    for workload in workloads(overlay):
        assert [name for name in plain_environment(overlay, workload) if any(word in name for word in secret)] == []


@each_overlay
def test_everything_is_in_the_one_namespace(overlay: str) -> None:
    assert {each["metadata"].get("namespace") for each in rendered(overlay) if each["kind"] != "Namespace"} == {
        "docuvault"
    }


def test_a_rollout_takes_no_replica_away_before_another_is_ready() -> None:
    for name in (*SERVICES, "gateway"):
        spec = named("prod", "Deployment", name)["spec"]
        assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
        assert "replicas" not in spec  # else each `kubectl apply` would undo what scaling did
        assert named("prod", "PodDisruptionBudget", name)["spec"]["maxUnavailable"] == 1
        spread = pod(named("prod", "Deployment", name))["topologySpreadConstraints"]
        assert {each["topologyKey"] for each in spread} == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}


def test_each_is_scaled_by_one_thing_and_by_what_it_lags_behind_with() -> None:
    scaled = [
        each["spec"]["scaleTargetRef"]["name"] for each in of_kind("prod", "HorizontalPodAutoscaler", "ScaledObject")
    ]
    assert sorted(scaled) == sorted((*SERVICES, "gateway"))
    partitions = {each.name: each.partitions for each in declared.ALL}
    for each in of_kind("prod", "ScaledObject"):
        group, spec = each["metadata"]["name"], each["spec"]
        asked = [trigger["metadata"] for trigger in spec["triggers"] if trigger["type"] == "kafka"]
        assert {one["consumerGroup"] for one in asked} == {group}
        assert {one["topic"] for one in asked} == set(READS[group])
        assert 2 <= spec["minReplicaCount"] <= spec["fallback"]["replicas"] <= spec["maxReplicaCount"]
        assert spec["maxReplicaCount"] <= min(partitions[topic] for topic in READS[group])


def test_the_classifier_is_scaled_by_the_line_that_it_tells_of_itself() -> None:
    (trigger,) = (
        one for one in named("prod", "ScaledObject", "classifier")["spec"]["triggers"] if one["name"] == "line"
    )
    asked, (port,) = trigger["metadata"], named("prod", "Service", "classifier")["spec"]["ports"]
    assert trigger["type"] == "metrics-api"
    assert (asked["url"], asked["format"]) == (f"http://classifier.docuvault.svc:{port['port']}/metrics", "prometheus")
    (shown,) = IN_LINE.describe()
    assert asked["valueLocation"] == shown.name
    assert labels_by_series()[shown.name] == frozenset()  # of several KEDA takes the first


def test_who_scales_and_who_measures_has_no_key_of_a_server_but_to_look() -> None:
    given = {
        each["name"] for one in of_kind("prod", "TriggerAuthentication") for each in one["spec"]["secretTargetRef"]
    }
    assert given == {"kafka-scaler", "docuvault-cluster-ca-cert"}


def test_alerts_are_those_of_the_local_stack_and_find_the_services_by_the_same_names() -> None:
    assert rules.FILE.read_text() == rules.render(), "python -m deploy.k8s rules"
    found = [group for each in of_kind("prod", "PrometheusRule") for group in each["spec"]["groups"]]
    files = [yaml.safe_load(file.read_text())["groups"] for file in RULES.glob("*.yml")]
    by_name = {group["name"]: group for groups in files for group in groups}
    assert {group["name"]: group for group in found} == by_name
    monitor = named("prod", "PodMonitor", "services")
    jobs = {
        each["spec"]["template"]["metadata"]["labels"][monitor["spec"]["jobLabel"]]
        for each in of_kind("prod", "Deployment")
        if each["metadata"]["labels"].get("app.kubernetes.io/component") == "service"
    }
    (down,) = (rule for group in found for rule in group["rules"] if rule.get("alert") == "ServiceDown")
    assert all(re.fullmatch(named_by(down["expr"]), job) for job in jobs)


def test_each_node_of_the_store_is_asked_for_what_it_holds_back_as_the_local_one_is() -> None:
    spec = named("prod", "PodMonitor", "store")["spec"]
    (endpoint,), local = spec["podMetricsEndpoints"], StoreMetrics("host:1", "token").scraped()
    pods = named("prod", "StatefulSet", "store")["spec"]["template"]
    assert spec["selector"]["matchLabels"].items() <= pods["metadata"]["labels"].items()
    assert pods["metadata"]["labels"][spec["jobLabel"]] == local["job_name"]
    assert endpoint["path"] == local["metrics_path"]
    assert endpoint["port"] in {port["name"] for port in pods["spec"]["containers"][0]["ports"]}
    (kept,), (ours,) = endpoint["metricRelabelings"], local["metric_relabel_configs"]
    assert (kept["sourceLabels"], kept["regex"], kept["action"]) == (ours["source_labels"], ours["regex"], "keep")
    assert endpoint["authorization"]["type"] == local["authorization"]["type"]


def named_by(expression: str) -> str:
    """Which jobs it is about."""
    match = re.search(r'job=~"([^"]+)"', expression)
    assert match is not None
    return match[1]


def test_topics_are_those_of_the_contracts() -> None:
    assert topics.FILE.read_text() == topics.render(), "python -m deploy.k8s topics"
    found = {each["metadata"]["name"]: each["spec"] for each in of_kind("prod", "KafkaTopic")}
    assert found.keys() == {each.name for each in declared.ALL}
    for topic in declared.ALL:
        spec = found[topic.name]
        assert (spec["partitions"], spec["replicas"]) == (topic.partitions, 3)
        assert spec["config"]["retention.ms"] == topic.retention_ms
        assert spec["config"]["min.insync.replicas"] == 2


def test_a_record_is_on_two_brokers_and_a_commit_on_two_machines() -> None:
    assert named("prod", "KafkaNodePool", "brokers")["spec"]["replicas"] == 3
    config = named("prod", "Kafka", "docuvault")["spec"]["kafka"]["config"]
    assert (config["default.replication.factor"], config["min.insync.replicas"]) == (3, 2)
    assert config["unclean.leader.election.enable"] is False
    assert config["message.max.bytes"] >= LARGEST_RECORD_BYTES
    postgres = named("prod", "Cluster", "docuvault-postgres")["spec"]
    assert postgres["instances"] == 3
    assert postgres["postgresql"]["synchronous"] == {"method": "any", "number": 1, "dataDurability": "required"}
    assert postgres["postgresql"]["parameters"]["synchronous_commit"] == "on"


def test_nothing_of_the_small_overlay_needs_more_than_one_node() -> None:
    assert {each["spec"]["replicas"] for each in of_kind("dev", "KafkaTopic")} == {1}
    assert {each["spec"]["config"]["min.insync.replicas"] for each in of_kind("dev", "KafkaTopic")} == {1}
    assert named("dev", "Cluster", "docuvault-postgres")["spec"]["instances"] == 1
    assert named("dev", "StatefulSet", "store")["spec"]["replicas"] == 1
    assert of_kind("dev", "PodDisruptionBudget", "ScaledObject", "PodMonitor") == []


@each_overlay
def test_the_store_tells_kafka_as_that_of_the_local_stack_does(overlay: str) -> None:
    store = named(overlay, "StatefulSet", "store")
    given = plain_environment(overlay, store)
    told = {name.removesuffix("_DOCUVAULT"): value for name, value in given.items() if "NOTIFY_KAFKA" in name}
    assert told["MINIO_NOTIFY_KAFKA_TOPIC"] == declared.STORAGE_EVENTS.name
    assert told["MINIO_NOTIFY_KAFKA_QUEUE_LIMIT"] == str(QUEUE_LIMIT)
    assert (given["MINIO_API_SYNC_EVENTS"], given["MINIO_SYNC_BOOT"]) == ("on", "on")
    assert (given["MINIO_SITE_REGION"], given["MINIO_API_STALE_UPLOADS_EXPIRY"]) == (REGION, STALE_UPLOADS_EXPIRY)
    assert "*" not in given["MINIO_API_CORS_ALLOW_ORIGIN"]
    mounts: list[Any] = container(store)["volumeMounts"]
    kept = {each["metadata"]["name"] for each in store["spec"]["volumeClaimTemplates"]}
    (queue,) = (each["name"] for each in mounts if each["mountPath"] == told["MINIO_NOTIFY_KAFKA_QUEUE_DIR"])
    assert queue in kept  # else what Kafka has not heard of dies with the pod
    assert plain_environment(overlay, named(overlay, "Deployment", "quota"))["MINIO_BUCKET"] == BUCKET


def test_the_manifests_are_yaml_that_says_nothing_twice() -> None:
    for overlay in OVERLAYS:
        names = [(each["kind"], each["metadata"]["name"]) for each in rendered(overlay)]
        assert len(names) == len(set(names))
        assert yaml.safe_dump_all(rendered(overlay))
