"""Strimzi's resource definitions, made by its own generator out of its own types: no registry here has them as YAML."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from deploy.local.artefacts import artefact
from deploy.local.bootstrap import cache_folder
from deploy.local.console import Note, Steps
from deploy.local.errors import StackError
from deploy.local.provision_kafka import download, read_lock

LOCK = Path(__file__).with_name("strimzi.lock")
TYPES = ("kafka.Kafka", "nodepool.KafkaNodePool", "topic.KafkaTopic", "user.KafkaUser")


def definitions(java: Path, steps: Steps) -> Path:
    """The folder of the YAML files, a kind each."""
    text = LOCK.read_text()
    name = f"strimzi-{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    def make(scratch: Path, filled: Path, note: Note) -> None:
        jars = scratch / "jars"
        jars.mkdir(exist_ok=True)
        download(read_lock(text), scratch, jars, note)
        for kind in TYPES:
            note(kind)
            _generate(java, jars, kind, filled)

    return artefact(cache_folder(), name, "Strimzi's resource definitions", make, steps)


def _generate(java: Path, jars: Path, kind: str, filled: Path) -> None:
    file = filled / f"{kind.partition('.')[2]}.yaml"
    generator = ["io.strimzi.crdgenerator.CrdGenerator", "--yaml", f"io.strimzi.api.kafka.model.{kind}={file}"]
    says = subprocess.run(  # noqa: S603 - our own java
        [str(java), "-cp", f"{jars}/*", *generator], capture_output=True, text=True, check=False
    )
    if says.returncode != 0 or not file.exists():
        raise StackError(f"Strimzi's generator made no {kind}: {' '.join(says.stderr.split())[-300:]}")
