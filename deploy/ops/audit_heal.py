"""`make audit FIX=1`: says to the ledger what holds of keys that differ, has totals repaired, and looks again.

It writes to no bucket and to no table: the ledger decides, the janitor removes, the ledger's own journal repairs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

from pydantic import SecretStr

from deploy.local.info import StackInfo
from deploy.ops.audit import audit, settled
from deploy.ops.audit_heal_rules import Remark, Saying, is_lost, remark, sayings
from deploy.ops.audit_heal_words import open_speaker
from deploy.ops.audit_model import Difference, Report
from deploy.ops.progress import Progress
from services.chassis.postgres import open_pool
from services.chassis.settings import DatabaseSettings
from services.quota.drift import Finding, find_drift, look_again

MOST_LOST = 100
"""More objects than these do not go missing one by one: then the bucket is another, or a part of it is away."""
SETTLE_SECONDS = 30.0
"""How long what was said may take to be heard, decided and carried out."""
BETWEEN_LOOKS_SECONDS = 2.0
"""What is under way differs for a moment: only what two looks find is healed."""
AT_ONCE = 16
SIGNED = "audit"


@dataclass(frozen=True, slots=True)
class Healing:
    """What was said and repaired, and the report after it; `left` are its differences, each with why it is left."""

    said: Sequence[Saying]
    totals: Sequence[Finding]
    report: Report
    left: Sequence[tuple[Difference, Remark]] = ()


async def heal(
    info: StackInfo, *, wait_seconds: float, max_pending_seconds: float, most_lost: int = MOST_LOST
) -> Healing:
    """Heals what can be healed by saying it, waits `wait_seconds` for that, and tells what is left.

    Nothing is done where nothing differs. Raises one of the audit's TROUBLE.
    """
    first = await audit(info, max_pending_seconds=max_pending_seconds)
    if first.clean:
        return Healing((), (), first)
    await asyncio.sleep(BETWEEN_LOOKS_SECONDS)
    second = await audit(info, max_pending_seconds=max_pending_seconds)
    lasting = set(first.differences)
    totals = await _repair_totals(info)
    said = await _say(info, sayings((each for each in second.differences if each in lasting), most_lost))
    report = await settled(info, wait_seconds, max_pending_seconds=max_pending_seconds)
    return Healing(said, totals, report, _left(report, totals, most_lost))


async def _repair_totals(info: StackInfo) -> list[Finding]:
    """Before anything is said: what is given back must not take a total that is too low below 0."""
    settings = DatabaseSettings(database_url=SecretStr(info.databases["quota"]))
    async with open_pool(settings) as pool, aclosing(find_drift(pool, repair=True, by=SIGNED)) as slices:
        found = [finding async for findings in slices for finding in findings]
        if found:
            await look_again(pool)
    return found


async def _say(info: StackInfo, wanted: Sequence[Saying]) -> list[Saying]:
    """Those that still hold when they are said."""
    said: list[Saying] = []
    if wanted:
        async with open_speaker(info) as speaker:
            with Progress("keys told of", len(wanted)) as progress:
                for start in range(0, len(wanted), AT_ONCE):
                    said += await speaker.say(wanted[start : start + AT_ONCE])
                    progress.at(start + AT_ONCE)
    return said


def _left(report: Report, totals: Sequence[Finding], most_lost: int) -> list[tuple[Difference, Remark]]:
    lost = len({each.key for each in report.differences if each.holding is not None and is_lost(each.holding)})
    refused = {str(each.drift.user_id): each.drift.why for each in totals if each.done == "refused"}
    return [(each, remark(each, lost if lost > most_lost else 0, refused)) for each in report.differences]
