"""Kafka in KRaft mode, one node or three, each a broker and a controller in one process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient

from deploy.access import OPERATORS
from deploy.local.credentials import Credentials
from deploy.local.errors import StackError
from deploy.local.kafka_blank import make_blank
from deploy.local.kafka_java import kafka_java
from deploy.local.kafka_nodes import Node, check_nodes, folder_of, is_formatted, nodes_of, note_whole
from deploy.local.kafka_reach import kafka_environment, reach
from deploy.local.kafka_security import security
from deploy.local.layout import Layout, write_private
from deploy.local.programs import Program
from deploy.local.settings import StackSettings
from deploy.local.setup_kafka import copies_of
from deploy.local.ways import fault_ports

LARGEST_RECORD_BYTES = 5 * 1024 * 1024
"""Above every topic's own bound: a dead letter carries a whole record and its reason."""
_MAIN = {False: "PLAINTEXT", True: "SECURE"}
"""What the listener is called that nodes, operators and, without a fault proxy, all clients come by."""

_PROPERTIES = """\
# Written at each start of the stack.
process.roles=broker,controller
node.id={node}
controller.quorum.voters={voters}
listeners={listeners},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners={advertised}
listener.security.protocol.map={protocols}
controller.listener.names=CONTROLLER
inter.broker.listener.name={main}
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor={copies}
min.insync.replicas={in_sync}
offsets.topic.replication.factor={copies}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor={copies}
transaction.state.log.min.isr={in_sync}
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor={copies}
share.coordinator.state.topic.min.isr={in_sync}
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
message.max.bytes={largest}
replica.fetch.max.bytes={largest}
log.segment.bytes=67108864
log.cleaner.dedupe.buffer.size=16777216
"""

LOGGING = """\
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


def kafka(
    layout: Layout, settings: StackSettings, credentials: Credentials, java: Path, jars: Path
) -> tuple[Program, ...]:
    """The programs of all nodes; their folders must be prepared."""
    command, operators = _java(layout, java, jars), kafka_environment(settings, credentials, OPERATORS)
    return tuple(
        Program(
            name=node.name,
            command=(*command, "kafka.Kafka", str(_properties(layout, node))),
            ports=_ports(settings, node),
            check=partial(check_node, node, settings.brokers, operators),
        )
        for node in nodes_of(settings)
    )


def _ports(settings: StackSettings, node: Node) -> dict[str, int]:
    ports = {"KAFKA_PORT": node.port, "KAFKA_CONTROLLER_PORT": node.controller_port}
    for name, (port, _) in _listeners(settings, node).items():
        if name != _MAIN[settings.secure]:
            ports[f"FAULT_PROXY_PORT ({name})"] = port
    return ports


async def check_node(node: Node, brokers: int, operators: Mapping[str, str]) -> None:
    """Raises unless the node answers and, of several, every partition that it keeps is in sync on it."""
    _, writer = await asyncio.open_connection("127.0.0.1", node.port)  # fails quietly, where the client would log
    writer.close()
    only = reach({**operators, "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{node.port}"})
    admin = AIOKafkaAdminClient(**only, request_timeout_ms=3000)
    try:
        await admin.start()
        described = await admin.describe_topics() if brokers > 1 else await admin.list_topics()
    finally:
        await admin.close()
    if brokers > 1 and (behind := behind_on(node.number, described)):
        raise StackError(f"{behind} of its partitions are not in sync yet")


def behind_on(number: int, described: Sequence[Any]) -> int:
    """How many partitions of topics, as Kafka describes them, a node keeps that are not in sync on it."""
    partitions = [partition for topic in described for partition in topic["partitions"]]
    return sum(number in each["replicas"] and number not in each["isr"] for each in partitions)


def prepare_kafka(layout: Layout, settings: StackSettings, credentials: Credentials, jars: Path) -> None:
    """Writes the configurations, and formats the data folders where there are none.

    Raises StackError where the data that is there is that of other nodes, or too much of it is lost.
    """
    nodes = nodes_of(settings)
    check_nodes(layout, nodes)
    for node in nodes:
        folder_of(layout, node).mkdir(mode=0o700, exist_ok=True)
        write_private(_properties(layout, node), _render(layout, settings, credentials, node))
    write_private(layout.state / "kafka" / "log4j2.properties", LOGGING)
    for node in nodes:
        if not is_formatted(layout, node):
            make_blank(folder_of(layout, node) / "data", jars, credentials.cluster_id, node.number)
    if len(nodes) > 1:
        note_whole(layout)


def _render(layout: Layout, settings: StackSettings, credentials: Credentials, node: Node) -> str:
    own = {
        name: (f"127.0.0.1:{port}", f"127.0.0.1:{told}") for name, (port, told) in _listeners(settings, node).items()
    }
    data, nodes = folder_of(layout, node) / "data", nodes_of(settings)
    if not settings.secure:
        return properties(own, nodes, node, data)
    return properties(own, nodes, node, data, "SASL_SSL") + security(layout, credentials, node, list(own))


def properties(
    listeners: Mapping[str, tuple[str, str]], nodes: Sequence[Node], node: Node, data: Path, spoken: str = "PLAINTEXT"
) -> str:
    """The configuration of a node. `listeners` are host:port where it listens, and that it tells clients, by name.

    The first of them is that of the nodes among each other, too. `spoken` is the protocol, on all of them.
    """
    copies = copies_of(len(nodes))
    return _PROPERTIES.format(
        node=node.number,
        voters=",".join(f"{each.number}@127.0.0.1:{each.controller_port}" for each in nodes),
        listeners=",".join(f"{name}://{where}" for name, (where, _) in listeners.items()),
        advertised=",".join(f"{name}://{told}" for name, (_, told) in listeners.items()),
        protocols=",".join(f"{name}:{spoken}" for name in (*listeners, "CONTROLLER")),
        controller_port=node.controller_port,
        main=next(iter(listeners)),
        data=data,
        copies=copies.all,
        in_sync=copies.in_sync,
        largest=LARGEST_RECORD_BYTES,
    )


def _listeners(settings: StackSettings, node: Node) -> dict[str, tuple[int, int]]:
    """Where a node listens for whom, and where it says that they find it; an only node may be behind a fault proxy."""
    listeners = {_MAIN[settings.secure]: (node.port, node.port)}
    ports = fault_ports(settings)
    if ports is not None:
        for who, port in ports.kafka_listeners.items():
            listeners[who.upper()] = (port, ports.ways[f"{who}_kafka"])
    return listeners


def _properties(layout: Layout, node: Node) -> Path:
    return folder_of(layout, node) / "server.properties"


def _java(layout: Layout, java: Path, jars: Path) -> tuple[str, ...]:
    logging = f"-Dlog4j2.configurationFile={layout.state / 'kafka' / 'log4j2.properties'}"
    return kafka_java(java, jars, logging)
