"""What replays and discards say: a line, or an item of a JSON list, for each letter; then how many became what."""

from __future__ import annotations

from deploy.ops.dlq.doing import Tally
from deploy.ops.dlq.watching import Fate
from deploy.ops.output import JsonList, say

DONE, WRONG, UNTOLD = 0, 1, 2


class Teller:
    """Says what becomes of each letter as soon as it is known."""

    def __init__(self, *, json: bool) -> None:
        self._list = JsonList("letters") if json else None

    def tell(self, fate: Fate) -> None:
        """One letter."""
        if self._list is not None:
            self._list.add(_object(fate))
        else:
            say(_line(fate))

    def end(self, tally: Tally, nothing: str) -> None:
        """All of them; `nothing` is what to say where there was none."""
        if self._list is not None:
            self._list.end(counts=dict(tally.counts), stopped=tally.stopped or None)
            return
        counts = ", ".join(f"{count:,} {_WORDS.get(what, what)}" for what, count in sorted(tally.counts.items()))
        say(counts or nothing)
        if tally.stopped:
            say(f"stopped, since {tally.stopped}: the rest was not touched; --go-on goes on regardless")

    def exit_code(self, tally: Tally) -> int:
        """1 where some were refused or came back, 2 where it is not known yet what became of some."""
        if tally.counts["refused"] or tally.counts["came back"]:
            return WRONG
        return UNTOLD if tally.counts["unread"] else DONE


_WORDS = {"read": "replayed and read", "unread": "replayed and not read yet"}


def _line(fate: Fate) -> str:
    name = fate.letter.name
    match fate.what:
        case "refused":
            return f"{name} refused: {fate.reason}"
        case "came back":
            return f"{name} → {fate.to}, came back as {fate.back}: {fate.reason}"
        case "read":
            return f"{name} → {fate.to}, read by {fate.letter.group}"
        case "unread":
            return f"{name} → {fate.to}, not read by {fate.letter.group} yet"
        case "replayed":
            return f"{name} → {fate.to}"
        case _:
            return f"{name} {fate.what}{': ' if fate.reason else ''}{fate.reason}"


def _object(fate: Fate) -> dict[str, object]:
    return {
        "id": fate.letter.name,
        "outcome": fate.what,
        "to": str(fate.to) if fate.to else None,
        "reason": fate.reason or None,
        "back": fate.back or None,
    }
