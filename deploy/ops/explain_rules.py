"""What an upload waits for, since when, and what moves it on. Pure: facts in, a verdict out.

| state | it is so when | it waits for | what moves it on |
| --- | --- | --- | --- |
| settled | store, ledger, document and janitor agree, or it is a tombstone and nothing is stored | nothing | |
| over_quota | refused, nothing is stored | nothing: it is final | free bytes or a higher limit, another upload |
| url_open | pending, nothing stored, the URL lives | the client | |
| url_dead | pending, nothing stored, the URL is dead | the sweep, at a time that is told | docuvault sweep, then |
| sweep_late | as above, and that time is over | the sweep | docuvault sweep |
| request_unheard | as above, and the janitor does not know of it | a reminder | FIX |
| abandonment_unheard | the sweep gave it up, the document is pending | a reminder | FIX |
| under_way | one of those with FIX, and only seconds old | its turn | |
| undecided | bytes stored, the ledger has no word | the sweep's look | FIX |
| other_bytes | stored are newer bytes than were decided | the reconciler's look | FIX |
| decision_unheard | the document's version is below the ledger's | that it is said again | FIX |
| deletion_unheard | deleted by its owner, the ledger has not let go | that it is said again | FIX |
| not_removed | refused or released, still stored, the janitor knows | the janitor | make logs, FIX |
| order_lost | refused or released, still stored, the janitor does not know | the reconciler's look | FIX |
| object_missing | paid for, nothing stored | the reconciler's look | FIX |
| no_document | stored under a key of ours, no document | a person | docuvault recover |
| account_missing | the user has no account | the identity provider | make token |
| drift | at rest, and the account's total is not the sum of its reservations | a person | docuvault audit --fix |
| foreign_key | the key is none of ours | a person | docuvault reconcile |
| ledger_behind | the document has heard more than the ledger knows | a person (a restore) | docuvault audit |
| older_bytes | stored are older bytes than were decided | a person (a restore) | docuvault audit |
| conflict | document and ledger disagree at one version | a person | docuvault audit |

Where it is a consumer group's turn, what holds that group back comes first, in this order:

| state | it is so when | what moves it on |
| --- | --- | --- |
| kafka_away, store_away | the server does not answer | make up |
| outbox | an event about it has not left upload's outbox | make logs SERVICE=upload |
| service_down | no process reads for the group | make up |
| halted | dead letters halted the group | docuvault dlq |
| in_line | a record about it lies behind the group's committed offset | itself |
| dead_letter | the group could not understand a record about it | docuvault dlq replay |
| not_read | the group is behind, and there was no time to read what of | more --seconds |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from docuvault_contracts import topics
from docuvault_contracts.keys import parse_key

from deploy.ops.audit_servers import READERS
from deploy.ops.explain_gaps import Gap, find_gap
from deploy.ops.explain_heals import REFUSALS, command_of, heals_of
from deploy.ops.explain_model import Facts, Group, Heard, Kafka
from deploy.ops.explain_states import State, Timing, Verdict
from deploy.ops.showing import number, span

AT_REST = frozenset({State.SETTLED, State.OVER_QUOTA})
IN_ORDER = AT_REST | {State.URL_OPEN, State.URL_DEAD, State.UNDER_WAY, State.IN_LINE}
"""Nothing is wrong: it rests, or goes on by itself and in time."""
UNTOLD = frozenset({State.KAFKA_AWAY, State.STORE_AWAY, State.NOT_READ})
"""What could not be told."""
READABLE_BY: Mapping[str, frozenset[str]] = {
    "quota": frozenset({"upload.observed", "document.deleted", "object.observed", "object.missing"}),
    "upload": frozenset(
        {"quota.reserved", "quota.rejected", "quota.released", "upload.abandoned"}
        | {"document.classified", "document.classification_failed"}
    ),
    "janitor": frozenset(
        {"quota.reserved", "quota.rejected", "quota.released", "document.deleted", "upload.requested"}
    ),
    "classifier": frozenset(
        {"quota.reserved", "quota.rejected", "quota.released", "document.deleted", "document.reclassify_requested"}
    ),
}
"""The events each group acts on; what else is in its topics it passes over."""
UNREADABLE = "unreadable"
"""The type of a record that could not be read here; a group that reads its topic has to find that out, too."""


def judge(facts: Facts, timing: Timing) -> Verdict:
    """What `facts` amount to."""
    gap = find_gap(facts, timing)
    if gap.state in AT_REST:
        return _verdict(facts, _drifted(facts) or gap, timing)
    held = next(_held_back(facts, gap, timing), None)
    return _verdict(facts, held or gap, timing)


def _verdict(facts: Facts, gap: Gap, timing: Timing) -> Verdict:
    return Verdict(
        state=gap.state,
        what=gap.what,
        since=gap.since,
        command=command_of(facts, gap),
        heals=heals_of(facts, gap, timing),
        push=gap.push,
        refusal=None if gap.push else REFUSALS[gap.state],
    )


def _drifted(facts: Facts) -> Gap | None:
    account = facts.account
    if account is None or account.used_bytes == account.reserved_bytes or parse_key(facts.key) is None:
        return None
    what = (
        f"the document rests, but its user's account says {number(account.used_bytes)} bytes in use, and "
        f"{number(account.reserved_bytes)} are reserved"
    )
    return Gap(State.DRIFT, what)


def _held_back(facts: Facts, gap: Gap, timing: Timing) -> Iterator[Gap]:
    """What keeps the groups from closing the gap, what comes first first."""
    if facts.unsent is not None:
        yield _unsent(facts)
    if not gap.by:
        return
    if facts.kafka is None:
        yield Gap(State.KAFKA_AWAY, f"{gap.what}; Kafka does not answer: {facts.away.get('kafka', '')}", gap.since)
        return
    yield from _groups_at_fault(facts.kafka, gap)
    yield from _dead_letters(facts.kafka, gap)
    yield from _unread(facts.kafka, gap)
    if gap.since is not None and gap.since > facts.kafka.looked_at - timedelta(seconds=timing.young):
        yield Gap(State.UNDER_WAY, f"{gap.what}; or it is under way, being only seconds old", gap.since, push=gap.push)


def _unsent(facts: Facts) -> Gap:
    assert facts.unsent is not None  # noqa: S101 - for mypy; the caller looked
    unsent = facts.unsent
    what = (
        f"{unsent.type} about it has not left the outbox of upload for "
        f"{span((facts.now - unsent.created_at).total_seconds())}, with {number(unsent.before)} before it"
    )
    return Gap(State.OUTBOX, what, unsent.created_at)


def _groups_at_fault(kafka: Kafka, gap: Gap) -> Iterator[Gap]:
    """Those with a record of it in line first: there it is stuck now."""
    groups = [kafka.groups[name] for name in gap.by]
    for group in groups:
        record = first_in_line(kafka, group, gap)
        if record is not None:
            where = f"{record.type} in {record.place} waits for {group.name}"
            yield _stopped(group, where, gap) or _in_line(group, record, where)
    for group in groups:
        stopped = _stopped(group, f"it is the turn of {group.name}", gap)
        if stopped is not None:
            yield stopped


def _stopped(group: Group, where: str, gap: Gap) -> Gap | None:
    if group.members == 0:
        return Gap(State.SERVICE_DOWN, f"{where}, and no process reads for it", gap.since, (group.name,))
    if group.halted:
        what = f"{where}, which is halted: it met too many records that it could not understand"
        return Gap(State.HALTED, what, gap.since, (group.name,))
    return None


def first_in_line(kafka: Kafka, group: Group, gap: Gap) -> Heard | None:
    """The first record that may close the gap, that the group acts on and has not committed past."""
    return next((each for each in kafka.heard if _is_awaited(each, gap) and _is_ahead(each, group)), None)


def _is_awaited(heard: Heard, gap: Gap) -> bool:
    return gap.awaits is None or heard.type in gap.awaits | {UNREADABLE} or heard.place == gap.origin


def _is_ahead(heard: Heard, group: Group) -> bool:
    place = heard.place
    committed = group.committed.get((place.topic, place.partition))
    acts = place.topic == topics.STORAGE_EVENTS.name or heard.type in READABLE_BY[group.name] | {UNREADABLE}
    reads = place.topic in {topic.name for topic in READERS[group.name]}
    return reads and acts and committed is not None and place.offset >= committed


def _in_line(group: Group, record: Heard, where: str) -> Gap:
    before = record.place.offset - group.committed[record.place.topic, record.place.partition]
    readers = f"{group.members} process{'es' if group.members > 1 else ''}"
    what = f"{where}, read by {readers}: {number(before)} records go before it"
    return Gap(State.IN_LINE, what, record.at, (group.name,))


def _dead_letters(kafka: Kafka, gap: Gap) -> Iterator[Gap]:
    for letter in kafka.dead:
        if letter.group in gap.by and letter.done is None:
            what = f"{gap.what}; {letter.group} could not understand {letter.origin}: {letter.reason}"
            yield Gap(State.DEAD_LETTER, what, letter.at, (letter.group,), gap.push)


def _unread(kafka: Kafka, gap: Gap) -> Iterator[Gap]:
    behind = [name for name in gap.by if kafka.groups[name].lag]
    if kafka.open_unread and behind:
        what = (
            f"{gap.what}; or it waits in line, since {' and '.join(behind)} is behind, and there was no time to read "
            f"{number(kafka.open_unread)} records of Kafka that it has not read either"
        )
        yield Gap(State.NOT_READ, what, gap.since, tuple(behind))
