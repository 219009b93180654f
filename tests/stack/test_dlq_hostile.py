"""Dead letters that an attacker wrote, on a real Kafka: shown as text, whatever they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from docuvault_contracts.cloudevents import Message

from deploy.local.stack import Stack
from deploy.ops.kafka import open_kafka
from services.chassis.delivery import Record
from services.chassis.producer import open_producer
from tests.faults.support.producing import raw_producer
from tests.stack.chassis_servers import kafka_settings, read, topics, unique
from tests.stack.support.console import bury, dead, docuvault, environment
from tests.stack.support.provider import provided
from tests.unit.kafka_batches import Rec, batch

ATTACK = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e\r\nforged: line\x00"
MEGABYTE = 1024 * 1024
MANY = 100_000


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Servers without services, of this module's own."""
    stack = provided(tmp_path_factory.mktemp("stack"), services=False)
    try:
        stack.up()
        yield stack
    finally:
        stack.reset()


@dataclass(frozen=True)
class Heap:
    """The dead letters of a group, written by whoever could."""

    stack: Stack
    group: str

    @property
    def topic(self) -> str:
        return f"dlq.{self.group}"

    async def batch(self, *recs: Rec) -> None:
        async with raw_producer(self.stack.info.kafka) as producer:
            await producer.send(self.topic, 0, batch(recs))

    async def write(self, value: bytes | None, *headers: tuple[str, bytes], key: bytes | None = b"k") -> None:
        async with AIOKafkaProducer(**self.stack.info.kafka, max_request_size=4 * MEGABYTE) as producer:
            await producer.send_and_wait(self.topic, value, key, headers=list(headers))


@pytest.fixture
async def heap(stack: Stack) -> AsyncIterator[Heap]:
    found = Heap(stack, unique("group"))
    async with topics(stack, found.topic):
        yield found


async def assert_safe(heap: Heap, count: int, *forms: str) -> None:
    """In every form of list and show there are all of them, and nothing but text."""
    commands = [["list", "--group", heap.group, *more] for more in ([], ["--each"], ["--json"], ["--each", "--json"])]
    commands += [
        ["show", f"{heap.group}/0/{number}", *more]
        for number in range(count)
        for more in ([], ["--json"], *([form] for form in forms))
    ]
    for command in commands:
        ran = await docuvault(heap.stack, "dlq", *command)
        assert (ran.code, ran.err) == (0, ""), (command, ran.err)
        assert [line for line in ran.lines if not line.isprintable()] == [], command
        if "--json" in command:
            json.loads(ran.out)
    assert len((await docuvault(heap.stack, "dlq", *commands[3])).json["letters"]) == count


async def test_keys_headers_and_bodies_of_an_attacker_are_only_text(heap: Heap) -> None:
    raw = ATTACK.encode()
    marks = [
        (f"dlq_{name}", raw) for name in ("reason", "cause", "topic", "partition", "offset", "null", "raw_headers")
    ]
    await heap.write(raw, *marks, (ATTACK, raw), key=raw)
    await heap.write(json.dumps({ATTACK: [ATTACK]}, ensure_ascii=False).encode(), ("a", b"\xff\xfe"), key=b"\xff")
    await heap.write(None, ("dlq_reason", b""), ("dlq_reason", raw))
    await heap.write(b"[" * 100_000, ("dlq_truncated", raw))
    await assert_safe(heap, 4)


async def test_records_that_no_careful_client_writes_are_letters_too(heap: Heap) -> None:
    await heap.batch(
        Rec(b"v", b"k", ((b"\xff\x1b[2J", b"v"), (b"dlq_reason", b"a name is no text"))),
        Rec(b"lies about its offset", offset_delta=77),
        Rec(None, None),
    )
    await assert_safe(heap, 3)


