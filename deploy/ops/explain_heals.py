"""For each state: the command that moves an upload on, what does so by itself and by when, and why FIX=1 may refuse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from docuvault_contracts.keys import parse_key

from deploy.ops.explain_gaps import Gap
from deploy.ops.explain_model import Facts
from deploy.ops.explain_states import State, Timing
from deploy.ops.showing import moment, shell_word, span

FIX = "docuvault explain {subject} --fix"
COMMANDS: Mapping[State, str] = {
    State.URL_DEAD: "docuvault sweep",
    State.SWEEP_LATE: "docuvault sweep",
    State.REQUEST_UNHEARD: FIX,
    State.ABANDONMENT_UNHEARD: FIX,
    State.UNDECIDED: FIX,
    State.OTHER_BYTES: FIX,
    State.DECISION_UNHEARD: FIX,
    State.DELETION_UNHEARD: FIX,
    State.NOT_REMOVED: FIX,
    State.ORDER_LOST: FIX,
    State.OBJECT_MISSING: FIX,
    State.NO_DOCUMENT: "docuvault recover --since {since} --dry-run",
    State.ACCOUNT_MISSING: "make -s token USER={user}",
    State.DRIFT: "docuvault audit --fix",
    State.FOREIGN_KEY: "docuvault reconcile --dry-run",
    State.LEDGER_BEHIND: "docuvault audit",
    State.OLDER_BYTES: "docuvault audit",
    State.CONFLICT: "docuvault audit",
    State.OUTBOX: "make logs SERVICE=upload",
    State.SERVICE_DOWN: "make up",
    State.HALTED: "docuvault dlq list --group {group}",
    State.DEAD_LETTER: "docuvault dlq replay {letter}",
    State.NOT_READ: "docuvault explain {subject} --seconds 300",
    State.KAFKA_AWAY: "make up",
    State.STORE_AWAY: "make up",
}
"""By state; the others move on by themselves, or need nothing."""

REFUSALS: Mapping[State, str] = {
    State.SETTLED: "nothing is to be done",
    State.OVER_QUOTA: "a refusal is final, nothing is to be done",
    State.URL_OPEN: "it is the client's turn",
    State.URL_DEAD: "only the sweep gives uploads up, in its time",
    State.SWEEP_LATE: "only the sweep gives uploads up: run it",
    State.IN_LINE: "whatever is said now stands behind what waits there already",
    State.NO_DOCUMENT: "an observation would charge its user for bytes that no document shows",
    State.ACCOUNT_MISSING: "without an account the ledger refuses, and that is final",
    State.DRIFT: "explain writes no table",
    State.FOREIGN_KEY: "nobody decides about a key that is none of ours",
    State.LEDGER_BEHIND: "it looks like a restore, and whatever is said now is decided by what was forgotten",
    State.OLDER_BYTES: "it looks like a restore, and the ledger takes no word of what is older than it knows",
    State.CONFLICT: "it is not understood how that came to be",
    State.OUTBOX: "what is there is said as soon as upload gets to it",
    State.SERVICE_DOWN: "nobody would hear it",
    State.HALTED: "nobody would hear it before the halt is over",
    State.DEAD_LETTER: "nothing that may be said closes what the dead letter left open",
    State.UNDER_WAY: "it is under way",
    State.NOT_READ: "it may be waiting in line",
    State.KAFKA_AWAY: "nobody would hear it",
    State.STORE_AWAY: "nobody knows what the store holds",
}
"""Why FIX=1 does nothing, for the states in which there may be nothing to say."""

BY_THE_SWEEP = frozenset({State.UNDECIDED, State.REQUEST_UNHEARD, State.ABANDONMENT_UNHEARD, State.DECISION_UNHEARD})
RETRIED = "it is tried again until it can be done; nothing is lost meanwhile"
RECONCILED = "the janitor's reconciliation, every {reconcile}"
HEALS: Mapping[State, str] = {
    State.OTHER_BYTES: RECONCILED,
    State.ORDER_LOST: RECONCILED,
    State.OBJECT_MISSING: RECONCILED,
    State.NOT_REMOVED: f"{RETRIED}; an order that was forgotten is found by the reconciliation, every {{reconcile}}",
    State.DELETION_UNHEARD: "upload says it again, {told} after it was last said",
    State.URL_OPEN: "a client that never comes is given up by the sweep",
    State.URL_DEAD: "the sweep, every {sweep}",
    State.SWEEP_LATE: "the sweep, every {sweep}",
    State.UNDER_WAY: "it goes on by itself",
    State.IN_LINE: "it goes on by itself",
    State.OUTBOX: RETRIED,
    State.KAFKA_AWAY: RETRIED,
    State.STORE_AWAY: RETRIED,
    State.SERVICE_DOWN: RETRIED,
    State.HALTED: "it goes on by itself when half of its budget of dead letters is back",
}
"""What happens by itself, and how often; for the states left out, nothing does."""


def command_of(facts: Facts, gap: Gap) -> str | None:
    """The one command, ready to be pasted into a shell."""
    template = COMMANDS.get(gap.state)
    if template is None:
        return None
    group = gap.by[0] if gap.by else ""
    letters = facts.kafka.dead if facts.kafka else ()
    letter = next((each.name for each in letters if each.group == group and each.done is None), "")
    owner = parse_key(facts.key)
    return template.format(
        subject=subject_of(facts),
        group=group,
        letter=letter,
        user=owner.user_id if owner else "",
        since=gap.since.isoformat("T", "seconds") if gap.since else "",
    )


def subject_of(facts: Facts) -> str:
    """How explain is asked for the same key again."""
    if facts.document is not None and facts.document.object_key == facts.key:
        return f"--doc {facts.document.id}"
    return f"--key {shell_word(facts.key)}"


def heals_of(facts: Facts, gap: Gap, timing: Timing) -> str | None:
    """What happens without anybody's help, and by when; None where nothing waits."""
    if gap.state in {State.SETTLED, State.OVER_QUOTA}:
        return None
    if gap.state in BY_THE_SWEEP:
        return _by_the_sweep(facts, gap, timing)
    text = HEALS.get(gap.state, "nothing heals this by itself")
    told = span(timing.sweep_age + timing.sweep_every)
    return text.format(sweep=span(timing.sweep_every), told=told, reconcile=span(timing.reconcile_every))


def _by_the_sweep(facts: Facts, gap: Gap, timing: Timing) -> str:
    """Pending documents are swept, and reminded of; of the others nobody asks again but the reconciler and a person."""
    document, known = facts.document, facts.known
    if document is None or document.status != "pending":
        return "nothing heals this by itself but a confirm or `docuvault audit --fix`"
    if gap.state is State.UNDECIDED and known is not None and known.look_at is not None:
        due = max(known.look_at, facts.sweep.due_at) if facts.sweep else known.look_at
        return f"the sweep tells the ledger what is stored, at {moment(due)}"
    reminded = document.created_at + timedelta(seconds=timing.sweep_age + 2 * timing.sweep_every)
    return f"upload reminds the janitor, whose sweep asks the ledger; over by {moment(reminded)} or a sweep later"
