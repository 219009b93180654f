"""What is said about a key that differs, and why what is left cannot be healed that way: pure.

Nothing is fixed directly. What the store holds, or that its owner deleted it, is said to the ledger, which decides or
says again what it decided. It is not said where it would be answered in ignorance, and could not be taken back. The
classifier's last word is said once more to its document.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from docuvault_contracts.keys import parse_key

from deploy.ops.audit_filings import is_unheard
from deploy.ops.audit_model import RESERVED, Check, Difference, Document, Holding

DELETED, BY_ITS_OWNER = "deleted", "document_deleted"
RECOVER = "docuvault recover --since <the time of the backup>"


class Word(Enum):
    """What can be said of a key, by the event that says it."""

    PRESENT = "object.observed"
    ABSENT = "object.missing"
    DELETED = "document.deleted"
    FILED = "document.classified"


@dataclass(frozen=True, slots=True)
class Saying:
    """What is to be said of a key, and the first of its differences, for which it is said."""

    word: Word
    difference: Difference
    holding: Holding


@dataclass(frozen=True, slots=True)
class Remark:
    """Why a difference is left, and the command that is for it."""

    why: str
    command: str


def sayings(differences: Iterable[Difference], most_lost: int) -> list[Saying]:
    """One for each key of which something may be said, in the order of the differences.

    Where more than `most_lost` objects are gone that are paid for, none of them is: then the store is what is wrong.
    """
    found: dict[str, Saying] = {}
    for each in differences:
        word = _word_for(each)
        if each.holding is not None and word is not None:
            found.setdefault(each.holding.key, Saying(word, each, each.holding))
    lost = sum(is_lost(each.holding) for each in found.values())
    return [each for each in found.values() if lost <= most_lost or not is_lost(each.holding)]


def _word_for(difference: Difference) -> Word | None:
    holding = difference.holding
    if holding is None:
        return None
    return Word.FILED if difference.check is Check.CLASSIFIED and is_unheard(holding) else word_of(holding)


def word_of(holding: Holding) -> Word | None:
    """What is to be said of a key that differs; None where nothing is."""
    if parse_key(holding.key) is None or refusal(holding) is not None:
        return None
    if _is_deleted(holding.document) and _may_be_charged(holding):
        return Word.DELETED  # what the store holds would only be charged once more
    if holding.stored is not None:
        return Word.PRESENT
    return Word.ABSENT if holding.reservation is not None else None  # it decides nothing about what has no row


def is_lost(holding: Holding) -> bool:
    """Whether the key would be told absent though it is paid for."""
    return word_of(holding) is Word.ABSENT and _may_be_charged(holding)


def refusal(holding: Holding) -> Remark | None:
    """Why nothing is said of the key; None where it may be."""
    document, reservation = holding.document, holding.reservation
    if _is_deleted(document) or not _may_be_charged(holding):
        return None  # whatever comes of it, nobody loses or pays for what they should not
    if document is None:
        return _without_document(holding)
    made = reservation.version if reservation else 0
    if document.version > made:
        why = f"its document heard decision {document.version} of a ledger that has made {made}: a restore?"
        return Remark(why, RECOVER)
    if holding.account is None:
        why = "its user has no account, so the ledger would refuse it for good"
        return Remark(why, f"make -s token USER={holding.key.partition('/')[0]}")
    return None


def _without_document(holding: Holding) -> Remark | None:
    if holding.stored is None:
        return None
    if holding.reservation is None:
        return Remark("no document shows it, and its user would be charged for it", RECOVER)
    return Remark("no document shows it, and its user is charged for it", RECOVER)


def _is_deleted(document: Document | None) -> bool:
    return document is not None and (document.status, document.reason) == (DELETED, BY_ITS_OWNER)


def _may_be_charged(holding: Holding) -> bool:
    return holding.reservation is None or holding.reservation.state == RESERVED


def remark(difference: Difference, lost: int, totals: Mapping[str, str]) -> Remark:
    """Of a difference that is left. Of `lost` keys the absence was not said; `totals` says why a user's is refused."""
    user = difference.user or ""
    if difference.check in _OF_CHECK:
        return _OF_CHECK[difference.check]
    if difference.check is Check.LIMITS:
        return Remark("what is reserved stays: raise the limit, or have it deleted", f"docuvault explain --user {user}")
    if difference.holding is not None:
        return _of_key(difference.holding, lost)
    if user in totals:
        return Remark(totals[user], "python -m services.quota drift")
    return Remark("what its keys hold differs: each has a line of its own", f"docuvault explain --user {user}")


def _of_key(holding: Holding, lost: int) -> Remark:
    if parse_key(holding.key) is None:
        return Remark("its key is no document's, so nobody decides about it", "docuvault reconcile --remove-foreign")
    if (refused := refusal(holding)) is not None:
        return refused
    if lost and is_lost(holding):
        why = f"{lost} objects are gone, too many to believe it: is this the right bucket, and all of it?"
        return Remark(why, f"docuvault audit --fix --missing {lost}")
    return Remark("it was said, and it still differs", f"docuvault explain --key {holding.key}")


_OF_CHECK = {
    Check.REST: Remark("somebody has not read, said or removed it yet", "docuvault status"),
    Check.WAITING: Remark("nothing came, and the sweep gives it up", "docuvault sweep"),
    Check.PARTS: Remark("nobody can complete it any more, and the sweep ends it", "docuvault sweep"),
}
