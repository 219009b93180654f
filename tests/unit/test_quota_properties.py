"""What holds for every history: batches are their events one by one, replays change nothing, totals add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise
from random import Random
from uuid import UUID

from docuvault_contracts.cloudevents import OBSERVED_NS, Message
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.chassis.delivery import Delivery, Origin
from services.quota.drift_rules import Entry, fault_of
from services.quota.events import decision_message
from services.quota.model import Account, Decided, Deleted, Fact, Registered, Reservation
from services.quota.settle import MOMENT, settle
from tests.unit.quota_facts import NOW, absent, deleted, observed, registered

USERS = [UUID(int=n) for n in range(2)]
KEYS = [(user, f"{user}/{n}") for user in USERS for n in range(3)]
TIMES = st.integers(0, 4)

FACTS: st.SearchStrategy[Fact] = st.one_of(
    st.builds(
        lambda at, etag, size, where, asked: observed(etag, size, at, where[1], where[0], asked=asked),
        TIMES, st.sampled_from("abc"), st.integers(0, 60), st.sampled_from(KEYS), st.booleans(),
    ),
    st.builds(
        lambda at, where, asked: absent(at, where[1], where[0], asked=asked),
        TIMES, st.sampled_from(KEYS), st.booleans(),
    ),
    st.builds(lambda where: deleted(where[1], where[0]), st.sampled_from(KEYS)),
    st.builds(registered, st.integers(0, 120), st.sampled_from(USERS)),
)  # fmt: skip
HISTORIES = st.lists(FACTS, max_size=25).map(
    lambda facts: [Delivery(fact, Origin("t", 0, offset)) for offset, fact in enumerate(facts)]
)
ENTRY = [each.name for each in fields(Entry) if each.name != "last"]
CUTS = st.lists(st.integers(0, 25), max_size=6).map(sorted)


@dataclass
class Books:
    """The ledger's tables, as PostgreSQL would hold them."""

    accounts: dict[UUID, Account] = field(default_factory=dict)
    rows: dict[str, Reservation] = field(default_factory=dict)
    superseded: list[Reservation] = field(default_factory=list)
    heard: int = 0

    def settle(self, batch: Sequence[Delivery[Fact]]) -> list[Message]:
        found = settle(self.accounts, self.rows, self.superseded, batch, NOW + self.heard * MOMENT)
        self.heard += len(batch)
        for user, limit in found.opened.items():
            self.accounts[user] = Account(0, limit)
        for write in sorted(found.writes, key=lambda write: not write.replaces):  # what is given back comes first
            held = self.rows.get(write.row.object_key)
            assert (held.version if held else 0) == write.replaces
            self._charge(write.row, write.row.size_bytes - (held.size_bytes if held else 0))
            self.rows[write.row.object_key] = write.row
        for account in self.accounts.values():
            assert account.used_bytes <= account.limit_bytes, "the database would refuse it"
        self.superseded.extend(found.superseded)
        return [decision_message(each) for each in found.decided]

    def _charge(self, row: Reservation, delta: int) -> None:
        """As the triggers do (migrations/0003_balance.sql)."""
        if delta:
            account = self.accounts[row.user_id]
            self.accounts[row.user_id] = Account(account.used_bytes + delta, account.limit_bytes)

    def check(self) -> None:
        for user in USERS:
            reserved = sum(row.size_bytes for row in self.rows.values() if row.user_id == user)
            account = self.accounts.get(user, Account(0, 0))
            assert account.used_bytes == reserved >= 0

    def knows(self, fact: Fact) -> bool:
        return isinstance(fact, Registered) or fact.object_key in self.rows

    def words(self, each: Delivery[Fact]) -> list[Message]:
        """What a record says that is read again: what it decided, or, where it only asked, the last word."""
        if isinstance(each.event, Registered):
            return []
        key = each.event.object_key
        said = [row for row in [*self.superseded, *self.rows.values()] if row.object_key == key]
        mine = [row for row in said if row.origin == each.origin]
        last = [self.rows[key]] if asks(each.event) else []
        return [decision_message(Decided(row)) for row in mine or last]

    def state(self) -> object:
        past = sorted(self.superseded, key=lambda row: (row.object_key, row.version))
        return dict(self.accounts), dict(self.rows), past


