"""The gauges that alerts go by say so when something is wrong, whoever it is that cannot say anything any more."""

from __future__ import annotations

from docuvault_contracts import topics

from tests.faults.support.console import docuvault
from tests.faults.support.drifting import make_drift
from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.site import Site
from tests.faults.support.wire import Raw, open_wire
from tests.stack.support.metrics import shown, value
from tests.stack.support.waiting import eventually

OLD = 8.0
"""Seconds: more than lies between two looks, so that no group that keeps up is ever as old."""


async def _is_old(site: Site, group: str = "quota") -> bool:
    """As any janitor sees it."""
    found = [each for each in await shown(site.info, "janitor") if each.name == "docuvault_group_oldest_age_seconds"]
    return max(each.value for each in found if each.labels == {"group": group}) > OLD


async def _untold(site: Site) -> float:
    """The store's notifications that the ledger has not settled, as the janitor sees it."""
    return await value(
        site.info, "janitor", "docuvault_group_lag_records", group="quota", topic=topics.STORAGE_EVENTS.name
    )


async def test_an_upload_that_nobody_decides_grows_old_though_the_ledger_is_gone_and_the_watcher_has_been_restarted(
    site: Site,
) -> None:
    client = await site.api.user()
    await eventually(lambda: _is_old(site), becomes=False)
    async with site.processes.without(*site.processes.services("quota")):
        upload = await client.put_new(b"whose turn is it")
        await eventually(lambda: _is_old(site), becomes=True)
        await site.processes.kill("janitor-1")
        await site.processes.ready(["janitor-1"])
        await eventually(lambda: _untold(site), becomes=1)
        assert await _is_old(site), "known by the record's own time, not since when somebody looks"
        assert not await _is_old(site, "upload")
    await eventually(lambda: client.status_of(upload), becomes="uploaded")
    await eventually(lambda: _is_old(site), becomes=False)
    await assert_at_rest(site)


async def test_a_total_that_drifts_is_shown_until_it_is_put_right(site: Site) -> None:
    client = await site.api.user()
    await client.store(b"so many bytes")
    await make_drift(site.info, client.user_id, 7)
    await eventually(lambda: value(site.info, "quota", "docuvault_ledger_drifting_accounts"), becomes=1)
    assert (await docuvault(site.stack, "audit", "--fix"))[0] == 0
    await eventually(lambda: value(site.info, "quota", "docuvault_ledger_drifting_accounts"), becomes=0)
    await assert_at_rest(site)


async def test_a_dead_letter_is_open_until_somebody_has_dealt_with_it(site: Site) -> None:
    async def is_open() -> bool:
        return await value(site.info, "janitor", "docuvault_dead_letters_open_records", group="quota") > 0

    assert (await docuvault(site.stack, "dlq", "discard", "--group", "quota", "--why", "of other tests"))[0] == 0
    await eventually(is_open, becomes=False)
    async with open_wire(site.info) as wire:
        await wire.write([Raw(topics.STORAGE_EVENTS.name, b"no notification", b"key", ())], 0)
    await eventually(is_open, becomes=True)
    assert (await docuvault(site.stack, "dlq", "discard", "--group", "quota", "--why", "a test"))[0] == 0
    await eventually(is_open, becomes=False)


async def test_decisions_and_dead_letters_are_counted_once_each(site: Site) -> None:
    before = await _counts(site)
    client = await site.api.user(limit_bytes=10)
    upload = await client.store(b"ten bytes!")
    refused = await client.put_new(b"too many")
    assert (await client.confirm(refused.document_id)).status == 413
    assert (await client.delete(upload.document_id)).status == 204
    async with open_wire(site.info) as wire:
        await wire.write([Raw(topics.STORAGE_EVENTS.name, b"no notification", b"key", ())], 0)
    await eventually(lambda: _gained(site, before), becomes=[1, 1, 1, 2, 1])
    await assert_at_rest(site)


async def _counts(site: Site) -> list[float]:
    """Reserved, rejected and released; bytes that were decided about; dead letters."""
    decisions, delays = "docuvault_ledger_decisions_total", "docuvault_ledger_decision_delay_seconds_count"
    return [
        await value(site.info, "quota", decisions, outcome="reserved"),
        await value(site.info, "quota", decisions, outcome="rejected", reason="over_quota"),
        await value(site.info, "quota", decisions, outcome="released", reason="document_deleted"),
        await value(site.info, "quota", delays),
        await value(site.info, "quota", "docuvault_consumer_dead_letters_total", reason="invalid"),
    ]


async def _gained(site: Site, before: list[float]) -> list[float]:
    return [now - then for now, then in zip(await _counts(site), before, strict=True)]
