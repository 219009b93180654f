"""What `docuvault dlq list|show|replay|discard` do on a running stack, and what they say."""

from __future__ import annotations

import argparse
import os
import pwd
import sys
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime

from deploy.local.errors import StackError
from deploy.local.kafka_reach import Reach
from deploy.ops.dlq.doing import Doer, Replay, Tally, discard
from deploy.ops.dlq.finding import Finder, Span
from deploy.ops.dlq.journal import TOPIC, Journal, read_journal
from deploy.ops.dlq.letters import Letter, original_of
from deploy.ops.dlq.piles import Piles
from deploy.ops.dlq.selecting import Selection, age, parse_range
from deploy.ops.dlq.showing import as_lines, as_object, summary
from deploy.ops.dlq.telling import Teller
from deploy.ops.dlq.watching import Watcher
from deploy.ops.dlq.writing import open_writer
from deploy.ops.kafka import Kafka, open_kafka
from deploy.ops.output import JsonList, printable, say, say_json
from deploy.ops.progress import Progress
from deploy.ops.times import point_in_time

OPEN = "open"
DONE, WRONG = 0, 1


def selection_of(options: argparse.Namespace) -> Selection:
    """What the options mean. Raises StackError."""
    return Selection(
        ranges=tuple(parse_range(each) for each in getattr(options, "letters", ())),
        group=options.group,
        cause=options.cause,
        reason=options.reason,
        since_ms=_ms(point_in_time(options.since, datetime.now(UTC))) if options.since else None,
    )


def _ms(time: datetime) -> int:
    return int(time.timestamp() * 1000)


class Found:
    """The letters that are meant, read once from end to end, and what was done about each."""

    def __init__(self, kafka: Kafka, selection: Selection, *, says_each: bool = True) -> None:
        self._says_each = says_each
        self._kafka = kafka
        self._finder = Finder(kafka)
        self._selection = selection
        self._spans: Sequence[Span] = ()
        self._journal = Journal()
        self.seen = 0

    async def prepare(self) -> None:
        """Finds out where they are, and what was done. Raises StackError."""
        self._spans = await self._finder.spans(self._selection)
        groups = {span.at.topic.partition(".")[2] for span in self._spans}
        self._journal = await read_journal(self._kafka, groups) if groups else Journal()
        if self._journal.unreadable:
            sys.stderr.write(
                f"docuvault: {self._journal.unreadable} entries of {TOPIC} are none, and are passed over\n"
            )

    def state_of(self, letter: Letter) -> str:
        """One word: open, replayed or discarded."""
        deed = self._journal.deed_about(letter)
        return deed.action if deed else OPEN

    def told_of(self, letter: Letter) -> str:
        """The state with who, when, why and where to."""
        deed, place = self._journal.deed_about(letter), self._journal.place_of(letter)
        return OPEN if deed is None else f"{deed}{' to ' if place else ''}{place}"

    async def letters(self, *, done_too: bool) -> AsyncIterator[Letter]:
        """Those that are open, or all."""
        total = sum(span.end - span.first for span in self._spans)
        with Progress("dead letters read", total, among_lines=self._says_each) as progress:
            async for letter in self._finder.letters(self._spans, self._selection):
                self.seen += 1
                progress.at(self.seen)
                if done_too or self._journal.deed_about(letter) is None:
                    yield letter


async def list_letters(reach: Reach, options: argparse.Namespace) -> int:
    """Counts them by group, cause and reason, or says each. Raises StackError."""
    async with open_kafka(reach) as kafka:
        found = Found(kafka, selection_of(options), says_each=options.each)
        await found.prepare()
        if options.each:
            return await _list_each(found, options)
        piles = Piles()
        async for letter in found.letters(done_too=options.all):
            piles.add(letter, found.state_of(letter))
    if options.json:
        say_json(piles.as_object())
        return DONE
    for line in piles.as_lines(datetime.now(UTC), states=options.all):
        say(line)
    say(_counted(piles.letters, found.seen))
    return DONE


async def _list_each(found: Found, options: argparse.Namespace) -> int:
    listed, now, count = JsonList("letters"), datetime.now(UTC), 0
    async for letter in found.letters(done_too=options.all):
        state = found.state_of(letter)
        count += 1
        if options.json:
            listed.add(summary(letter, state))
        else:
            old, shown = age(letter.written_ms, now), f"{state:<9} " if options.all else ""
            say(f"{letter.name}  {old:<5} {letter.cause:<13} {shown}{letter.origin}  {letter.reason}")
    if options.json:
        listed.end(count=count)
    else:
        say(_counted(count, found.seen))
    return DONE


