"""Whether the standby may become the primary: nothing that a client was told may be lost by it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known before a switch.

    `answers`: the primary does. `follows`: it streams to the standby. `waits`: its commits wait for the standby.
    `received`: bytes of the log that the standby has; None where the standby does not answer. Of a primary that does
    not run, `checkpoint` is where its last checkpoint is in the log, None where its data cannot be read; `clean` is
    whether that was its last word.
    """

    primary: str
    standby: str
    answers: bool
    follows: bool
    waits: bool
    received: int | None
    checkpoint: int | None = None
    clean: bool = False


def refusal(sight: Sight, *, force: bool) -> str:
    """Why there is no switch; empty where there is.

    A primary that runs is stopped first, which hands all it wrote to a standby that follows. One that does not run has
    acknowledged nothing that the standby lacks, where its commits waited for it. But a primary that was started without
    its standby shows what it had not acknowledged yet, and may have told it: then its checkpoint is one that the
    standby does not have.
    """
    if sight.received is None:
        return f"{sight.standby} does not answer: there is nobody to switch to"
    if force:
        return ""
    why = _not_following(sight) if sight.answers else _not_complete(sight)
    return f"{why}; --force switches all the same, and what is only on {sight.primary} is lost" if why else ""


def _not_following(sight: Sight) -> str:
    return "" if sight.follows else f"{sight.standby} does not follow {sight.primary}"


def _not_complete(sight: Sight) -> str:
    if sight.checkpoint is None:
        return f"the data of {sight.primary} cannot be read, so that nobody can tell what {sight.standby} lacks"
    if (sight.received or 0) <= sight.checkpoint:
        return f"{sight.standby} lacks what {sight.primary} wrote last"
    if not sight.waits and not sight.clean:
        return f"{sight.primary} did not wait for {sight.standby}"
    return ""
