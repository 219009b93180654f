"""What each label may hold: no ids, no paths, no free text, and never more than what is listed here.

Hostile runs of the stack are held to it (tests/stack/http): whatever clients send, a scrape shows nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import get_args

from docuvault_contracts import topics

from services.chassis.deadletters import CAUSES
from services.chassis.storage_metrics import Operation, Outcome
from services.classifier.filing import Mode
from services.classifier.model import MODEL_FAILED
from services.classifier.model import Outcome as Classified
from services.classifier.reading import Unreadable
from services.janitor.reconcile_rules import Kind
from services.janitor.watch_rules import GROUPS
from services.quota.metrics import KINDS

_TOPICS = {each.name for each in vars(topics).values() if isinstance(each, topics.Topic)}
_STEPS = {"parse", "handle", "encode", "publish", "commit", "halt", "bury", "relay", "line"}
_JOBS = {"sweep", "reconcile", "expiry", "drift", "reminders", "topics_removal", "rotation"}
_ROUTE = re.compile(r"unmatched|(?:/(?:[a-z-]+|\{[a-z_]+\}))+|/")

KNOWN: Mapping[str, frozenset[str]] = {
    "group": frozenset(GROUPS),
    "topic": frozenset(_TOPICS | {topics.dead_letter_topic(group).name for group in GROUPS}),
    "step": frozenset(_STEPS | _JOBS),
    "work": frozenset({*GROUPS, "outbox", "job", "classifier", *_JOBS}),
    "reason": frozenset({*CAUSES, "rebalance", "ahead", "late", "stop", "commit", *(reason for _, reason in KINDS)}),
    "method": frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "OTHER"}),
    "answer": frozenset({"alive", "leaving"}),
    "limit": frozenset({"presigned URLs", "sign-ins"}),
    "operation": frozenset(get_args(Operation)),
    "outcome": frozenset(
        {
            *get_args(Outcome),
            *(outcome for outcome, _ in KINDS),
            *("cleaned", "healed", "asked", "ended"),
            *("confirmed", "refused", "undecided", "not_uploaded", "unknown"),
            *("filed", "none", "bug", "text", "no_text", "killed", "dropped", MODEL_FAILED),
            *("exported", "failed"),
            *Classified,
            *Unreadable,
        }
    ),
    "kind": frozenset(Kind),
    "mode": frozenset(Mode),
    "stage": frozenset({"owner", "fetch", "read", "file", "record"}),
    "why": frozenset(
        {"transient", "bug", "stop", "left", "expired", "slow", "stopped", "failed", "nothing", *Unreadable}
    ),
    "target_name": frozenset({"kafka"}),
    "event": frozenset({"hello", "document", "removed", "quota", "reset", "expired"}),
}
"""The values of each label that has few."""

PATTERNS: Mapping[str, re.Pattern[str]] = {
    "partition": re.compile(r"\d{1,3}"),
    "status": re.compile(r"[1-5]\d\d"),
    "route": _ROUTE,
    "le": re.compile(r"\d+(?:\.\d+)?(?:e-?\d+)?|\+Inf"),
}
"""What the values of the others look like: as many as a topic has partitions, HTTP answers and an API routes."""


def is_known(label: str, value: str) -> bool:
    """Whether the label may have the value."""
    if label in KNOWN:
        return value in KNOWN[label]
    return label in PATTERNS and PATTERNS[label].fullmatch(value) is not None