def _counted(shown: int, seen: int) -> str:
    if shown:
        return f"{shown:,} dead letter{'' if shown == 1 else 's'}"
    return (
        f"no dead letter is open; --all shows the {seen:,} that were replayed or discarded"
        if seen
        else "no dead letters"
    )


async def show(reach: Reach, options: argparse.Namespace) -> int:
    """Shows one of them, whole. Raises StackError."""
    where = parse_range(options.letter)
    if where.first != where.last:
        raise StackError(f"one at a time is shown, not {where}")
    async with open_kafka(reach) as kafka:
        letter = await Finder(kafka).one(where)
        found = Found(kafka, Selection((where,)))
        await found.prepare()
        replay = original_of(letter, await kafka.partitions())
    if options.raw:
        return _raw(letter)
    if options.json:
        say_json(as_object(letter, found.told_of(letter), replay))
        return DONE
    for line in as_lines(letter, found.told_of(letter), replay, datetime.now(UTC), whole=options.whole):
        say(line)
    return DONE


def _raw(letter: Letter) -> int:
    if sys.stdout.isatty():
        raise StackError("the bytes may do anything to a terminal; send them to a file: … --raw > body")
    sys.stdout.buffer.write(letter.value)
    return DONE


async def replay(reach: Reach, options: argparse.Namespace) -> int:
    """Puts letters back where they came from. Raises StackError."""
    selection = _narrowed(selection_of(options))
    async with AsyncExitStack() as stack:
        kafka = await stack.enter_async_context(open_kafka(reach))
        partitions = await kafka.partitions()
        _require_journal(partitions)
        found = Found(kafka, selection)
        await found.prepare()
        teller = Teller(json=options.json)
        work = Replay(
            partitions, Doer(login_name(), printable(options.why)), teller.tell, options.mend_headers, options.go_on
        )
        letters = found.letters(done_too=options.again)
        if options.dry_run:
            tally = await work.dry(letters)
        else:
            writer = await stack.enter_async_context(open_writer(reach))
            watcher = None
            if options.wait > 0:
                watcher = Watcher(await stack.enter_async_context(open_kafka(reach)), options.wait)
            tally = await work.run(letters, writer, watcher)
    return _ended(teller, tally, found)


async def discard_letters(reach: Reach, options: argparse.Namespace) -> int:
    """Journals that nobody needs letters any more; they stay until their retention ends. Raises StackError."""
    why = printable(options.why.strip())
    if not why:
        raise StackError("say why, it is journaled: --why TEXT")
    selection = _narrowed(selection_of(options))
    async with AsyncExitStack() as stack:
        kafka = await stack.enter_async_context(open_kafka(reach))
        _require_journal(await kafka.partitions())
        found = Found(kafka, selection)
        await found.prepare()
        teller = Teller(json=options.json)
        writer = None if options.dry_run else await stack.enter_async_context(open_writer(reach))
        tally = await discard(found.letters(done_too=options.again), writer, Doer(login_name(), why), teller.tell)
    return _ended(teller, tally, found)


def _narrowed(selection: Selection) -> Selection:
    if selection.everything:
        raise StackError("say which: group/partition/offset, …/first-last, --reason, --cause, --group or --since")
    return selection


def _require_journal(topics: Collection[str]) -> None:
    if TOPIC not in topics:
        raise StackError(f"the topic {TOPIC} is not there; `make up` makes it")


def _ended(teller: Teller, tally: Tally, found: Found) -> int:
    teller.end(tally, _nothing(found.seen))
    return teller.exit_code(tally)


def _nothing(seen: int) -> str:
    done = f": {seen:,} were replayed or discarded before, --again takes them too" if seen else ""
    return f"no open dead letter fits{done}"


def login_name() -> str:
    """Who is at the keyboard, as far as the system knows."""
    try:
        return printable(os.getlogin())
    except OSError:  # no terminal
        pass
    try:
        return printable(pwd.getpwuid(os.getuid()).pw_name)
    except KeyError:
        return f"uid {os.getuid()}"
