"""Alerts fire where there is something to see, and stop when it is healed: a real Prometheus on the real stack.

It takes minutes to build, so it is only where `make alerts` or `make observe` has been.
"""

from __future__ import annotations

from functools import partial

from docuvault_contracts import topics

from deploy.observe.asking import Prometheus
from tests.faults.support.console import docuvault
from tests.faults.support.drifting import make_drift
from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.site import Site
from tests.faults.support.watching import fires, where_it_is_built
from tests.faults.support.wire import Raw, open_wire
from tests.stack.support.waiting import eventually

pytestmark = where_it_is_built


async def test_the_alerts_that_nobody_may_miss_fire_and_are_resolved(site: Site, prometheus: Prometheus) -> None:
    client = await site.api.user()
    upload = await client.store(b"so many bytes")
    await eventually(lambda: fires(prometheus, "OldestUndecided"), becomes=False)

    async with site.processes.frozen("quota-1"):
        waiting = await client.put_new(b"a ledger that hangs")
        await eventually(lambda: fires(prometheus, "OldestUndecided"), becomes=True)
        await eventually(lambda: fires(prometheus, "ServiceDown"), becomes=True)
    await eventually(lambda: client.status_of(waiting), becomes="uploaded")

    await make_drift(site.info, client.user_id, 7)
    await eventually(lambda: fires(prometheus, "LedgerDrift"), becomes=True)
    assert (await docuvault(site.stack, "audit", "--fix"))[0] == 0

    async with open_wire(site.info) as wire:
        await wire.write([Raw(topics.STORAGE_EVENTS.name, b"no notification", b"key", ())], 0)
    await eventually(lambda: fires(prometheus, "DeadLetters"), becomes=True)
    assert (await docuvault(site.stack, "dlq", "discard", "--group", "quota", "--why", "a test"))[0] == 0

    for name in ("OldestUndecided", "ServiceDown", "LedgerDrift", "DeadLetters"):
        await eventually(partial(fires, prometheus, name), becomes=False)
    assert await client.status_of(upload) == "uploaded"
    await assert_at_rest(site)
