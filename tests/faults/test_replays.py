"""Whatever was heard is heard again, from the very first record: the same is said once more, and nothing happens."""

from __future__ import annotations

import asyncpg

from tests.faults.support.history import History
from tests.faults.support.load import Load
from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.plans import Kind, Plan
from tests.faults.support.site import Site
from tests.faults.support.wire import open_wire

GROUPS = ("quota", "upload", "janitor")
TABLES = {
    "quota.accounts": "user_id, used_bytes, limit_bytes, version",
    "quota.reservations": "object_key, state, version, size_bytes, etag, reason, decided_at, origin_offset",
    "quota.superseded": "object_key, state, version, size_bytes, etag, reason, decided_at, origin_offset",
    "upload.documents": "id, status, size_bytes, etag, version, used_bytes, limit_bytes, rejected_bytes, reason",
    "janitor.objects": "object_key, version, state, cause, deleted, requested_at, look_at, ledger, etag, size_bytes",
}


async def test_all_offsets_set_back_to_the_start_say_the_same_again_and_change_nothing(site: Site) -> None:
    kinds = {Kind.REPLACED: 4, Kind.DELETED: 2, Kind.TOO_LARGE: 2, Kind.CONFIRMED: 1, Kind.LEFT: 1}
    load = Load(site.api, Plan(users=5, uploads=12, seed=6, kinds=kinds))
    await load.run()
    before = await assert_at_rest(site, load)
    rows, keys = await _rows(site, load), await site.bucket.keys("")
    await _replay_everything(site)
    after = await assert_at_rest(site, load)
    assert await _rows(site, load) == rows
    assert await site.bucket.keys("") == keys
    assert {id_: said.body for id_, said in after.by_id.items()} == {
        id_: said.body for id_, said in before.by_id.items()
    }
    _assert_all_said_again(before, after)


async def _replay_everything(site: Site) -> None:
    services = site.processes.services()
    async with site.processes.without(*services), open_wire(site.info) as wire:
        for group in GROUPS:
            await wire.start_over(group)
    await site.processes.ready()


def _bodies(history: History) -> dict[str, bytes]:
    return {id_: said.body for id_, said in history.by_id.items()}


def _assert_all_said_again(before: History, after: History) -> None:
    """Also what a later decision about the same key has superseded: the record that decided it says it again."""
    then, now = before.times(before.by_id), after.times(before.by_id)
    assert any(said.version > 1 for said in before.said)
    assert [id_ for id_ in then if now[id_] == then[id_]] == []


async def _rows(site: Site, load: Load) -> dict[str, set[tuple[object, ...]]]:
    """Of the load's own users: what other tests made a group miss on purpose, it does hear in a replay."""
    users = [client.user_id for client in load.clients]
    connection = await asyncpg.connect(site.info.databases["audit"])
    try:
        return {
            table: {
                tuple(row.values())
                for row in await connection.fetch(
                    f"SELECT {columns} FROM {table} WHERE user_id = ANY ($1::uuid[])",  # noqa: S608
                    users,
                )
            }
            for table, columns in TABLES.items()
        }
    finally:
        await connection.close()
