"""What a stack writes into an empty data folder of Kafka's is what Kafka's own tool writes there."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiokafka.record.memory_records import MemoryRecords

from deploy.local.kafka_blank import FEATURES, IDENTITY, format_by_kafka, make_blank
from deploy.local.kafka_java import kafka_java
from deploy.local.kafka_nodes import Node
from deploy.local.provision import provision
from deploy.local.server_kafka import properties

CLUSTER = "-lusterOfThisTestOnlyA"
HEADER = b"\0\0\0\3"
"""Key of the record that says when the file was made."""


def features(data: Path) -> list[tuple[bytes | None, bytes | None]]:
    """The records, but for their times."""
    batches, found = MemoryRecords((data / FEATURES).read_bytes()), []
    while (batch := batches.next_batch()) is not None:
        found += [(record.key, record.value) for record in batch]
    return [(key, b"" if key == HEADER else value) for key, value in found]


def identity(data: Path) -> dict[str, str]:
    lines = [line for line in (data / IDENTITY).read_text().splitlines() if not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


@pytest.mark.parametrize("brokers", [1, 3])
def test_it_is_the_same_but_for_the_id_of_the_folder(tmp_path: Path, brokers: int) -> None:
    tools = provision()
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    nodes = [Node(number, 19092 + number * 2, 19093 + number * 2) for number in range(1, brokers + 1)]
    written = tmp_path / "server.properties"
    written.write_text(properties({"PLAINTEXT": ("127.0.0.1:19092",) * 2}, nodes, nodes[-1], theirs))
    format_by_kafka(kafka_java(tools.java, tools.kafka_jars), written, CLUSTER)
    make_blank(ours, tools.kafka_jars, CLUSTER, nodes[-1].number)
    assert {file.name for file in ours.iterdir()} == {file.name for file in theirs.iterdir()} == {FEATURES, IDENTITY}
    assert features(ours) == features(theirs)
    assert len(features(ours)) > 2
    assert identity(ours) | {"directory.id": ""} == identity(theirs) | {"directory.id": ""}
    assert len(identity(ours)["directory.id"]) == len(identity(theirs)["directory.id"]) == 22
    assert identity(ours)["node.id"] == str(brokers)