async def test_bodies_of_a_megabyte_are_shown_and_written_to_a_file_as_they_are(heap: Heap) -> None:
    bodies = [os.urandom(MEGABYTE), b'"' + b"x" * MEGABYTE + b'"', b"\x1b[31m" * (MEGABYTE // 5)]
    for body in bodies:
        await heap.write(body, ("h", b"\x1b" * 100_000))
    await assert_safe(heap, 3, "--whole")
    for number, body in enumerate(bodies):
        assert console(heap.stack, "dlq", "show", f"{heap.group}/0/{number}", "--raw").stdout == body


async def test_headers_whose_names_are_no_text_are_put_back_only_when_that_is_asked_for(heap: Heap) -> None:
    source = unique("source")
    async with topics(heap.stack, source):
        async with raw_producer(heap.stack.info.kafka) as producer:
            await producer.send(source, 0, batch([Rec(b"v", b"k", ((b"\xff", b"1"), (b"ce_id", b"2")))]))
        (record,) = await _with_care(heap.stack, source)
        (name,) = await bury(heap.stack, heap.group, dead(record))
        refused = await docuvault(heap.stack, "dlq", "replay", name, "--wait", "0")
        assert (refused.code, refused.lines[-1]) == (1, "1 refused")
        ran = await docuvault(heap.stack, "dlq", "replay", name, "--wait", "0", "--mend-headers")
        assert ran.code == 0
        assert (await _with_care(heap.stack, source))[1].headers == (("\\xff", b"1"), ("ce_id", b"2"))


async def _with_care(stack: Stack, topic: str) -> list[Record]:
    async with open_kafka(stack.info.kafka) as kafka:
        ((at, (first, end)),) = (await kafka.bounds([topic])).items()
        return [record async for record in kafka.records(TopicPartition(at.topic, at.partition), first, end)]


async def test_a_hundred_thousand_letters_take_no_more_memory_than_a_few(heap: Heap) -> None:
    source = unique("source")
    async with topics(heap.stack, source):
        await bury(heap.stack, heap.group, dead(Record(source, 0, 0, b"k", b"v", (), 0)))
        commands = (["dlq", "list", "--group", heap.group], ["dlq", "replay", "--group", heap.group, "--dry-run"])
        few = [peak_kib(heap.stack, *command) for command in commands]
        await _fill(heap, source)
        many = [peak_kib(heap.stack, *command) for command in commands]
        assert [more - less for less, more in zip(few, many, strict=True) if more - less > 40_000] == []
        discarding = ("dlq", "discard", "--group", heap.group, "--why", "they are too many")
        assert peak_kib(heap.stack, *discarding) - max(few) < 60_000
        assert len(await read(heap.stack, source)) == 0
        ran = await docuvault(heap.stack, "dlq", "list", "--group", heap.group)
        assert ran.lines == [f"no dead letter is open; --all shows the {MANY + 1:,} that were replayed or discarded"]


async def _fill(heap: Heap, source: str) -> None:
    async with open_producer(kafka_settings(heap.stack, kafka_publish_timeout_seconds=60)) as producer:
        for start in range(0, MANY, 5000):
            await producer.publish(
                [
                    Message(
                        heap.topic,
                        b"k",
                        b"x" * 1000,
                        (
                            ("dlq_reason", b"no row %d" % number),
                            ("dlq_topic", source.encode()),
                            ("dlq_partition", b"0"),
                            ("dlq_offset", b"%d" % number),
                        ),
                    )
                    for number in range(start, start + 5000)
                ]
            )


def console(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    ran = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-m", "deploy.ops.cli", *arguments], env=environment(stack), capture_output=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, b""), (arguments, ran.stderr)
    return ran


def peak_kib(stack: Stack, *arguments: str) -> int:
    """The most memory that the command held, KiB."""
    program = (
        "import resource, subprocess, sys; code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode; "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)"
    )
    command = [sys.executable, "-c", program, sys.executable, "-m", "deploy.ops.cli", *arguments]
    ran = subprocess.run(command, env=environment(stack), capture_output=True, check=True)  # noqa: S603 - ours
    return int(ran.stdout)
