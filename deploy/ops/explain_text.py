"""What was found, as people and as programs read it. Whatever comes from outside is escaped here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from deploy.ops.explain_model import Account, Explained, Facts, Group, Kafka, User
from deploy.ops.explain_rules import IN_ORDER
from deploy.ops.explain_states import Verdict
from deploy.ops.explain_story import story_of
from deploy.ops.showing import clean, moment, number

SOURCE_CHARS = 22


def as_text(explained: Explained) -> str:
    """The story of one key, where the groups stand, and what it waits for."""
    facts, verdict = explained.facts, explained.verdict
    return "\n".join([*_head(facts), "", *_story(facts), "", *_standing(facts), *_verdict(verdict)])


def as_dict(explained: Explained) -> dict[str, Any]:
    """All of it, for JSON."""
    facts, verdict = explained.facts, explained.verdict
    return {
        "key": facts.key,
        "state": verdict.state,
        "in_order": verdict.state in IN_ORDER,
        "verdict": asdict(verdict),
        "story": [asdict(line) for line in story_of(facts)],
        "facts": {name: _plain(value) for name, value in _fields(facts).items()},
    }


def _fields(facts: Facts) -> Mapping[str, Any]:
    return {name: getattr(facts, name) for name in Facts.__dataclass_fields__ if name != "kafka"} | {
        "kafka": _kafka(facts.kafka) if facts.kafka else None
    }


def _plain(value: object) -> object:
    if hasattr(value, "__dataclass_fields__"):
        return asdict(value)  # type: ignore[call-overload]  # a dataclass of the model
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return dict(value) if isinstance(value, Mapping) else value


def _kafka(kafka: Kafka) -> dict[str, Any]:
    """JSON has no keys of two parts, so offsets are named by topic and partition."""
    found = asdict(kafka)
    for name, group in kafka.groups.items():
        found["groups"][name]["committed"] = {
            f"{topic}/{number}": at for (topic, number), at in group.committed.items()
        }
    return found


def _head(facts: Facts) -> Iterator[str]:
    yield f"key      {clean(facts.key)}"
    if facts.document is not None:
        document = facts.document
        yield f"document {document.id} of user {document.user_id}"
        yield f"file     {clean(document.filename)} ({clean(document.content_type)})"
    if facts.account is not None:
        yield f"account  {_account(facts.account)}"
    yield from (f"note     {clean(note)}" for note in facts.notes)


def _account(account: Account) -> str:
    drift = "" if account.used_bytes == account.reserved_bytes else f", but {number(account.reserved_bytes)} reserved"
    return f"{number(account.used_bytes)} of {number(account.limit_bytes)} bytes in use{drift}"


def _story(facts: Facts) -> Iterator[str]:
    for line in story_of(facts):
        yield f"{moment(line.at)}  {clean(line.source):<{SOURCE_CHARS}} {clean(line.what)}"


def _standing(facts: Facts) -> Iterator[str]:
    for server, why in facts.away.items():
        yield f"{server} is away: {clean(why)}"
    if facts.kafka is None:
        return
    yield from map(_group, facts.kafka.groups.values())
    if facts.kafka.unread:
        yield (
            f"not all of Kafka was read: there was no time for {number(facts.kafka.unread)} records, "
            f"{number(facts.kafka.open_unread)} of them not settled by every group; --seconds gives more"
        )
    if facts.kafka.left_out:
        yield f"{number(facts.kafka.left_out)} more records about it are not shown"


def _group(group: Group) -> str:
    state = ", halted by dead letters" if group.halted else ""
    return f"group {group.name:<8} {group.members} members, {number(group.lag)} records behind{state}"


def _verdict(verdict: Verdict) -> Iterator[str]:
    yield ""
    yield f"state    {verdict.state}"
    yield f"waits    {_waits(verdict)}"
    if verdict.since is not None:
        yield f"since    {moment(verdict.since)}"
    if verdict.command is not None:
        yield f"do       {verdict.command}"
    if verdict.heals is not None:
        yield f"heals    {clean(verdict.heals)}"


def _waits(verdict: Verdict) -> str:
    rests = verdict.state in {"settled", "over_quota"}
    return f"for nothing: it is settled; {clean(verdict.what)}" if rests else clean(verdict.what)


def user_text(user: User) -> str:
    """The account, the counts, and a line for each document that waits."""
    return "\n".join(_user(user))


def _user(user: User) -> Iterator[str]:
    yield f"user     {user.user_id}"
    account = _account(user.account) if user.account else "none: the user was never registered"
    yield f"account  {account}; {number(user.documented_bytes)} bytes in documents"
    counts = ", ".join(f"{number(count)} {status}" for status, count in user.counts.items()) or "none"
    yield f"documents {counts}"
    for each in user.waiting:
        subject = each.facts.document.id if each.facts.document else clean(each.facts.key)
        do = f"; {each.verdict.command}" if each.verdict.command else ""
        yield f"waiting  {subject} {each.verdict.state}: {clean(each.verdict.what)}{do}"
    if user.more > 0:
        yield f"and {number(user.more)} more that may be waiting"
    if not user.waiting:
        yield "nothing waits"


def user_dict(user: User) -> dict[str, Any]:
    """All of it, for JSON."""
    return {
        "user": user.user_id,
        "account": asdict(user.account) if user.account else None,
        "documented_bytes": user.documented_bytes,
        "counts": dict(user.counts),
        "waiting": [as_dict(each) for each in user.waiting],
        "more": user.more,
    }
