"""Each difference that the audit can find, on a running stack: healed by what is said of it, or left with a reason."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from uuid import UUID, uuid4

import asyncpg
import pytest
from docuvault_contracts.keys import make_key

from deploy.local.stack import Stack
from deploy.ops.audit import audit
from deploy.ops.audit_command import main
from deploy.ops.audit_heal import Healing, heal
from deploy.ops.audit_model import Check
from tests.stack.support.planting import Planter, root_of
from tests.stack.support.provider import provided


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of this module's own, whose store tells nobody of its objects."""
    stack = provided(tmp_path_factory.mktemp("stack"))
    try:
        stack.up()
        asyncio.run(_silence(stack))
        yield stack
    finally:
        stack.reset()


async def _silence(stack: Stack) -> None:
    async with root_of(stack.info) as client:
        await client.delete_bucket_notification(stack.info.bucket)


@pytest.fixture
async def plant(stack: Stack) -> AsyncIterator[Planter]:
    connection = await asyncpg.connect(stack.info.databases["postgres"])
    async with root_of(stack.info) as store:
        planter = Planter(stack.info, connection, store)
        yield planter
        await planter.wipe()
    await connection.close()


async def healed(plant: Planter, most_lost: int = 100) -> Healing:
    return await heal(plant.info, wait_seconds=20, max_pending_seconds=3600, most_lost=most_lost)


async def refused(plant: Planter, most_lost: int = 100) -> Healing:
    """Waits for nothing: nothing that would change anything has been said."""
    return await heal(plant.info, wait_seconds=0, max_pending_seconds=3600, most_lost=most_lost)


def said(healing: Healing) -> list[tuple[str, str]]:
    return [(each.word.value, each.holding.key) for each in healing.said]


def left(healing: Healing) -> set[tuple[Check, str]]:
    """Of each difference that is left: its check, and the first words of the command for it."""
    return {(each.check, " ".join(remark.command.split()[:2])) for each, remark in healing.left}


async def status(plant: Planter, key: str) -> str | None:
    found: str | None = await plant.database.fetchval("SELECT status FROM upload.documents WHERE object_key = $1", key)
    return found


async def used(plant: Planter, user: UUID) -> int:
    found: int = await plant.database.fetchval("SELECT used_bytes FROM quota.accounts WHERE user_id = $1", user)
    return found


async def keys(plant: Planter) -> set[str]:
    return {each.object_name or "" async for each in plant.store.list_objects(plant.info.bucket, recursive=True)}


async def decide(plant: Planter, key: str, assignments: str) -> None:
    await plant.sql(f"UPDATE quota.reservations SET {assignments} WHERE object_key = $1", key)  # noqa: S608


REJECTED = "state = 'rejected', reason = 'over_quota', size_bytes = 0, rejected_bytes = 5"
RELEASED = "state = 'released', reason = 'object_removed', size_bytes = 0"


async def test_of_a_stack_that_agrees_nothing_is_said(plant: Planter) -> None:
    await plant.account(user := uuid4(), 5)
    await plant.upload(user)
    assert await healed(plant) == Healing((), (), (await audit(plant.info)))


async def test_an_object_that_nobody_decided_about_is_paid_for_and_uploaded(plant: Planter) -> None:
    await plant.account(user := uuid4(), 0)
    key = await plant.pending(user, "now()")
    await plant.put(key, b"12345")
    found = await healed(plant)
    assert (said(found), found.left, found.report.clean) == ([("object.observed", key)], [], True)
    assert (await status(plant, key), await used(plant, user)) == ("uploaded", 5)


async def test_an_object_that_nobody_decided_about_and_that_does_not_fit_is_removed(plant: Planter) -> None:
    await plant.account(user := uuid4(), 0, limit=4)
    key = await plant.pending(user, "now() - interval '2 hours'")
    await plant.put(key, b"12345")
    found = await healed(plant)
    assert (said(found), found.report.clean) == ([("object.observed", key)], True)
    assert (await status(plant, key), await used(plant, user), await keys(plant)) == ("rejected", 0, set())


async def test_a_decision_that_its_document_never_heard_of_is_heard(plant: Planter) -> None:
    await plant.account(user := uuid4(), 5)
    key = await plant.upload(user)
    deaf = "status = 'pending', size_bytes = 0, etag = NULL, ruling = NULL, version = 0"
    await plant.sql(f"UPDATE upload.documents SET {deaf}")  # noqa: S608 - a test's own text
    found = await healed(plant)
    assert (said(found), found.report.clean) == ([("object.observed", key)], True)
    assert (await status(plant, key), await used(plant, user)) == ("uploaded", 5)


