"""Kafka's nodes: one, or three that keep everything three times; each is a broker and a controller in one process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import StackError
from deploy.local.layout import Layout
from deploy.local.settings import StackSettings

PORTS_OF_A_NODE = 2


@dataclass(frozen=True, slots=True)
class Node:
    """A node of Kafka's: its number from 1 on, its process's name, and where it listens for clients and controllers."""

    number: int
    port: int
    controller_port: int

    @property
    def name(self) -> str:
        """Of its process and of its folder: `kafka`, `kafka-2`, `kafka-3`."""
        return "kafka" if self.number == 1 else f"kafka-{self.number}"


def nodes_of(settings: StackSettings) -> tuple[Node, ...]:
    """All nodes, the first one first."""
    steps = range(0, PORTS_OF_A_NODE * settings.brokers, PORTS_OF_A_NODE)
    first, controller = settings.kafka_port, settings.kafka_controller_port
    return tuple(Node(number, first + step, controller + step) for number, step in enumerate(steps, start=1))


def folder_of(layout: Layout, node: Node) -> Path:
    """Where a node's configuration is, and its data in `data`."""
    return layout.state / node.name


def is_formatted(layout: Layout, node: Node) -> bool:
    """Whether the node has data of its own."""
    return (folder_of(layout, node) / "data" / "meta.properties").exists()


def was_whole(layout: Layout) -> bool:
    """Whether the nodes of a cluster have all had their data: none that lacks it is a new one."""
    return _whole(layout).exists()


def note_whole(layout: Layout) -> None:
    """Remembers that all nodes have their data."""
    _whole(layout).touch()


def _whole(layout: Layout) -> Path:
    return layout.state / "kafka" / "whole"


def check_nodes(layout: Layout, nodes: Sequence[Node]) -> None:
    """Raises StackError where these nodes cannot be those of the data that is there: nothing is done to it."""
    made_with, wanted = _made_with(layout), len(nodes)
    if made_with not in {None, wanted}:
        raise StackError(
            f"Kafka's data in {layout.state} is that of BROKERS={made_with} and cannot become that of {wanted}: "
            f"`make up BROKERS={made_with}`, or another STATE_DIR"
        )
    lacking = [node.name for node in nodes if not is_formatted(layout, node)]
    if wanted > 1 and was_whole(layout) and len(lacking) > 1:
        raise StackError(
            f"{' and '.join(lacking)} have lost their data: brokers that know nothing would outvote the one that does; "
            "bring back the data of one of them"
        )


def _made_with(layout: Layout) -> int | None:
    """How many nodes the data is of; None where there is none."""
    if (layout.state / "kafka-2").exists():
        return 3
    return 1 if (layout.state / "kafka" / "data" / "meta.properties").exists() else None
