"""Dead letters on a real Kafka: found, shown, put back to where they came from, discarded; nothing of it is lost."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from docuvault_contracts import topics as declared

from deploy.local.setup_kafka import setup_kafka
from deploy.local.stack import Stack
from deploy.ops.audit import audit
from services.chassis.delivery import Record
from tests.stack.chassis_servers import hung_kafka, read, start_kafka, topics, unique, write
from tests.stack.support.console import Ran, bury, dead, docuvault
from tests.stack.support.planting import prepare
from tests.stack.support.provider import provided

REASON = "handler: KeyError: 'versionId'"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Servers without services, of this module's own: nobody reads what is put back unless a test does."""
    stack = provided(tmp_path_factory.mktemp("stack"), services=False)
    try:
        stack.up()
        yield stack
    finally:
        stack.reset()


@dataclass(frozen=True)
class Group:
    """A consumer group with dead letters, and a topic of six partitions that they came from; both gone afterwards."""

    stack: Stack
    name: str = field(default_factory=lambda: unique("group"))
    source: str = field(default_factory=lambda: unique("source"))

    def record(self, offset: int, partition: int = 0, value: bytes | None = b"v") -> Record:
        return Record(self.source, partition, offset, b"k", value, (("ce_id", b"the same"),), 0)

    async def bury(self, *records: Record, reason: str = REASON) -> list[str]:
        return await bury(self.stack, self.name, *(dead(record, reason) for record in records))

    async def dlq(self, *arguments: str) -> Ran:
        return await docuvault(self.stack, "dlq", *arguments)

    async def replay(self, *arguments: str) -> Ran:
        return await self.dlq("replay", "--wait", "0", *arguments)

    async def listed(self, *arguments: str) -> dict[str, str]:
        """The letters of the group and their states."""
        ran = await self.dlq("list", "--each", "--json", "--group", self.name, *arguments)
        assert ran.code == 0, ran
        return {each["id"]: each["state"] for each in ran.json["letters"]}

    async def back(self) -> list[Record]:
        """All that stands in the topic they came from."""
        return await read(self.stack, self.source, partitions=6)


@pytest.fixture
async def group(stack: Stack) -> AsyncIterator[Group]:
    found = Group(stack)
    async with topics(stack, found.source, partitions=6), topics(stack, f"dlq.{found.name}"):
        yield found


def assert_one_line(ran: Ran, code: int, *words: str) -> None:
    assert (ran.code, ran.out, ran.err.count("\n")) == (code, "", 1), ran
    assert [word for word in words if word not in ran.err] == [], ran.err


async def test_where_there_are_none_it_says_so(group: Group) -> None:
    ran = await group.dlq("list", "--group", group.name)
    assert (ran.code, ran.out, ran.err) == (0, "no dead letters\n", "")
    assert (await group.dlq("list", "--group", group.name, "--json")).json == {"letters": 0, "piles": []}
    assert (await group.replay("--group", group.name)).out == "no open dead letter fits\n"


async def test_a_group_without_dead_letters_and_an_unknown_letter_are_each_told_in_one_line(group: Group) -> None:
    for action in (["list"], ["replay"], ["discard", "--why", "x"]):
        assert_one_line(
            await group.dlq(*action, "--group", "nobody"), 2, "no group 'nobody' has dead letters", group.name
        )
    assert_one_line(await group.dlq("show", "nobody/0/1"), 2, "no group 'nobody' has dead letters")
    name = f"{group.name}/0/9"
    assert_one_line(await group.dlq("show", name), 2, f"there is no dead letter {name}: dlq.{group.name}/0 holds none")
    await group.bury(group.record(1))
    for command in ("show", "replay"):
        assert_one_line(await group.dlq(command, name), 2, "holds 0 to 0")
    assert_one_line(await group.dlq("show", f"{group.name}/7/0"), 2, "there is no dead letter")


async def test_what_is_meant_must_be_said(group: Group) -> None:
    assert_one_line(await group.dlq("replay"), 2, "say which")
    assert_one_line(await group.dlq("discard", "--why", "all of it"), 2, "say which")
    assert_one_line(await group.dlq("discard", f"{group.name}/0/0", "--why", " "), 2, "say why, it is journaled")
    assert_one_line(await group.dlq("show", f"{group.name}/0/0-1"), 2, "one at a time")