async def test_a_refusal_that_its_document_never_heard_of_is_heard(plant: Planter) -> None:
    await plant.account(user := uuid4(), 0)
    key = await plant.pending(user, "now()")
    document = await plant.database.fetchval("SELECT id FROM upload.documents")
    await plant.reservation(key, user, document, b"12345")
    await decide(plant, key, REJECTED)
    found = await healed(plant)
    assert (said(found), found.report.clean) == ([("object.missing", key)], True)
    assert await status(plant, key) == "rejected"


async def test_an_object_that_is_gone_gives_its_bytes_back(plant: Planter) -> None:
    await plant.account(user := uuid4(), 10)
    key, kept = await plant.upload(user), await plant.upload(user)
    await plant.store.remove_object(plant.info.bucket, key)
    found = await healed(plant)
    assert (said(found), found.report.clean) == ([("object.missing", key)], True)
    assert (await status(plant, key), await status(plant, kept), await used(plant, user)) == ("deleted", "uploaded", 5)


async def test_an_object_that_was_replaced_is_charged_as_it_is(plant: Planter) -> None:
    await plant.account(user := uuid4(), 5)
    key = await plant.upload(user)
    await plant.put(key, b"1234567")
    found = await healed(plant)
    assert (said(found), found.report.clean) == ([("object.observed", key)], True)
    assert await used(plant, user) == 7


@pytest.mark.parametrize("tombstone", [REJECTED, RELEASED])
async def test_an_object_that_should_have_been_removed_is(plant: Planter, tombstone: str) -> None:
    await plant.account(user := uuid4(), 0)
    key = await plant.upload(user)
    await decide(plant, key, tombstone)
    found = await healed(plant)
    assert (said(found), found.report.clean) == ([("object.observed", key)], True)
    assert await keys(plant) == set()
    assert await status(plant, key) in {"rejected", "deleted"}


@pytest.mark.parametrize("decided", [True, False])
async def test_a_deletion_that_the_ledger_never_heard_of_is_said_again(
    plant: Planter,
    decided: bool,  # noqa: FBT001 - both
) -> None:
    await plant.account(user := uuid4(), 5 if decided else 0)
    key = await plant.upload(user)
    gone = "status = 'deleted', reason = 'document_deleted', size_bytes = 0, etag = NULL"
    await plant.sql(f"UPDATE upload.documents SET {gone}")  # noqa: S608 - a test's own text
    if not decided:
        await plant.sql("DELETE FROM quota.reservations")
    found = await healed(plant)
    assert (said(found), found.report.clean) == ([("document.deleted", key)], True)
    assert (await keys(plant), await used(plant, user)) == (set(), 0)


@pytest.mark.parametrize("moved", [-5, 2])
async def test_a_total_that_drifted_is_repaired_before_anything_is_said(plant: Planter, moved: int) -> None:
    await plant.account(user := uuid4(), 5 + moved)
    key = await plant.upload(user)
    await plant.store.remove_object(plant.info.bucket, key)
    found = await healed(plant)
    assert [(each.done, each.drift.used_bytes, each.drift.reserved_bytes) for each in found.totals] == [
        ("repaired", 5 + moved, 5)
    ]
    assert (said(found), found.report.clean, await used(plant, user)) == ([("object.missing", key)], True, 0)
    assert await plant.database.fetchval("SELECT repaired_by FROM quota.repairs WHERE user_id = $1", user) == "audit"


async def test_a_total_whose_rows_cannot_be_believed_is_refused_and_left(plant: Planter) -> None:
    await plant.account(user := uuid4(), 6)
    key = await plant.upload(user)
    await decide(plant, key, "version = 2")
    await plant.sql("UPDATE upload.documents SET version = 2")
    found = await refused(plant)
    assert [each.done for each in found.totals] == ["refused"]
    assert (said(found), left(found)) == ([], {(Check.TOTALS, "python -m")})
    assert "decision 1 is lost" in found.left[0][1].why
    assert await used(plant, user) == 6


async def test_an_object_without_a_document_is_told_of_and_charged_to_nobody(plant: Planter) -> None:
    await plant.account(user := uuid4(), 5)
    paid, unpaid = await plant.upload(user), str(make_key(user, uuid4(), "stray.bin"))
    await plant.sql("DELETE FROM upload.documents")
    await plant.put(unpaid, b"1234567")
    found = await refused(plant)
    assert (said(found), await keys(plant)) == ([], {paid, unpaid})
    assert (Check.OBJECTS, "docuvault recover") in left(found)
    assert {(each.key, remark.why) for each, remark in found.left if each.check is Check.OBJECTS} == {
        (paid, "no document shows it, and its user is charged for it"),
        (unpaid, "no document shows it, and its user would be charged for it"),
    }
    assert await used(plant, user) == 5


async def test_an_object_under_a_foreign_key_is_told_of_and_left(plant: Planter) -> None:
    await plant.put("backup/readme.txt", b"123")
    found = await refused(plant)
    assert (said(found), left(found)) == ([], {(Check.OBJECTS, "docuvault reconcile")})
    assert await keys(plant) == {"backup/readme.txt"}


