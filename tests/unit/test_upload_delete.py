"""A delete makes its tombstone, says so with it or not at all, and waits a little for the ledger."""

from __future__ import annotations

import asyncio

import pytest

from services.chassis.errors import Transient
from services.upload.decide import apply
from tests.unit.upload_facts import released, uploaded
from tests.unit.upload_world import COMMAND, World


async def test_a_delete_returns_once_the_ledger_let_go() -> None:
    world = World(uploaded())
    world.react(released(2))
    async with asyncio.timeout(2):
        assert await world.delete_command(60, 60)(COMMAND)
    assert len(world.published) == 1


async def test_a_delete_does_not_wait_for_a_silent_ledger_for_ever() -> None:
    world = World(uploaded())
    assert await world.delete_command(0.05, 0.01)(COMMAND)


async def test_a_deleted_document_cannot_be_deleted_again() -> None:
    world = World(apply(uploaded(), released(2)))
    assert not await world.delete_command()(COMMAND)
    assert world.published == []


async def test_a_delete_that_was_not_done_is_not_told() -> None:
    world = World(uploaded())
    world.database_is_full = True
    with pytest.raises(Transient):
        await world.delete_command()(COMMAND)
    assert world.published == []
    assert world.document.is_live
