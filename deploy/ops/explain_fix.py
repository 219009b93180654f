"""FIX=1: does what one state asks for, where it is safe, and waits to see it settle."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from deploy.ops.explain_gaps import find_gap
from deploy.ops.explain_model import Explained, Facts
from deploy.ops.explain_push import message_of, publish
from deploy.ops.explain_rules import AT_REST, IN_ORDER
from deploy.ops.explain_servers import open_store
from deploy.ops.explain_states import Push, State
from deploy.ops.explaining import Explainer

POLL_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Fixed:
    """What was done, or why nothing was, and how the key stands then."""

    explained: Explained
    said: str | None = None
    refused: str | None = None


async def fix(explainer: Explainer, explained: Explained, wait_seconds: float) -> Fixed:
    """Says what closes the gap, and waits until it is closed, or its time is over."""
    facts, verdict = explained.facts, explained.verdict
    if verdict.push is None:
        return Fixed(explained, refused=verdict.refusal)
    seen_ns, empty = await _moment_of(explainer) if verdict.push is Push.MISSING else (None, False)
    if empty:
        return Fixed(explained, refused="the whole bucket is empty: is that the store it was before?")
    message = message_of(verdict.push, await explainer.look(facts.key), seen_ns)
    await publish(explainer.info.kafka, message)
    await _settled(explainer, facts.key, wait_seconds)
    said = f"{verdict.push} ({dict(message.headers)['ce_id'].decode()})"
    return Fixed((await explainer.explain([facts.key]))[0], said=said)


async def _moment_of(explainer: Explainer) -> tuple[int, bool]:
    """A time of the store, before whatever is looked up next; and whether it holds nothing at all."""
    async with open_store(explainer.info) as store:
        page = await store.list_page("", 1)
    return page.looked_ns, not page.objects


async def _settled(explainer: Explainer, key: str, wait_seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(wait_seconds):
            while not _rests(explainer, await explainer.look(key)):  # noqa: ASYNC110 - nobody tells, the tables are asked
                await asyncio.sleep(POLL_SECONDS)


def _rests(explainer: Explainer, facts: Facts) -> bool:
    return find_gap(facts, explainer.timing).state in IN_ORDER - {State.UNDER_WAY} | AT_REST