async def test_a_document_whose_decision_the_ledger_forgot_is_told_of_and_left(plant: Planter) -> None:
    """Decided anew, it might be refused, and its object removed: only a restored ledger knows."""
    await plant.account(user := uuid4(), 0, limit=4)
    key = await plant.upload(user)
    await plant.sql("DELETE FROM quota.reservations")
    found = await refused(plant)
    assert (said(found), await keys(plant), await status(plant, key)) == ([], {key}, "uploaded")
    assert (Check.DOCUMENTS, "docuvault recover") in left(found)


async def test_an_undecided_object_of_a_user_without_an_account_is_told_of_and_left(plant: Planter) -> None:
    key = await plant.pending(uuid4(), "now()")
    await plant.put(key, b"12345")
    found = await refused(plant)
    assert (said(found), await keys(plant)) == ([], {key})
    assert (Check.OBJECTS, "make -s") in left(found)


async def test_a_bucket_that_lost_too_much_is_believed_only_when_told_to(plant: Planter) -> None:
    await plant.account(user := uuid4(), 15)
    for _ in range(3):
        await plant.store.remove_object(plant.info.bucket, await plant.upload(user))
    found = await refused(plant, most_lost=2)
    assert (said(found), await used(plant, user)) == ([], 15)
    assert (Check.PAID, "docuvault audit") in left(found)
    assert "3 objects are gone" in next(remark.why for each, remark in found.left if each.check is Check.PAID)
    assert (await healed(plant, most_lost=3)).report.clean
    assert await used(plant, user) == 0


async def test_a_reservation_that_did_not_fit_is_told_of_and_left(plant: Planter) -> None:
    await plant.account(user := uuid4(), 5)
    key = await plant.upload(user)
    await decide(plant, key, "limit_bytes = 4")
    assert left(await refused(plant)) == {(Check.LIMITS, "docuvault explain")}


async def test_a_document_for_which_nothing_came_is_left_to_the_sweep(plant: Planter) -> None:
    await plant.account(user := uuid4(), 0)
    await plant.pending(user, "now() - interval '2 hours'")
    assert left(await refused(plant)) == {(Check.WAITING, "docuvault sweep")}


async def test_what_waits_in_an_outbox_is_left_to_its_service(stack: Stack, plant: Planter) -> None:
    await asyncio.to_thread(stack.supervisor.stop, "upload-1")
    try:
        await plant.sql("INSERT INTO upload.outbox (topic, key, value, headers) VALUES ('documents', 'k', 'v', '[]')")
        assert left(await refused(plant)) == {(Check.REST, "docuvault status")}
    finally:
        await plant.sql("TRUNCATE upload.outbox")
        await asyncio.to_thread(stack.up)
        await _silence(stack)


async def test_many_of_all_kinds_at_once_are_healed_in_one_go(plant: Planter) -> None:
    users = [uuid4() for _ in range(4)]
    for user in users:
        await plant.account(user, 9)
        gone, changed, unwanted = [await plant.upload(user) for _ in range(3)]
        fresh = await plant.pending(user, "now()")
        await plant.store.remove_object(plant.info.bucket, gone)
        await plant.put(changed, b"123")
        await decide(plant, unwanted, REJECTED)
        await plant.put(fresh, b"12345678")
    found = await healed(plant)
    assert found.report.clean, found.left
    assert len(found.said) == 16
    assert [await used(plant, user) for user in users] == [11] * 4


async def test_the_command_says_what_was_done_what_is_left_and_ends_with_0_only_when_clean(
    stack: Stack, plant: Planter, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIR", str(stack.layout.state))
    monkeypatch.setattr("deploy.ops.audit_heal.SETTLE_SECONDS", 20.0)
    assert await asyncio.to_thread(main, ["--fix"]) == 0
    assert capsys.readouterr().out == "clean: 0 users, 0 documents, 0 objects, 0 bytes\n"
    await plant.account(user := uuid4(), 0)
    key = await plant.pending(user, "now()")
    await plant.put(key, b"12345")
    assert await asyncio.to_thread(main, ["--fix"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"said      object.observed  user={user} key={key} bytes=5: an object that nobody decided")
    assert out.endswith("\nclean: 1 users, 1 documents, 1 objects, 5 bytes\n")
    await plant.put("foreign", b"1")
    monkeypatch.setattr("deploy.ops.audit_heal.SETTLE_SECONDS", 0.0)
    assert await asyncio.to_thread(main, ["--fix", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["clean"], found["said"], found["totals"]) == (False, [], [])
    assert [(each["key"], each["command"]) for each in found["left"]] == [
        ("foreign", "docuvault reconcile --remove-foreign")
    ]