def timeless(messages: Sequence[Message]) -> list[Message]:
    return [replace(each, headers=tuple(pair for pair in each.headers if pair[0] != OBSERVED_NS)) for each in messages]


def times(messages: Sequence[Message]) -> list[int]:
    return [int(value) for each in messages for name, value in each.headers if name == OBSERVED_NS]


def asks(fact: Fact) -> bool:
    return not isinstance(fact, Registered) and fact.asked


def pieces(history: Sequence[Delivery[Fact]], cuts: Sequence[int]) -> list[Sequence[Delivery[Fact]]]:
    edges = [0, *cuts, max(len(history), *cuts, 0)]
    return [history[start:end] for start, end in pairwise(edges)]


@settings(max_examples=400, deadline=None)
@given(HISTORIES, CUTS)
def test_batches_of_any_cut_end_as_their_events_one_by_one(history: list[Delivery[Fact]], cuts: list[int]) -> None:
    single, batched = Books(), Books()
    one_by_one = [message for each in history for message in single.settle([each])]
    in_batches = [message for piece in pieces(history, cuts) for message in batched.settle(piece)]
    assert in_batches == one_by_one
    assert batched.state() == single.state()


@example([Delivery(observed("a", 0, at), Origin("t", 0, at)) for at in range(2)], [], 0)  # the same bytes, seen later
@settings(max_examples=400, deadline=None)
@given(HISTORIES, CUTS, st.integers(0, 25))
def test_a_replay_from_any_offset_says_the_same_again_and_changes_nothing(
    history: list[Delivery[Fact]], cuts: list[int], start: int
) -> None:
    """A question is answered anew. One that met no row left no trace: read again, it counts from then on.

    The store's time of the bytes, which stands beside the event, is that of the last look that found the same.
    """
    books = Books()
    said, traceless = {}, set()
    for each in history:
        said[each.origin] = books.settle([each])
        if not books.knows(each.event):
            traceless.add(each.origin)
    before = books.state()
    old = [each for each in history[start:] if each.origin not in traceless]
    again = [message for piece in pieces(old, cuts) for message in books.settle(piece)]
    assert again == [message for each in old for message in books.words(each)]
    known = [each for each in old if not asks(each.event)]
    assert [timeless(said[each.origin]) for each in known] == [timeless(books.words(each)) for each in known]
    assert all(times(said[each.origin]) <= times(books.words(each)) for each in known)
    assert books.state() == before


@settings(max_examples=400, deadline=None)
@given(HISTORIES, st.randoms(use_true_random=False))
def test_whatever_the_order_totals_add_up_and_nothing_is_reserved_above_a_limit(
    history: list[Delivery[Fact]], random: Random
) -> None:
    random.shuffle(history)
    books = Books()
    for each in history:
        books.settle([each])
        books.check()
        assert all(account.used_bytes <= account.limit_bytes for account in books.accounts.values())


@settings(max_examples=200, deadline=None)
@given(HISTORIES)
def test_versions_count_the_decisions_of_a_key_without_a_gap(history: list[Delivery[Fact]]) -> None:
    books = Books()
    books.settle(history)
    for key, row in books.rows.items():
        earlier = [past.version for past in books.superseded if past.object_key == key]
        assert sorted(earlier) == list(range(1, row.version))


@settings(max_examples=200, deadline=None)
@given(HISTORIES)
def test_a_history_that_the_rules_write_is_one_that_a_repair_believes(history: list[Delivery[Fact]]) -> None:
    books = Books()
    books.settle(history)
    for key, row in books.rows.items():
        past = sorted((each for each in books.superseded if each.object_key == key), key=lambda each: each.version)
        assert fault_of([*(entry(each) for each in past), entry(row, last=True)]) is None


def entry(row: Reservation, *, last: bool = False) -> Entry:
    whole = f"{row.user_id}/{row.document_id}/{row.object_key}"  # the keys here are shorter than real ones
    return Entry(last=last, **{each: getattr(row, each) for each in ENTRY} | {"object_key": whole})


@settings(max_examples=200, deadline=None)
@given(HISTORIES)
def test_what_is_deleted_holds_nothing_ever_after(history: list[Delivery[Fact]]) -> None:
    books = Books()
    gone: set[str] = set()
    for each in history:
        books.settle([each])
        if isinstance(each.event, Deleted):
            gone.add(each.event.object_key)
        assert all(books.rows[key].size_bytes == 0 for key in gone)
