"""kill -9 of the upload service at each boundary of a request: whoever asks again gets what there is, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import pytest
from docuvault_contracts import topics

from services.chassis.failpoints import Name
from tests.faults.support.aftermath import (
    PASSERS_BY,
    assert_as_if_nothing_had_happened,
    crash_under_load,
    forgotten,
)
from tests.faults.support.crash_names import (
    IN_A_BATCH,
    IN_A_REQUEST,
    IN_A_SWEEP,
    IN_PARTS,
    IN_THE_CLASSIFIER,
    IN_THE_ENDING,
    IN_THE_RELAY,
)
from tests.faults.support.crashes import Crashes, Stop
from tests.faults.support.eyes import Eyes
from tests.faults.support.load import Load
from tests.faults.support.plans import Kind, Plan
from tests.faults.support.site import Site
from tests.stack.support.rest import assert_clean

PROCESS = "upload-1"


@dataclass(frozen=True, slots=True)
class Case:
    """What the client does, and which effects there are when the process stops: of those named, no others.

    `away` does nothing meanwhile. `forgotten` documents stay without bytes: nobody was told their URL.
    """

    kind: Kind
    effects: Mapping[str, bool]
    away: tuple[str, ...] = ()
    forgotten: int = 0


CASES: Mapping[Name, Case] = {
    "upload_url.after_sign": Case(Kind.LEFT, {"row": False}),
    "upload_url.after_commit": Case(Kind.LEFT, {"row": True}, forgotten=1),
    "confirm.before_observation": Case(Kind.CONFIRMED, {"observed": False, "decided": False}, away=("quota-1",)),
    "confirm.after_observation": Case(Kind.CONFIRMED, {"observed": True, "decided": False}, away=("quota-1",)),
    "confirm.before_answer": Case(Kind.CONFIRMED, {"decided": True}),
    "delete.before_commit": Case(Kind.DELETED, {"deleted": False}),
    "delete.after_commit": Case(Kind.DELETED, {"deleted": True}),
}


def test_every_declared_failpoint_is_crashed_at_in_exactly_one_test() -> None:
    crashed = [*IN_A_BATCH, *IN_THE_RELAY, *IN_A_REQUEST, *IN_A_SWEEP, *IN_THE_CLASSIFIER, *IN_PARTS, *IN_THE_ENDING]
    assert sorted(crashed) == sorted(get_args(Name))
    assert [*CASES] == [*IN_A_REQUEST]


@pytest.mark.parametrize("name", IN_A_REQUEST)
async def test_a_request_cut_off_at_a_boundary_is_asked_again_and_done_once(
    name: Name, site: Site, crashes: Crashes, eyes: Eyes
) -> None:
    case, stops = CASES[name], [Stop(PROCESS, name)]
    asking = Load(site.api, Plan(users=1, uploads=1, seed=10, kinds={case.kind: 1}))
    others = Load(site.api, PASSERS_BY)
    for load in (asking, others):
        await load.open()
    await assert_clean(site.info)
    crashes.arm(stops)
    async with asyncio.TaskGroup() as group:
        async with crashes.frozen(*case.away):
            group.create_task(asking.run())
            await crashes.reached(stops)
            seen = await _seen(asking, eyes)
        assert {effect: seen[effect] for effect in case.effects} == case.effects
        await crash_under_load(crashes, stops, others, eyes)
    await assert_as_if_nothing_had_happened(site, eyes, asking, others)
    assert await forgotten(eyes, asking) == case.forgotten
    assert await forgotten(eyes, others) == 0


@pytest.mark.parametrize("name", ["upload_url.after_sign", "upload_url.after_commit"])
async def test_a_request_under_a_key_cut_off_at_a_boundary_is_asked_again_and_makes_its_documents_once(
    name: Name, site: Site, crashes: Crashes, eyes: Eyes
) -> None:
    client, others, stops = await site.api.user(), Load(site.api, PASSERS_BY), [Stop(PROCESS, name)]
    await others.open()
    crashes.arm(stops)

    async def ask() -> list[str]:
        answer = await client.upload_urls(*[{"filename": "a.txt", "content_type": "text/plain"}] * 3, key="once")
        return [each["document_id"] for each in answer.body["uploads"]] if answer.status == 200 else []

    async with asyncio.TaskGroup() as group:
        cut_off = group.create_task(ask())
        await crashes.reached(stops)
        made = await eyes.rows("upload.documents", client.user_id)
        assert made == (3 if name == "upload_url.after_commit" else 0)
        await crash_under_load(crashes, stops, others, eyes)
    assert cut_off.result() == []
    documents = await ask()
    assert len(set(documents)) == 3
    assert await ask() == documents
    assert await eyes.rows("upload.documents", client.user_id) == 3
    await assert_as_if_nothing_had_happened(site, eyes, others)


async def _seen(asking: Load, eyes: Eyes) -> dict[str, bool]:
    user = asking.clients[0].user_id
    return {
        "row": bool(await eyes.rows("upload.documents", user)),
        "observed": bool(await eyes.said(topics.DOCUMENTS, "upload.observed", user)),
        "decided": bool(await eyes.rows("upload.documents", user, "status = 'uploaded'")),
        "deleted": bool(await eyes.rows("upload.documents", user, "status = 'deleted'")),
    }
