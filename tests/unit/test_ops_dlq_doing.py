"""Replays and discards: what is put back before what is noted, how much at a time, and when to stop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from docuvault_contracts.deadletters import JournalEntry

from deploy.local.errors import StackError
from deploy.ops.dlq.doing import SLICE_BYTES, Doer, Replay, Tally, discard, slices
from deploy.ops.dlq.journal import Journal
from deploy.ops.dlq.letters import Letter, Original, Place, Refusal
from deploy.ops.dlq.watching import Fate, Watcher
from deploy.ops.dlq.writing import Writer
from services.chassis.delivery import Record
from tests.unit.dlq_letters import NOW, PARTITIONS, letter

BY = Doer("ada", "mended")


@dataclass
class Written:
    """In the writer's place: remembers, in order, and fails when told to."""

    told: list[str] = field(default_factory=list)
    entries: list[JournalEntry] = field(default_factory=list)
    back: int = 0
    refuses: frozenset[int] = frozenset()
    fails_to_journal: bool = False

    async def put_back(self, originals: Sequence[Original]) -> list[Place | Refusal]:
        self.told.append(f"put {len(originals)}")
        found: list[Place | Refusal] = []
        for each in originals:
            self.back += 1
            place = Place(each.topic, each.partition, 1000 + self.back)
            found.append(Refusal(each.letter, "too large") if each.letter.offset in self.refuses else place)
        return found

    async def journal(self, entries: Sequence[JournalEntry]) -> None:
        if self.fails_to_journal:
            raise StackError("Kafka does not ack")
        self.told.append(f"journal {len(entries)}")
        self.entries += entries


@dataclass
class Watched:
    """In the watcher's place: says of each offset what the test wants."""

    written: Written
    what: dict[int, str] = field(default_factory=dict)
    trouble: bool = False

    async def begin(self, letters: Sequence[Letter]) -> None:
        self.written.told.append(f"begin {len(letters)}")

    async def fates(self, sent: Sequence[Fate]) -> list[Fate]:
        if self.trouble:
            raise StackError("Kafka does not answer")
        self.written.told.append(f"watch {len(sent)}")
        found: Any = [
            each if each.to is None else replace(each, what=self.what.get(each.letter.offset, "read"))  # type: ignore[arg-type]
            for each in sent
        ]
        return cast("list[Fate]", found)


async def of(letters: Sequence[Letter]) -> AsyncIterator[Letter]:
    for each in letters:
        yield each


def many(count: int) -> list[Letter]:
    return [letter(offset) for offset in range(count)]


async def run(
    letters: Sequence[Letter], written: Written, watched: Watched | None, *, go_on: bool = False
) -> tuple[Tally, list[Fate]]:
    fates: list[Fate] = []
    work = Replay(PARTITIONS, BY, fates.append, go_on=go_on)
    tally = await work.run(of(letters), cast("Writer", written), cast("Watcher | None", watched))
    return tally, fates


async def test_a_few_are_put_back_first_and_each_slice_is_journaled_once_it_is_acked() -> None:
    written = Written()
    tally, fates = await run(many(1110), written, Watched(written))
    assert written.told == [
        f"{step} {size}" for size in (10, 100, 500, 500) for step in ("begin", "put", "journal", "watch")
    ]
    assert (tally.counts, tally.stopped) == ({"read": 1110}, "")
    assert [fate.letter.offset for fate in fates] == list(range(1110))


async def test_a_slice_of_which_some_came_back_is_the_last() -> None:
    written = Written()
    tally, _ = await run(many(200), written, Watched(written, {3: "came back"}))
    assert tally.counts == {"read": 9, "came back": 1}
    assert tally.stopped == "some came back"
    assert written.back == 10


async def test_a_group_that_does_not_read_is_not_given_more() -> None:
    written = Written()
    tally, _ = await run(many(11), written, Watched(written, {9: "unread"}))
    assert (tally.counts["unread"], tally.stopped, written.back) == (1, "some were not read in time", 10)


async def test_nothing_was_stopped_where_nothing_was_left() -> None:
    written = Written()
    tally, _ = await run(many(10), written, Watched(written, {9: "came back"}))
    assert tally.stopped == ""


async def test_it_goes_on_where_it_was_told_to() -> None:
    written = Written()
    tally, _ = await run(many(200), written, Watched(written, {3: "came back"}), go_on=True)
    assert (tally.counts, tally.stopped) == ({"read": 199, "came back": 1}, "")


