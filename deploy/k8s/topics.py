"""The topics as Strimzi's resources, made of the contracts' declarations, so that the two cannot differ.

`python -m deploy.k8s topics` writes servers/topics.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml
from docuvault_contracts.topics import ALL, Topic

FILE = Path(__file__).with_name("servers") / "topics.yaml"
CLUSTER = "docuvault"
REPLICAS = 3
IN_SYNC = 2
"""So many replicas have a record before it is acknowledged."""
_HEAD = "# Made by `python -m deploy.k8s topics` of contracts/docuvault_contracts/topics.py: change that.\n"


def render() -> str:
    """The text of servers/topics.yaml."""
    text: str = yaml.safe_dump_all([_resource(topic) for topic in ALL], sort_keys=False, width=120)
    return _HEAD + text


def _resource(topic: Topic) -> Mapping[str, object]:
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaTopic",
        "metadata": {
            "name": topic.name,
            "labels": {"strimzi.io/cluster": CLUSTER, "app.kubernetes.io/part-of": "docuvault"},
        },
        "spec": {"partitions": topic.partitions, "replicas": REPLICAS, "config": _configuration(topic)},
    }


def _configuration(topic: Topic) -> Mapping[str, object]:
    segments = {} if topic.segment_ms is None else {"segment.ms": topic.segment_ms}
    return {
        "cleanup.policy": "delete",
        "retention.ms": topic.retention_ms,
        "max.message.bytes": topic.max_message_bytes,
        "min.insync.replicas": IN_SYNC,
        **segments,
    }
