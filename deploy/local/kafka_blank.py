"""An empty data folder of Kafka's, as `kafka-storage format` makes it, without a JVM for each.

It holds which features Kafka has at which level, the same for all nodes of a version, and which node it is of. The
first its own tool says, once, when the jars are provisioned; the second are four lines.
"""

from __future__ import annotations

import shutil
import subprocess
from base64 import urlsafe_b64encode
from functools import partial
from pathlib import Path
from uuid import uuid4

from deploy.local.artefacts import artefact, remove_tree
from deploy.local.console import Note, Steps
from deploy.local.errors import StackError
from deploy.local.kafka_java import kafka_java

CLUSTER = "docuvaultdocuvaultdocuvA"
"""Of what is made to be copied or thrown away."""
FEATURES, IDENTITY = "bootstrap.checkpoint", "meta.properties"
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:19093
listeners=PLAINTEXT://127.0.0.1:19092,CONTROLLER://127.0.0.1:19093
controller.listener.names=CONTROLLER
log.dirs={data}
"""
_IDENTITY = """\
cluster.id={cluster}
directory.id={directory}
node.id={node}
version=1
"""


def blank_of(jars: Path) -> Path:
    """Where the features of these jars are, or would be."""
    return jars.with_name(f"{jars.name}-blank")


def provision_kafka_blank(java: Path, jars: Path, steps: Steps) -> None:
    """Makes it. Raises StackError where Kafka's tool does not."""
    folder = blank_of(jars)
    artefact(folder.parent, folder.name, "Kafka's features", partial(_make, java, jars), steps)


def _make(java: Path, jars: Path, scratch: Path, filled: Path, _: Note) -> None:
    trial = scratch / "trial"
    remove_tree(trial)
    trial.mkdir()
    properties = trial / "server.properties"
    properties.write_text(_PROPERTIES.format(data=trial / "data"))
    format_by_kafka(kafka_java(java, jars), properties, CLUSTER)
    shutil.copyfile(trial / "data" / FEATURES, filled / FEATURES)


def format_by_kafka(java: tuple[str, ...], properties: Path, cluster: str) -> None:
    """Has Kafka's own tool make the data folder that the properties name. Raises StackError with its last words."""
    own = f"--cluster-id={cluster}"  # in one word: an id may start with a dash
    command = (*java, "kafka.tools.StorageTool", "format", own, "-c", str(properties))
    says = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own java
    if says.returncode != 0:
        raise StackError(f"Kafka's data cannot be formatted: {' '.join((says.stderr or says.stdout).split())[-400:]}")


def make_blank(data: Path, jars: Path, cluster: str, node: int) -> None:
    """Makes the data folder of a node of a cluster. What says that it is one comes last."""
    data.mkdir(mode=0o700, exist_ok=True)
    shutil.copyfile(blank_of(jars) / FEATURES, data / FEATURES)
    directory = urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")
    fresh = data / f"{IDENTITY}.making"
    fresh.write_text(_IDENTITY.format(cluster=cluster, directory=directory, node=node))
    fresh.rename(data / IDENTITY)