async def test_letters_are_counted_by_group_cause_and_reason_with_their_age(group: Group) -> None:
    await group.bury(*(group.record(offset) for offset in range(3)), reason="handler: no row 4711")
    await group.bury(group.record(3), reason="handler: no row 12")
    await group.bury(group.record(4), reason="handler: TypeError")
    ran = await group.dlq("list", "--group", group.name)
    assert [re.sub(r"\d+ [sm](?: to \d+ [sm])?", "<age>", " ".join(line.split())) for line in ran.lines] == [
        f"4 {group.name} handler <age> {group.name}/0/0 … {group.name}/0/3 handler: no row <n>",
        f"1 {group.name} handler <age> {group.name}/0/4 handler: TypeError",
        "5 dead letters",
    ]
    piles = (await group.dlq("list", "--json", "--group", group.name, "--reason", "no row <n>")).json["piles"]
    assert [(pile["letters"], pile["reason"], pile["cause"]) for pile in piles] == [
        (4, "handler: no row <n>", "handler")
    ]
    assert len(await group.listed("--reason", "TypeError")) == 1
    assert await group.listed("--cause", "invalid") == {}
    assert len(await group.listed("--since", "1h")) == 5
    assert await group.listed("--since", datetime.now(UTC).isoformat()) == {}
    assert_one_line(await group.dlq("list", "--since", "yesterday"), 2, "'yesterday' is no time")


RECORDS = {
    "an event": (b"a key", b'{"x": 1}', (("ce_id", b"1"), ("ce_type", b"t"), ("traceparent", b"00-1"))),
    "no key": (None, b"v", ()),
    "a tombstone": (b"k", None, ()),
    "nothing": (None, None, (("h", b"1"),)),
    "nulls and twins among headers": (b"", b"", (("a", None), ("a", b""), ("b", None), ("", b"\xff"))),
    "any bytes": (bytes(range(256)), bytes(range(256)) * 4, (("h\x1b[2J", bytes(range(256))),)),
    "a megabyte": (b"k", b"\x1b[31m" * 200_000, ()),
}


async def test_records_go_back_to_their_partition_with_key_value_and_headers_as_they_were(group: Group) -> None:
    records = [
        Record(group.source, number % 6, number, key, value, headers, 0)
        for number, (key, value, headers) in enumerate(RECORDS.values())
    ]
    names = await group.bury(*records)
    ran = await group.replay(*names)
    assert (ran.code, ran.err) == (0, "")
    assert len(ran.lines) == len(records) + 1
    found = {(each.partition, each.key, each.value, each.headers) for each in await group.back()}
    assert found == {(each.partition, each.key, each.value, each.headers) for each in records}
    for line, record in zip(ran.lines, records, strict=False):
        assert f" → {group.source}/{record.partition}/" in line


async def test_records_of_one_partition_go_back_in_their_order(group: Group) -> None:
    await group.bury(*(group.record(number, number % 2, b"%d" % number) for number in range(700)))
    ran = await group.replay("--group", group.name)
    assert ran.lines[-1] == "700 replayed"
    values = [(each.partition, int(each.value or b"")) for each in await group.back()]
    assert values == [(partition, number) for partition in (0, 1) for number in range(partition, 700, 2)]


async def test_one_a_range_and_a_reason_are_put_back_and_nothing_else(group: Group) -> None:
    await group.bury(*(group.record(number, value=b"%d" % number) for number in range(6)))
    await group.bury(group.record(6, value=b"6"), reason="handler: another")
    name = f"{group.name}/0"
    assert (await group.replay(f"{name}/5", f"{name}/1-2", f"{name}/2-3")).lines[-1] == "4 replayed"
    assert (await group.replay("--reason", "another", "--group", group.name)).lines[-1] == "1 replayed"
    assert [int(each.value or b"") for each in await group.back()] == [1, 2, 3, 5, 6]
    assert list(await group.listed()) == [f"{name}/0", f"{name}/4"]


async def test_what_was_put_back_is_left_out_unless_it_is_wanted_again(group: Group) -> None:
    (name, other) = await group.bury(group.record(0), group.record(1))
    await group.replay(name, "--why", "mended in 1.2")
    assert await group.listed() == {other: "open"}
    assert await group.listed("--all") == {name: "replayed", other: "open"}
    shown = (await group.dlq("show", name)).out
    assert "  state    replayed by " in shown
    assert f": mended in 1.2 to {group.source}/0/0\n" in shown
    assert (await group.replay(name)).out.startswith("no open dead letter fits: 1 were replayed or discarded before")
    assert len(await group.back()) == 1
    assert (await group.replay(name, "--again")).code == 0
    assert len(await group.back()) == 2


async def test_what_is_discarded_is_left_out_of_lists_and_of_the_audit(group: Group) -> None:
    stack = group.stack
    await prepare(stack.info)
    names = [
        *await bury(stack, "quota", dead(group.record(0)), dead(group.record(1))),
        *await group.bury(group.record(2)),
    ]
    assert (await audit(stack.info)).notes == ("2 records in dlq.quota",)
    ran = await group.dlq("discard", *names[1:], "--why", "of a\ntest")
    assert (ran.code, ran.lines[-1]) == (0, "2 discarded")
    assert (await audit(stack.info)).notes == ("1 records in dlq.quota",)
    assert await group.listed() == {}
    assert "of a\\x0atest" in (await group.dlq("show", names[2])).out
    assert await group.back() == []
    assert (await group.replay(names[2], "--again")).code == 0
    assert len(await group.back()) == 1
    await group.dlq("discard", names[0], "--why", "of a test")


