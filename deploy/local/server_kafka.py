"""Kafka: one node in KRaft mode, broker and controller in one process."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.credentials import Credentials
from deploy.local.errors import StackError
from deploy.local.kafka_java import kafka_java
from deploy.local.layout import Layout, write_private
from deploy.local.programs import Program
from deploy.local.settings import StackSettings
from deploy.local.ways import fault_ports

LARGEST_RECORD_BYTES = 5 * 1024 * 1024
"""Above every topic's own bound: a dead letter carries a whole record and its reason."""

_PROPERTIES = """\
# Written at each start of the stack.
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners={listeners},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners={advertised}
listener.security.protocol.map={protocols}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
message.max.bytes={largest}
replica.fetch.max.bytes={largest}
log.segment.bytes=67108864
log.cleaner.dedupe.buffer.size=16777216
"""

_LOGGING = """\
status=error
appenders=console
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d{yyyy-MM-dd'T'HH:mm:ss.SSS'Z'}{UTC} %p %c{1} %m%n
rootLogger.level=warn
rootLogger.appenderRefs=console
rootLogger.appenderRef.console.ref=console
logger.server.name=kafka.server.KafkaRaftServer
logger.server.level=info
"""


def kafka(layout: Layout, settings: StackSettings, java: Path, jars: Path) -> Program:
    """The program; its folder must be prepared."""
    return Program(
        name="kafka",
        command=(*_java(layout, java, jars), "kafka.Kafka", str(_properties(layout))),
        ports=_ports(settings),
        check=lambda: _check(settings.kafka_port),
    )


def _ports(settings: StackSettings) -> dict[str, int]:
    ports = {"KAFKA_PORT": settings.kafka_port, "KAFKA_CONTROLLER_PORT": settings.kafka_controller_port}
    for name, (port, _) in _listeners(settings).items():
        if name != "PLAINTEXT":
            ports[f"FAULT_PROXY_PORT ({name})"] = port
    return ports


async def _check(port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)  # fails quietly, where the client would log
    writer.close()
    admin = AIOKafkaAdminClient(bootstrap_servers=f"127.0.0.1:{port}", request_timeout_ms=3000)
    try:
        await admin.start()
        await admin.list_topics()
    finally:
        await admin.close()


def prepare_kafka(layout: Layout, settings: StackSettings, credentials: Credentials, java: Path, jars: Path) -> None:
    """Writes the configuration, and formats the data folder where there is none."""
    folder = layout.state / "kafka"
    folder.mkdir(mode=0o700, exist_ok=True)
    write_private(folder / "log4j2.properties", _LOGGING)
    write_private(_properties(layout), _render(layout, settings))
    if not (folder / "data" / "meta.properties").exists():
        _format(layout, credentials, java, jars)


def _render(layout: Layout, settings: StackSettings) -> str:
    listeners = _listeners(settings)
    return _PROPERTIES.format(
        listeners=",".join(f"{name}://127.0.0.1:{port}" for name, (port, _) in listeners.items()),
        advertised=",".join(f"{name}://127.0.0.1:{port}" for name, (_, port) in listeners.items()),
        protocols=",".join(f"{name}:PLAINTEXT" for name in (*listeners, "CONTROLLER")),
        controller_port=settings.kafka_controller_port,
        data=layout.state / "kafka" / "data",
        largest=LARGEST_RECORD_BYTES,
    )


def _listeners(settings: StackSettings) -> dict[str, tuple[int, int]]:
    """Where Kafka listens for whom, and where it says that they find it."""
    listeners = {"PLAINTEXT": (settings.kafka_port, settings.kafka_port)}
    ports = fault_ports(settings)
    if ports is not None:
        for who, port in ports.kafka_listeners.items():
            listeners[who.upper()] = (port, ports.ways[f"{who}_kafka"])
    return listeners


def _format(layout: Layout, credentials: Credentials, java: Path, jars: Path) -> None:
    cluster = f"--cluster-id={credentials.cluster_id}"  # in one word: an id may start with a dash
    tool = ("kafka.tools.StorageTool", "format", cluster, "-c", str(_properties(layout)))
    command = (*_java(layout, java, jars), *tool, "--ignore-formatted")
    says = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own java
    if says.returncode != 0:
        raise StackError(f"Kafka's data cannot be formatted: {' '.join((says.stderr or says.stdout).split())[-400:]}")


def _properties(layout: Layout) -> Path:
    return layout.state / "kafka" / "server.properties"


def _java(layout: Layout, java: Path, jars: Path) -> tuple[str, ...]:
    logging = f"-Dlog4j2.configurationFile={layout.state / 'kafka' / 'log4j2.properties'}"
    return kafka_java(java, jars, logging)
