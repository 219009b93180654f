"""kill -9 of the classifier at each boundary of its work, and anywhere in a long line: what counts is said once."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from docuvault_contracts import topics

from deploy.local.stack import Stack
from services.chassis.failpoints import Name
from tests.faults.conftest import SERVICE_ENV
from tests.faults.support.crash_names import IN_THE_CLASSIFIER
from tests.faults.support.crashes import Crashes, Stop
from tests.faults.support.eyes import Eyes
from tests.faults.support.lining import assert_gone, pile_up, reaches, readers, told
from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.site import Site
from tests.faults.support.stacks import own_stack
from tests.stack.support.api import Client
from tests.stack.support.waiting import eventually

COUNT = 6
LINE, KILLS = 200, 3
ENV = {"CLASSIFIER_LEASE_SECONDS": "4", "CLASSIFIER_STOP_SECONDS": "1"}


@dataclass(frozen=True, slots=True)
class Seen:
    """What of the document that is worked on can be seen while the process stands still."""

    waits: bool
    leased: bool
    recorded: bool


SEEN: Mapping[Name, Seen] = {
    "classifier.before_commit": Seen(waits=False, leased=False, recorded=False),
    "classifier.after_claim": Seen(waits=True, leased=True, recorded=False),
    "classifier.before_record": Seen(waits=True, leased=True, recorded=False),
    "classifier.record_before_commit": Seen(waits=True, leased=True, recorded=False),
    "classifier.after_record": Seen(waits=False, leased=False, recorded=True),
}


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, triggers: Path) -> Iterator[Stack]:
    """One of this module's own, with the classifier in it; leases run out soon."""
    environment = {**SERVICE_ENV, **ENV, "FAILPOINTS_DIR": str(triggers)}
    folder = tmp_path_factory.mktemp("classifier")
    with own_stack(request, folder, service_env=environment, without_services=()) as stack:
        yield stack


@pytest.mark.parametrize("name", IN_THE_CLASSIFIER)
async def test_a_classifier_killed_at_a_boundary_classifies_what_it_was_at_and_says_it_once(
    name: Name, site: Site, crashes: Crashes, eyes: Eyes
) -> None:
    client, stop = await site.api.user(), Stop("classifier-1", name)
    crashes.arm([stop])
    first = await client.store(b"# Invoice\n\nPlease pay 20 euros.\n", "first.md")
    await crashes.reached([stop])
    assert await _seen(eyes, client) == SEEN[name]
    others = [await client.store(b"# Notes\n\nNumber %d.\n" % number, "notes.md") for number in range(1, COUNT)]
    await crashes.crash([stop], eyes.wire)
    for upload in (first, *others):
        await eventually(lambda upload=upload: client.status_of(upload), becomes="classified")  # type: ignore[misc]
    assert await eyes.rows("classifier.documents", client.user_id, "turn IS NULL AND leased_until IS NULL") == COUNT
    await eventually(lambda: eyes.kept("classifier"), becomes=0)
    assert len(await _ids_said(eyes, client)) == COUNT


async def test_a_classifier_killed_again_and_again_in_a_long_line_says_one_thing_of_each_and_leaves_no_reader(
    site: Site, eyes: Eyes
) -> None:
    client, chance = await site.api.user(), random.Random("a long line")  # noqa: S311 - the same every time
    assert (await client.send("PUT", "/api/auth/me/classification", {"mode": "keywords"})).status == 200
    await site.processes.stop("classifier-1")
    uploads = await pile_up(client, LINE)
    await site.processes.start("classifier-1")
    for _ in range(KILLS):
        await reaches(eyes, client, await told(eyes, client) + chance.randint(5, 30))
        left = await readers(site.processes, "classifier-1")
        assert left
        assert await told(eyes, client) < LINE, "a kill came when the work was done"
        await site.processes.kill("classifier-1")
        await eyes.wire.dismiss("classifier")
        await assert_gone(left)
    await reaches(eyes, client, LINE)
    await assert_at_rest(site)
    assert {await client.status_of(upload) for upload in uploads} == {"classified"}
    assert await eyes.rows("classifier.documents", client.user_id, "turn IS NULL AND leased_until IS NULL") == LINE
    assert len(await _ids_said(eyes, client)) == LINE


async def _seen(eyes: Eyes, client: Client) -> Seen:
    async def has(condition: str) -> bool:
        return bool(await eyes.rows("classifier.documents", client.user_id, condition))

    waits, leased = await has("turn IS NOT NULL"), await has("leased_until IS NOT NULL")
    return Seen(waits, leased, await has("outcome IS NOT NULL"))


async def _ids_said(eyes: Eyes, client: Client) -> set[bytes | None]:
    """The ids of what was said of the user's documents; a relay that was killed may have said one twice."""
    about = str(client.user_id).encode()
    records = [one for one in await eyes.wire.read(topics.CLASSIFICATION.name) if about in (one.value or b"")]
    return {dict(record.headers).get("ce_id") for record in records}
