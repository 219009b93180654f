"""What is not as it has to be about one key, from the tables and the store alone. Pure; explain_rules.py has the table.

A gap names the consumer groups whose turn it is, in the order in which the news passes through them, and what may be
said so that it closes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from docuvault_contracts.keys import parse_key

from deploy.ops.dlq.letters import Place
from deploy.ops.explain_model import LIVE, Decision, Document, Facts, Stored
from deploy.ops.explain_states import Push, State, Timing
from deploy.ops.showing import moment, number

REFUSED = frozenset({"over_quota", "already_rejected"})
SAID = frozenset({"quota.reserved", "quota.rejected", "quota.released"})
ASKED = frozenset({"upload.observed", "object.observed", "object.missing"})
"""What the ledger answers although it decides nothing."""
SWEEP_TAKES = timedelta(minutes=2)
"""A sweep that is at work is not late yet."""


@dataclass(frozen=True, slots=True)
class Gap:
    """How a key stands; `by` are the groups that have to act, none where it is nobody's turn.

    `awaits` are the only events that close it, where other news of the key cannot; so does the replay of `origin`.
    """

    state: State
    what: str
    since: datetime | None = None
    by: tuple[str, ...] = ()
    push: Push | None = None
    awaits: frozenset[str] | None = None
    origin: Place | None = None


def find_gap(facts: Facts, timing: Timing) -> Gap:
    """The first thing that is not as it has to be, or how the key rests."""
    if parse_key(facts.key) is None:
        return _foreign(facts)
    if "store" in facts.away:
        return Gap(State.STORE_AWAY, f"the store cannot be asked what it holds: {facts.away['store']}")
    if facts.document is None:
        return _without_document(facts)
    if facts.document.is_deleted_by_owner:
        return _deleted(facts, facts.document)
    if facts.document.version > (facts.decision.version if facts.decision else 0):
        return _ledger_behind(facts, facts.document)
    return _with_document(facts, facts.document, timing)


def _foreign(facts: Facts) -> Gap:
    at = facts.stored.at if facts.stored else None
    return Gap(State.FOREIGN_KEY, "the key is none of ours: nobody pays for it, and no service touches it", at)


def _without_document(facts: Facts) -> Gap:
    decision, stored = facts.decision, facts.stored
    if decision is not None and decision.state != "reserved":
        return _buried(facts, decision) or Gap(State.SETTLED, "its document is gone, and so is its object")
    if stored is not None:
        paid = "paid for" if decision else "undecided"
        what = f"{number(stored.size_bytes)} bytes are stored ({paid}), and no document is theirs"
        return Gap(State.NO_DOCUMENT, what, stored.at)
    if decision is not None:
        return _missing(decision)
    return Gap(State.SETTLED, "nothing is stored and nothing is owed: its document is gone")


def _deleted(facts: Facts, document: Document) -> Gap:
    """Its owner deleted it, which is final: the ledger has to let go of the bytes, the janitor of the object."""
    decision = facts.decision
    open_url = decision is None and facts.now < document.expires_at
    if (decision is not None and decision.state == "reserved") or open_url or (decision is None and facts.stored):
        what = "its owner deleted it, and the ledger has not heard of that"
        by = ("quota", "janitor")
        return Gap(State.DELETION_UNHEARD, what, document.updated_at, by, Push.DELETED, frozenset({Push.DELETED}))
    gone = Gap(State.SETTLED, "deleted by its owner: its bytes are free and its object is gone", document.updated_at)
    return (_buried(facts, decision) if decision else None) or gone


def _ledger_behind(facts: Facts, document: Document) -> Gap:
    heard = f"the document has heard version {document.version} of the ledger's word"
    if document.is_tombstone and not facts.decisions and facts.stored is None:
        return Gap(State.SETTLED, f"{document.status} ({document.reason}), and the ledger's tombstone has expired")
    known = facts.decision.version if facts.decision else "none"
    return Gap(State.LEDGER_BEHIND, f"{heard}, the ledger knows of {known}", document.updated_at)


def _with_document(facts: Facts, document: Document, timing: Timing) -> Gap:
    decision = facts.decision
    if decision is None:
        return _undecided(facts, document, timing)
    if decision.state == "reserved":
        return _reserved(facts, document, decision)
    return _buried(facts, decision) or _refused(facts, document, decision)


def _undecided(facts: Facts, document: Document, timing: Timing) -> Gap:
    stored = facts.stored
    if stored is None:
        return _nothing_came(facts, document, timing)
    size = number(stored.size_bytes)
    if facts.account is None:
        what = f"{size} bytes are stored and undecided, and their user has no account: they would be refused"
        return Gap(State.ACCOUNT_MISSING, what, stored.at, ("quota",))
    what = f"{size} bytes are stored and undecided: the store's notification is lost"
    return Gap(State.UNDECIDED, what, stored.at, ("quota",), Push.OBSERVED)


def _nothing_came(facts: Facts, document: Document, timing: Timing) -> Gap:
    if document.is_tombstone:
        return Gap(State.SETTLED, f"{document.status} ({document.reason}): nothing is stored", document.updated_at)
    if facts.now < document.expires_at and facts.account is None:
        what = "its URL is open, and its user has no account: what is put there would be refused"
        return Gap(State.ACCOUNT_MISSING, what, document.created_at)
    if facts.now < document.expires_at:
        what = f"nothing was put yet: it waits for the client, whose URL lives until {moment(document.expires_at)}"
        return Gap(State.URL_OPEN, what, document.created_at)
    return _swept(facts, document, timing)


def _swept(facts: Facts, document: Document, timing: Timing) -> Gap:
    """The URL is dead and nothing came: the sweep gives it up, where the janitor knows of it."""
    known = facts.known
    if known is not None and known.look_at is None and known.abandoned_at is not None:
        what = "the sweep gave it up, and the document has not heard of that"
        return Gap(State.ABANDONMENT_UNHEARD, what, known.abandoned_at, ("upload",), Push.REMIND)
    if known is None or known.look_at is None:
        what = "its URL is dead, nothing was put, and the janitor has not heard that it was ever asked for"
        return Gap(State.REQUEST_UNHEARD, what, document.expires_at, ("janitor",), Push.REMIND)
    due = max(known.look_at, facts.sweep.due_at) if facts.sweep else known.look_at
    if facts.now - due > SWEEP_TAKES + _period(facts, timing):
        what = f"its URL is dead and nothing was put: the sweep should have given it up at {moment(due)}"
        return Gap(State.SWEEP_LATE, what, due, ("janitor",))
    what = f"its URL is dead and nothing was put: it waits for the sweep, which takes it at {moment(due)}"
    return Gap(State.URL_DEAD, what, document.expires_at)


def _period(facts: Facts, timing: Timing) -> timedelta:
    """A sweep that is planned comes when it is due; of one that nobody planned only the period is known."""
    return timedelta(0) if facts.sweep else timedelta(seconds=timing.sweep_every)


def _reserved(facts: Facts, document: Document, decision: Decision) -> Gap:
    stored = facts.stored
    if stored is None:
        return _missing(decision)
    if (stored.etag, stored.size_bytes) != (decision.etag, decision.size_bytes):
        return _other_bytes(stored, decision)
    if document.version < decision.version:
        return _unheard(document, decision)
    if document.status in LIVE and (document.etag, document.size_bytes) == (decision.etag, decision.size_bytes):
        what = f"{document.status}: {number(stored.size_bytes)} bytes are stored, paid for and shown"
        return Gap(State.SETTLED, what, document.updated_at)
    return _conflict(document, decision)


def _missing(decision: Decision) -> Gap:
    what = f"{number(decision.size_bytes)} bytes are paid for, and the store holds nothing"
    return Gap(State.OBJECT_MISSING, what, decision.decided_at, ("quota",), Push.MISSING)


def _other_bytes(stored: Stored, decision: Decision) -> Gap:
    holds = f"the store holds {number(stored.size_bytes)} bytes (etag {stored.etag})"
    paid = f"paid for are {number(decision.size_bytes)} (etag {decision.etag})"
    if stored.observed_ns < decision.observed_ns:
        return Gap(State.OLDER_BYTES, f"{holds} that are older than what was decided: {paid}", stored.at)
    what = f"{holds}, {paid}: the URL was used again, and the store's notification of that is lost"
    return Gap(State.OTHER_BYTES, what, stored.at, ("quota",), Push.OBSERVED)


def _unheard(document: Document, decision: Decision) -> Gap:
    what = (
        f"the ledger has {decision.state} it (version {decision.version}), and the document, "
        f"{document.status} at version {document.version}, has not heard of that"
    )
    push = Push.OBSERVED if decision.state == "reserved" else Push.MISSING
    by = ("quota", "upload")
    return Gap(State.DECISION_UNHEARD, what, decision.decided_at, by, push, SAID | ASKED, decision.origin)


def _buried(facts: Facts, decision: Decision) -> Gap | None:
    """Of a key that was refused or released: what is left in the store."""
    stored, known = facts.stored, facts.known
    if stored is None:
        return None
    left = f"{decision.state} ({decision.reason}), and {number(stored.size_bytes)} bytes are still stored"
    if stored.observed_ns > decision.observed_ns:
        what = f"{left}: they were put afterwards, and their notification is lost"
        return Gap(State.ORDER_LOST, what, stored.at, ("quota", "janitor"), Push.OBSERVED)
    if known is not None and known.state == "remove":
        what = f"{left}: the janitor knows, and cannot remove them or is behind"
        return Gap(State.NOT_REMOVED, what, known.changed_at, ("janitor",), Push.OBSERVED)
    what = f"{left}: the janitor has not heard that they have to go"
    return Gap(State.ORDER_LOST, what, decision.decided_at, ("quota", "janitor"), Push.OBSERVED)


def _refused(facts: Facts, document: Document, decision: Decision) -> Gap:
    """Of a key that was refused or released, and of which nothing is stored."""
    if not document.is_tombstone:
        return _unheard(document, decision) if document.version < decision.version else _conflict(document, decision)
    if document.reason not in REFUSED:
        what = f"{document.status} ({document.reason}): its bytes are free and nothing is stored"
        return Gap(State.SETTLED, what, document.updated_at)
    if facts.account is None:
        what = "refused, since its user had no account; nothing is stored. It is final: register the user, upload again"
        return Gap(State.ACCOUNT_MISSING, what, decision.decided_at)
    return Gap(State.OVER_QUOTA, _numbers(facts), decision.decided_at)


def _numbers(facts: Facts) -> str:
    refusal = next((each for each in facts.decisions if each.reason in REFUSED), None)
    if refusal is None:
        return "refused over quota; nothing is stored"
    none = "" if refusal.limit_bytes else " (there was no account then, or one of 0 bytes)"
    return (
        f"refused: {number(refusal.rejected_bytes)} bytes did not fit, with {number(refusal.used_bytes)} of "
        f"{number(refusal.limit_bytes)} bytes in use{none}; nothing is stored. It is final: free some bytes or raise "
        "the limit, and upload again"
    )


def _conflict(document: Document, decision: Decision) -> Gap:
    what = (
        f"document and ledger are both at version {decision.version} and do not agree: the one is {document.status} "
        f"with {number(document.size_bytes)} bytes, the other {decision.state} with {number(decision.size_bytes)}"
    )
    return Gap(State.CONFLICT, what, decision.decided_at)