async def test_a_dry_run_changes_nothing(group: Group) -> None:
    names = await group.bury(group.record(0, 3), group.record(1))
    before = await group.listed("--all"), await journal(group.stack)
    replayed = await group.replay(*names, "--dry-run")
    assert replayed.lines == [
        f"{names[0]} would be replayed: to {group.source}/3",
        f"{names[1]} would be replayed: to {group.source}/0",
        "2 would be replayed",
    ]
    assert (await group.dlq("discard", *names, "--why", "x", "--dry-run")).lines[-1] == "2 would be discarded"
    assert (await group.listed("--all"), await journal(group.stack)) == before
    assert await group.back() == []


async def journal(stack: Stack) -> Sequence[Record]:
    return await read(stack, declared.DEAD_LETTER_JOURNAL.name)


async def test_what_was_cut_or_leads_nowhere_is_refused_and_the_rest_is_put_back(group: Group) -> None:
    nowhere = Record("no-such-topic", 0, 0, b"k", b"v", (), 0)
    names = await group.bury(group.record(0, value=b"x" * 5_000_000), nowhere, group.record(2, 9), group.record(3))
    ran = await group.replay("--group", group.name, "--json")
    assert ran.code == 1
    assert [(each["id"], each["outcome"]) for each in ran.json["letters"]] == [
        (names[0], "refused"),
        (names[1], "refused"),
        (names[2], "refused"),
        (names[3], "replayed"),
    ]
    assert [each["reason"] for each in ran.json["letters"]][:3] == [
        "it is not whole, it had value of 5000000 bytes",
        "the topic it came from, no-such-topic, is not there",
        f"the partition it came from, {group.source}/9, is not there",
    ]
    assert ran.json["counts"] == {"refused": 3, "replayed": 1}
    assert list(await group.listed()) == names[:3]


async def test_a_record_that_its_topic_does_not_take_any_more_is_refused_alone(stack: Stack) -> None:
    small = Group(stack)
    async with topics(stack, small.source, partitions=6, largest=10_000), topics(stack, f"dlq.{small.name}"):
        names = await small.bury(small.record(0), small.record(1, value=b"x" * 300_000), small.record(2))
        ran = await small.replay("--group", small.name)
        assert (ran.code, ran.lines[-1]) == (1, "1 refused, 2 replayed")
        assert ran.lines[1].startswith(f"{names[1]} refused: Kafka takes no such record: MessageSizeTooLargeError")
        assert list(await small.listed()) == [names[1]]


async def test_letters_of_a_topic_that_was_made_anew_are_open(stack: Stack) -> None:
    again = Group(stack)
    async with topics(stack, again.source, partitions=6):
        async with topics(stack, f"dlq.{again.name}"):
            await again.bury(again.record(0))
            await again.dlq("discard", "--group", again.name, "--why", "x")
            assert await again.listed() == {}
        async with topics(stack, f"dlq.{again.name}"):
            await again.bury(again.record(1))
            assert await again.listed() == {f"{again.name}/0/0": "open"}


async def test_what_is_no_entry_of_the_journal_hides_nothing_and_is_told(group: Group) -> None:
    await group.bury(group.record(0))
    await write(group.stack, declared.DEAD_LETTER_JOURNAL.name, [b"\xff", b'{"group": "x"}', b""])
    ran = await group.dlq("list", "--group", group.name)
    assert (ran.code, ran.lines[-1]) == (0, "1 dead letter")
    assert ran.err == "docuvault: 3 entries of dlq.journal are none, and are passed over\n"


async def test_without_a_journal_they_are_listed_and_nothing_is_done_that_could_not_be_noted(group: Group) -> None:
    (name,) = await group.bury(group.record(0))
    admin = AIOKafkaAdminClient(**group.stack.info.kafka)
    await admin.start()
    await admin.delete_topics([declared.DEAD_LETTER_JOURNAL.name])
    await admin.close()
    try:
        assert await group.listed() == {name: "open"}
        for command in (["replay", name], ["discard", name, "--why", "x"]):
            assert_one_line(await group.dlq(*command), 2, "the topic dlq.journal is not there; `make up` makes it")
    finally:
        await setup_kafka(group.stack.info.kafka)
    assert await group.back() == []


async def test_with_kafka_away_or_hung_it_says_so_in_one_line(group: Group) -> None:
    (name,) = await group.bury(group.record(0))
    commands = (["list"], ["show", name], ["replay", name], ["discard", name, "--why", "x"])
    async with hung_kafka(group.stack):
        assert_one_line(await group.dlq("list"), 2, "Kafka does not answer")
    await asyncio.to_thread(group.stack.supervisor.stop, "kafka")
    try:
        for each in commands:
            assert_one_line(await group.dlq(*each), 2, "Kafka does not answer")
    finally:
        await start_kafka(group.stack)
    await setup_kafka(group.stack.info.kafka)
    assert await group.listed() == {name: "open"}
