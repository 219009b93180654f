"""What an event does to a document's row, and whether the result of a classification still counts. Pure.

| known so far | heard | then |
| --- | --- | --- |
| deleted | anything | as before |
| any other | document.deleted, or a newer quota.released for it | deleted, for good; forgotten, out of line |
| any other | a decision whose version is not newer | as before |
| any other | quota.reserved, newer, of other bytes than known | stored; the old are forgotten; in line, a new round |
| stored | quota.reserved, newer, of the same bytes | its version; in line, a new round; what is known of them stays |
| any other | any other quota.released, or quota.rejected, newer | gone; forgotten, out of line |
| any other | a wish no newer than the one before (a correction is a wish, too) | as before |
| stored | a newer wish | in line, a new round; a correction no longer holds the topics (what was learnt of it stays) |
| not stored | a newer wish | remembered: it is classified anyway once its bytes are paid for |

Forgotten means: its vector, topics, outcome, correction and the examples made of it go. "In line" means: at the place
it had there, or at the end of its owner's.

A result counts where the document is still stored, in line, and of the version and the round that were claimed. Each of
the events above that matters makes a new round or takes it out of line, so the older result never wins:

| the result | its owner corrected it | then |
| --- | --- | --- |
| any that counts | yes | the topics stay as they are, outcome corrected; its vector is kept |
| filed under topics | no | filed, under those of them that there still are; nothing_fits where none is left |
| filed under none | no | no_topics where its owner had none, or else nothing_fits |
| unreadable, or not filed | no | failed, for the reason given |
| any that does not count | | dropped |

The time of what is said grows strictly, by at least a microsecond: readers go by (version, time).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from docuvault_contracts.events import (
    DocumentDeleted,
    FiledTopic,
    QuotaRejected,
    QuotaReleased,
    QuotaReserved,
    ReclassifyRequested,
)

from services.classifier.filing import Filed, NotFiled
from services.classifier.model import MODEL_FAILED, Claim, Conclusion, Known, Outcome, Result, Standing, State
from services.classifier.reading import Unreadable
from services.classifier.words import NOTES, REASONS

Decision = QuotaReserved | QuotaRejected | QuotaReleased
Fact = Decision | DocumentDeleted | ReclassifyRequested

TICK = timedelta(microseconds=1)


def learn(known: Known, fact: Fact, traceparent: str | None = None) -> Known:
    """What is known after `fact`; the very same object where the fact is no news. `traceparent` is the fact's."""
    if known.state is State.DELETED:
        return known
    match fact:
        case DocumentDeleted():
            return _ended(known, State.DELETED)
        case ReclassifyRequested():
            return _wished(known, fact, traceparent)
        case _:
            return _decided(known, fact, traceparent) if fact.version > known.version else known


def concerns(known: Known, fact: Fact) -> bool:
    """Whether the fact is about this very object, and not about another key that only names the document's id."""
    return (fact.object_key, fact.user_id) == (known.object_key, known.user_id)


def learn_all(known: Known, facts: Iterable[tuple[Fact, str | None]]) -> Known:
    """What is known after several facts about the one document, each with its trace, in the order of their arrival."""
    for fact, traceparent in facts:
        known = learn(known, fact, traceparent)
    return known


def _decided(known: Known, fact: Decision, traceparent: str | None) -> Known:
    match fact:
        case QuotaReserved():
            return _reserved(known, fact, traceparent)
        case QuotaReleased(reason="document_deleted"):
            return replace(_ended(known, State.DELETED), version=fact.version)
        case _:
            return replace(_ended(known, State.GONE), version=fact.version)


def _reserved(known: Known, fact: QuotaReserved, traceparent: str | None) -> Known:
    same = known.state is State.STORED and (known.etag, known.size_bytes) == (fact.etag, fact.size_bytes)
    heard = known if same else _forgotten(known)
    return _in_line(
        replace(heard, state=State.STORED, version=fact.version, etag=fact.etag, size_bytes=fact.size_bytes),
        traceparent,
    )


def _wished(known: Known, fact: ReclassifyRequested, traceparent: str | None) -> Known:
    if known.asked_at is not None and fact.requested_at <= known.asked_at:
        return known
    asked = replace(known, asked_at=fact.requested_at)
    return _in_line(replace(asked, corrected=False), traceparent) if known.state is State.STORED else asked


def _in_line(known: Known, traceparent: str | None) -> Known:
    return replace(known, round=known.round + 1, waits=True, enters=True, traceparent=traceparent)


def _ended(known: Known, state: State) -> Known:
    gone = replace(_forgotten(known), state=state, etag=None, size_bytes=0, traceparent=None)
    return replace(gone, round=known.round + 1, waits=False, enters=False)


def _forgotten(known: Known) -> Known:
    return replace(known, forgets=True, corrected=False)


def counts(standing: Standing, claim: Claim) -> bool:
    """Whether what came of `claim` is still about the document as it stands."""
    stored = standing.state is State.STORED and standing.waits
    return stored and (standing.version, standing.round) == (claim.version, claim.round)


def conclude(standing: Standing, claim: Claim, result: Result, live: Collection[UUID]) -> Conclusion | None:
    """What is recorded and said; None where the result does not count. `live` are the topics that there still are."""
    if not counts(standing, claim):
        return None
    found = _found(standing, result, live)
    vector = result.what.vector if isinstance(result.what, Filed) else None
    return replace(
        found,
        media_type=result.media_type,
        language=result.language,
        mismatch=result.mismatch,
        vector=vector,
        terms=result.terms,
    )


def _found(standing: Standing, result: Result, live: Collection[UUID]) -> Conclusion:
    told_at = told_after(standing.told_at, standing.now)
    if standing.corrected:
        return _filed(Outcome.CORRECTED, told_at, standing.topics)
    match result.what:
        case Unreadable() as why:
            return Conclusion(why, told_at, text=REASONS[why], failed=True)
        case NotFiled(reason=reason):
            return Conclusion(MODEL_FAILED, told_at, text=reason, failed=True)
        case Filed(topics=topics):
            left = tuple(topic for topic in topics if topic.topic_id in live)
            return _filed(_outcome(found=bool(left), had_topics=result.had_topics), told_at, left)


def _filed(outcome: Outcome, told_at: datetime, topics: tuple[FiledTopic, ...]) -> Conclusion:
    return Conclusion(outcome, told_at, topics, None if topics else NOTES[outcome])


def _outcome(*, found: bool, had_topics: bool) -> Outcome:
    if found:
        return Outcome.FILED
    return Outcome.NOTHING_FITS if had_topics else Outcome.NO_TOPICS


def told_after(before: datetime | None, now: datetime) -> datetime:
    """The time of what is said `now`, where something was said at `before` already: later than that, always."""
    return now if before is None else max(now, before + TICK)
