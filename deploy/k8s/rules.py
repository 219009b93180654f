"""Alerts and recording rules as the Prometheus operator's resources, made of those of the local stack.

`python -m deploy.k8s rules` writes monitoring/rules.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from deploy.observe.prometheus import RULES

FILE = Path(__file__).with_name("monitoring") / "rules.yaml"
_HEAD = "# Made by `python -m deploy.k8s rules` of deploy/observe/rules: change those.\n"


def render() -> str:
    """The text of monitoring/rules.yaml: a resource of the name of each file."""
    text: str = yaml.safe_dump_all(list(_resources()), sort_keys=False, width=120)
    return _HEAD + text


def _resources() -> Iterator[Mapping[str, object]]:
    for file in sorted(RULES.glob("*.yml")):
        spec: Mapping[str, Any] = yaml.safe_load(file.read_text("utf-8"))
        metadata = {"name": f"docuvault-{file.stem}", "labels": {"app.kubernetes.io/part-of": "docuvault"}}
        kind = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule"}
        yield {**kind, "metadata": metadata, "spec": spec}