async def test_what_is_refused_is_told_and_not_journaled() -> None:
    written = Written(refuses=frozenset({1}))
    cut = letter(2, record=Record("documents", 0, 0, b"k", b"v" * 5_000_000, (), 0))
    tally, fates = await run([letter(0), letter(1), cut, letter(3)], written, None)
    assert tally.counts == {"replayed": 2, "refused": 2}
    assert [entry.offset for entry in written.entries] == [0, 3]
    assert [(fate.letter.offset, fate.what) for fate in fates] == [
        (0, "replayed"),
        (1, "refused"),
        (2, "refused"),
        (3, "replayed"),
    ]


async def test_a_crash_before_the_journal_leaves_the_letter_open() -> None:
    written = Written(fails_to_journal=True)
    with pytest.raises(StackError):
        await run(many(1), written, None)
    assert (written.back, written.entries) == (1, [])


async def test_what_is_put_back_is_told_even_where_it_cannot_be_watched() -> None:
    written, fates = Written(), list[Fate]()
    work = Replay(PARTITIONS, BY, fates.append)
    with pytest.raises(StackError):
        await work.run(of(many(3)), cast("Writer", written), cast("Watcher", Watched(written, trouble=True)))
    assert [fate.what for fate in fates] == ["replayed"] * 3
    assert len(written.entries) == 3


async def test_the_journal_says_who_when_why_and_where_to() -> None:
    written = Written()
    await run([letter(5, written_ms=77)], written, None)
    (entry,) = written.entries
    assert entry.key == "quota/0/5"
    assert (entry.action, entry.by, entry.why, entry.replayed_to, entry.written_ms) == (
        "replayed",
        "ada",
        "mended",
        "documents/2/1001",
        77,
    )
    assert entry.at.utcoffset() is not None


async def test_a_dry_run_says_what_would_be_done() -> None:
    fates: list[Fate] = []
    cut = letter(2, record=Record("documents", 0, 0, b"k", b"v" * 5_000_000, (), 0))
    tally = await Replay(PARTITIONS, BY, fates.append).dry(of([letter(1), cut]))
    assert tally.counts == {"would be replayed": 1, "refused": 1}
    assert fates[0].reason == "to documents/2"


async def test_a_discard_is_journaled_with_its_reason_before_it_is_told() -> None:
    written = Written()

    def tell(fate: Fate) -> None:
        assert fate.letter.offset in {entry.offset for entry in written.entries}

    tally = await discard(of(many(600)), cast("Writer", written), BY, tell)
    assert tally.counts == {"discarded": 600}
    assert written.told == ["journal 500", "journal 100"]
    assert {(entry.action, entry.why, entry.replayed_to) for entry in written.entries} == {("discarded", "mended", "")}


async def test_a_discard_without_a_writer_only_says_so() -> None:
    tally = await discard(of(many(2)), None, BY, lambda _: None)
    assert tally.counts == {"would be discarded": 2}


async def test_large_letters_are_few_at_a_time() -> None:
    large = [replace(each, value=b"x" * (SLICE_BYTES // 3)) for each in many(7)]
    found = [len(each) async for each in slices(of(large), (500 for _ in range(9)))]
    assert found == [3, 3, 1]


def test_a_letter_of_a_topic_that_was_made_anew_is_another_one() -> None:
    journal = Journal()
    journal.note(BY.entry(letter(3, written_ms=100), None, NOW))
    assert journal.deed_about(letter(3, written_ms=100)) is not None
    assert journal.deed_about(letter(3, written_ms=200)) is None
    assert journal.deed_about(letter(4, written_ms=100)) is None
    assert journal.deed_about(letter(3, group="janitor", written_ms=100)) is None
    assert [journal.count("quota", 0, 0, 9, since) for since in (100, 101)] == [1, 0]
    assert journal.count("quota", 0, 4, 9, 0) == 0


def test_the_last_deed_counts() -> None:
    journal = Journal()
    journal.note(BY.entry(letter(3), None, NOW))
    journal.note(BY.entry(letter(3), Place("documents", 1, 9), NOW))
    deed = journal.deed_about(letter(3))
    assert deed is not None
    assert str(deed) == "replayed by ada at 2026-01-02 03:04:05+0000: mended"
    assert journal.place_of(letter(3)) == "documents/1/9"
    assert journal.count("quota", 0, 0, 9, 0) == 1
