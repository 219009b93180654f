"""What was healed and what is left, as people and as programs read it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from deploy.ops.audit_heal import Healing
from deploy.ops.audit_text import SHOWN, data_of, facts_of, line_of, summary


def as_text(healing: Healing) -> str:
    """A line for each thing done, for each that is left with why and the command for it, and what was looked at."""
    return "\n".join(_lines(healing))


def _lines(healing: Healing) -> Iterator[str]:
    said = [f"said      {each.word.value:<17}{line_of(each.difference)}" for each in healing.said]
    totals = [f"{each.done:<10}user={each.drift.user_id}: {each.drift.why}" for each in healing.totals]
    left = [
        f"left      {line_of(each)}\n          {remark.why}\n          {remark.command}"
        for each, remark in healing.left
    ]
    for lines in (said, totals, left):
        yield from lines[:SHOWN]
        if len(lines) > SHOWN:
            yield f"          … and {len(lines) - SHOWN} more"
    yield from (f"note      {note}" for note in healing.report.notes)
    yield summary(healing.report)


def as_json(healing: Healing) -> str:
    """Everything, as one JSON object: the report of an audit, and what was done before it."""
    totals = [{"done": each.done, "user": str(each.drift.user_id), "why": each.drift.why} for each in healing.totals]
    said = [{"event": each.word.value, **facts_of(each.difference)} for each in healing.said]
    left = [{**facts_of(each), "why": remark.why, "command": remark.command} for each, remark in healing.left]
    return json.dumps({**data_of(healing.report), "said": said, "totals": totals, "left": left}, indent=2)
