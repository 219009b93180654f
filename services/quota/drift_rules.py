"""Which drift of a total may be repaired, pure: what a user's rows add up to, and whether they can be believed.

A total that differs from its rows is put right to what they add up to. That is only right where the rows are: so each
key's history must be whole, as decide.py would have written it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

from docuvault_contracts.events import INT64_MAX

USER_CHARS = 36
"""An object key starts with its owner's id."""
REFUSALS = {"over_quota", "document_deleted", "object_removed", "already_rejected"}
RELEASES = {"document_deleted", "object_removed"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A decision as a table holds it: in reservations where it is the key's `last`, else in superseded."""

    object_key: str
    document_id: UUID
    user_id: UUID
    state: str
    version: int
    size_bytes: int
    rejected_bytes: int
    released_bytes: int
    etag: str | None
    observed_ns: int
    reason: str | None
    last: bool


@dataclass(frozen=True, slots=True)
class Drift:
    """An account of `used_bytes` (None: there is none) whose rows, of so many `keys`, add up to `reserved_bytes`.

    `refusal` says why it is not to be repaired, and is None where it may be.
    """

    user_id: UUID
    used_bytes: int | None
    reserved_bytes: int
    keys: int
    refusal: str | None = None

    @property
    def why(self) -> str:
        """What is wrong, and whether it is understood."""
        sums = f"used_bytes was {self.used_bytes}, the rows of {self.keys} keys add up to {self.reserved_bytes}"
        return f"{sums}, {self.refusal or 'and the history of each key is whole'}"


@dataclass(slots=True)
class Proof:
    """Adds up one user's rows, and looks for reasons not to believe them; keeps nothing but the sum and the first."""

    user_id: UUID
    used_bytes: int | None
    _reserved: int = 0
    _keys: int = 0
    _faulty: int = 0
    _fault: str | None = None

    def see(self, history: Sequence[Entry]) -> None:
        """Counts in the rows of one key, by version; of a user whose key it is, or at whose expense."""
        self._keys += 1
        self._reserved += sum(each.size_bytes for each in history if each.last and each.user_id == self.user_id)
        fault = fault_of(history)
        if fault is not None:
            self._faulty += 1
            self._fault = self._fault or f"{history[0].object_key}: {fault}"

    def verdict(self) -> Drift | None:
        """None where total and rows agree."""
        if self._reserved == (self.used_bytes or 0):
            return None
        return Drift(self.user_id, self.used_bytes, self._reserved, self._keys, self._refusal())

    def _refusal(self) -> str | None:
        if self._fault is not None:
            return f"but {self._faulty} of them cannot be believed, the first is {self._fault}"
        if self._reserved > INT64_MAX:
            return "which is more than an account can hold"
        if self.used_bytes is None:
            return "but there is no account: set the user's limit, which opens one, then repair it"
        return None


def fault_of(history: Sequence[Entry]) -> str | None:
    """What the rules would not have written in one key's rows, sorted by version, a key's last one at the end."""
    return next(_faults(history), None)


def _faults(history: Sequence[Entry]) -> Iterator[str]:
    if not history[-1].last:
        yield "its last decision is lost"
    for expected, each in enumerate(history, 1):
        if each.version != expected:
            yield f"decision {expected} is lost, or made twice"
        if problem := _problem(each):
            yield f"decision {each.version} {problem}"
    for before, after in pairwise((None, *history)):
        if after is not None and (problem := _misstep(before, after)):
            yield f"decision {after.version} {problem}"


def _problem(each: Entry) -> str | None:
    """What no decision is, whatever came before it; the tables' CHECKs say the same."""
    if not each.object_key.startswith(f"{each.user_id}/{each.document_id}/"):
        return "is at the expense of another than the key's owner"
    if min(each.size_bytes, each.rejected_bytes, each.released_bytes, each.observed_ns) < 0:
        return "has a size or a time below 0"
    whole = {"reserved": _is_reservation, "rejected": _is_rejection, "released": _is_release}.get(each.state)
    return None if whole is not None and whole(each) else f"is no whole decision of the state {each.state}"


def _is_reservation(each: Entry) -> bool:
    return each.etag is not None and each.reason is None and each.rejected_bytes == each.released_bytes == 0


def _is_rejection(each: Entry) -> bool:
    return each.etag is not None and each.reason in REFUSALS and each.size_bytes == 0


def _is_release(each: Entry) -> bool:
    return each.reason in RELEASES and each.size_bytes == each.rejected_bytes == 0


def _misstep(before: Entry | None, after: Entry) -> str | None:
    """What no decision does after the one before it."""
    if before is not None and after.observed_ns < before.observed_ns:
        return "goes back in time"
    if before is not None and before.state != "reserved" and after.state != "rejected":
        return "brings a tombstone to life"
    held = before.size_bytes if before is not None else 0
    if after.state != "reserved" and after.released_bytes != held:
        return f"gave {after.released_bytes} bytes back, and the one before it held {held}"
    return None
