"""One or more uploads in each state that `explain` tells apart, by name."""

from __future__ import annotations

from dataclasses import replace

from deploy.ops.explain_model import Account, Facts, Job, Unsent
from deploy.ops.explain_states import State
from tests.unit.explain_facts import (
    MADE,
    NOW,
    PUT_NS,
    after,
    at,
    decision,
    document,
    facts,
    group,
    heard,
    kafka,
    known,
    letter,
    stored,
    unseen,
    waiting,
)

BY_OWNER = document("deleted", reason="document_deleted", version=1)
REFUSED = document("rejected", reason="over_quota", version=1)
ABANDONED = document("deleted", reason="abandoned")
LOST = waiting(stored=stored())
LATER_NS = PUT_NS + 10**10

STATES: list[tuple[str, State, Facts]] = [
    ("all agree", State.SETTLED, facts()),
    ("classified", State.SETTLED, facts(document=document("classified"))),
    (
        "deleted by its owner, the bytes are free",
        State.SETTLED,
        facts(document=BY_OWNER, decisions=(decision(), decision("released", 2)), stored=None),
    ),
    (
        "deleted by its owner before a byte came, the URL is dead",
        State.SETTLED,
        waiting(document=replace(BY_OWNER, version=0)),
    ),
    ("given up", State.SETTLED, waiting(document=ABANDONED)),
    (
        "refused long ago, the ledger's tombstone has expired",
        State.SETTLED,
        facts(document=REFUSED, decisions=(), stored=None),
    ),
    (
        "the document's tombstone has expired first",
        State.SETTLED,
        facts(document=None, decisions=(decision("rejected"),), stored=None),
    ),
    (
        "refused twice, the document heard of the first refusal only",
        State.OVER_QUOTA,
        facts(document=REFUSED, decisions=(decision("rejected"), decision("rejected", 2)), stored=None),
    ),
    ("refused", State.OVER_QUOTA, facts(document=REFUSED, decisions=(decision("rejected"),), stored=None)),
    ("asked for just now", State.URL_OPEN, at(after(minutes=14), waiting())),
    ("the URL is dead", State.URL_DEAD, at(after(minutes=16), waiting())),
    ("the sweep is due", State.URL_DEAD, at(after(hours=1, minutes=1), waiting(sweep=Job(after(hours=1, minutes=1))))),
    ("the sweep did not come", State.SWEEP_LATE, waiting(sweep=Job(after(hours=2)))),
    ("no sweep was ever planned", State.SWEEP_LATE, waiting(sweep=None)),
    ("the sweep gave it up, and was reminded", State.URL_DEAD, waiting(known=unseen(abandoned_at=after(hours=1)))),
    ("the janitor knows nothing of it", State.REQUEST_UNHEARD, waiting(known=None)),
    ("the janitor has no time to look", State.REQUEST_UNHEARD, waiting(known=unseen(look_at=None))),
    (
        "the sweep gave it up unheard",
        State.ABANDONMENT_UNHEARD,
        waiting(known=unseen(look_at=None, abandoned_at=after(hours=1))),
    ),
    ("put just now", State.UNDER_WAY, waiting(stored=stored(ns=int(NOW.timestamp() - 3) * 10**9))),
    ("its notification is lost", State.UNDECIDED, LOST),
    ("given up, then put after all", State.UNDECIDED, waiting(document=ABANDONED, stored=stored())),
    ("the URL was used again", State.OTHER_BYTES, facts(stored=stored(6, "f", LATER_NS))),
    ("used again with the same size", State.OTHER_BYTES, facts(stored=stored(5, "f", LATER_NS))),
    ("used again in the same millisecond", State.OTHER_BYTES, facts(stored=stored(6, "f", PUT_NS))),
    ("reserved unheard", State.DECISION_UNHEARD, facts(document=document("pending"))),
    (
        "a second decision unheard",
        State.DECISION_UNHEARD,
        facts(decisions=(decision(), decision(version=2, etag="f")), stored=stored(etag="f")),
    ),
    (
        "refused unheard, and removed",
        State.DECISION_UNHEARD,
        facts(document=document("pending"), decisions=(decision("rejected"),), stored=None),
    ),
    ("deleted unheard", State.DELETION_UNHEARD, facts(document=BY_OWNER)),
    ("deleted unheard, and removed", State.DELETION_UNHEARD, facts(document=BY_OWNER, stored=None)),
    (
        "deleted unheard before a byte came, the URL is open",
        State.DELETION_UNHEARD,
        at(after(minutes=2), waiting(document=replace(BY_OWNER, version=0))),
    ),
    (
        "deleted unheard, bytes came, undecided",
        State.DELETION_UNHEARD,
        waiting(document=replace(BY_OWNER, version=0), stored=stored()),
    ),
    (
        "refused, the janitor knows",
        State.NOT_REMOVED,
        facts(document=REFUSED, decisions=(decision("rejected"),), known=known("remove", cause="quota.rejected")),
    ),
    (
        "refused, the janitor does not know",
        State.ORDER_LOST,
        facts(document=REFUSED, decisions=(decision("rejected"),), known=None),
    ),
    (
        "refused, removed and put again",
        State.ORDER_LOST,
        facts(document=REFUSED, decisions=(decision("rejected"),), known=known("remove"), stored=stored(ns=LATER_NS)),
    ),
    (
        "refused, no document left",
        State.ORDER_LOST,
        facts(document=None, decisions=(decision("rejected"),), known=known("removed")),
    ),
    ("the object is gone", State.OBJECT_MISSING, facts(stored=None)),
    ("neither object nor document", State.OBJECT_MISSING, facts(document=None, stored=None)),
    ("paid for without a document", State.NO_DOCUMENT, facts(document=None)),
    ("undecided without a document", State.NO_DOCUMENT, facts(document=None, decisions=())),
    ("undecided without an account", State.ACCOUNT_MISSING, waiting(stored=stored(), account=None)),
    ("asked for without an account", State.ACCOUNT_MISSING, at(after(minutes=2), waiting(account=None))),
    (
        "refused for want of an account",
        State.ACCOUNT_MISSING,
        facts(document=REFUSED, decisions=(decision("rejected", limit_bytes=0),), stored=None, account=None),
    ),
    ("the account's total is wrong", State.DRIFT, facts(account=Account(96, 97, 95))),
    (
        "refused by a total that is wrong",
        State.DRIFT,
        facts(document=REFUSED, decisions=(decision("rejected"),), stored=None, account=Account(97, 97, 95)),
    ),
    ("a key of somebody else's", State.FOREIGN_KEY, replace(waiting(stored=stored()), key="backup/readme.txt")),
    ("the ledger knows less", State.LEDGER_BEHIND, facts(document=document(version=2))),
    ("the ledger knows nothing", State.LEDGER_BEHIND, facts(decisions=())),
    ("the store was restored", State.OLDER_BYTES, facts(stored=stored(6, "f", PUT_NS - 10**9))),
    ("two sizes at one version", State.CONFLICT, facts(document=document(size_bytes=4))),
    ("refused and uploaded at one version", State.CONFLICT, facts(decisions=(decision("rejected"),), stored=None)),
    ("not sent yet", State.OUTBOX, waiting(unsent=Unsent("upload.requested", MADE, 3))),
    ("nobody decides", State.SERVICE_DOWN, replace(LOST, kafka=kafka(quota=group("quota", members=0)))),
    (
        "in line, and nobody reads",
        State.SERVICE_DOWN,
        replace(LOST, kafka=kafka(heard("Put", offset=102), quota=group("quota", members=0, lag=9))),
    ),
    ("halted", State.HALTED, replace(LOST, kafka=kafka(quota=group("quota", lag=9, halted=True)))),
    (
        "in line",
        State.IN_LINE,
        replace(LOST, kafka=kafka(heard("Put", offset=102), quota=group("quota", lag=9))),
    ),
    (
        "decided, not said yet",
        State.IN_LINE,
        facts(
            document=document("pending"),
            decisions=(decision(origin=heard("Put", offset=100).place),),
            kafka=kafka(heard("Put", offset=100), quota=group("quota", lag=1)),
        ),
    ),
    (
        "said, not heard yet",
        State.IN_LINE,
        facts(
            document=document("pending"),
            kafka=kafka(heard("quota.reserved", "quota", 101), upload=group("upload", lag=2)),
        ),
    ),
    ("not understood", State.DEAD_LETTER, replace(LOST, kafka=kafka(dead=(letter("quota"),)))),
    (
        "no time to read",
        State.NOT_READ,
        replace(LOST, kafka=kafka(open_unread=500, quota=group("quota", lag=500))),
    ),
    ("Kafka is away", State.KAFKA_AWAY, replace(LOST, kafka=None, away={"kafka": "no route"})),
    ("the store is away", State.STORE_AWAY, facts(stored=None, away={"store": "no route"})),
]
