"""Kafka's classes, read and linked ahead of time: with them a start takes half the processor time.

They are what a JVM writes that started Kafka once and ended (JEP 483 and 514). A JVM that cannot use the archive, such
as one of another version, starts as it would without.
"""

from __future__ import annotations

import subprocess
from functools import partial
from pathlib import Path

from deploy.local.artefacts import artefact, remove_tree
from deploy.local.console import Note, Steps, say
from deploy.local.errors import StackError, one_line
from deploy.local.kafka_blank import CLUSTER, format_by_kafka
from deploy.local.kafka_java import archive_of, kafka_java, making_kafka_java
from deploy.local.ports import is_free, reserve_block
from deploy.local.waiting import wait_until

START_SECONDS = 120.0
STOP_SECONDS = 300.0

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
log.dirs={data}
log.cleaner.dedupe.buffer.size=16777216
"""


def provision_kafka_archive(java: Path, jars: Path, steps: Steps) -> None:
    """Makes the archive beside the jars, where this machine's JVM can: Kafka starts without it too."""
    folder = archive_of(java, jars).parent
    artefact(folder.parent, folder.name, "Kafka's classes", lambda *where: _make(java, jars, *where), steps)


def _make(java: Path, jars: Path, scratch: Path, filled: Path, _: Note) -> None:
    trial, archive = scratch / "trial", filled / archive_of(java, jars).name
    remove_tree(trial)
    trial.mkdir()
    broker, lock = reserve_block()
    try:
        properties = _write_properties(trial, broker)
        format_by_kafka(kafka_java(java, jars), properties, CLUSTER)
        _start_once((*making_kafka_java(java, jars, archive), "kafka.Kafka", str(properties)), trial, broker)
        _check(archive, trial)
    except (StackError, OSError, subprocess.SubprocessError) as error:
        archive.unlink(missing_ok=True)
        say(f"- Kafka starts without its classes read ahead: {one_line(error)}")
    finally:
        lock.release()


def _write_properties(trial: Path, broker: int) -> Path:
    properties = trial / "server.properties"
    properties.write_text(_PROPERTIES.format(broker=broker, controller=broker + 1, data=trial / "data"))
    return properties


def _start_once(command: tuple[str, ...], trial: Path, broker: int) -> None:
    """Starts Kafka, and ends it as soon as it listens. Raises StackError where it does not."""
    with (trial / "log").open("a") as log, subprocess.Popen(command, stdout=log, stderr=log) as kafka:  # noqa: S603 - our own java
        try:
            wait_until(partial(_listens, kafka, broker), START_SECONDS, partial(_says, trial))
            kafka.terminate()
            kafka.wait(STOP_SECONDS)
        finally:
            kafka.kill()


def _check(archive: Path, trial: Path) -> None:
    if not archive.exists():
        raise StackError(_says(trial))


def _listens(kafka: subprocess.Popen[bytes], broker: int) -> bool:
    if kafka.poll() is not None:
        raise StackError(f"Kafka ended with {kafka.returncode} at its first start")
    return not is_free(broker)


def _says(trial: Path) -> str:
    return f"it says {' '.join((trial / 'log').read_text(errors='replace').split())[-300:]}"
