"""The audit on real servers, with real rows and objects: clean where all agrees, each injected difference found."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from docuvault_contracts.keys import make_key

from deploy.local.stack import Stack
from deploy.ops.audit import audit, settled
from deploy.ops.audit_command import main
from deploy.ops.audit_model import Check, Report
from tests.stack.support.planting import Planter, prepare, root_of
from tests.stack.support.provider import provided

CHECKOUT = Path(__file__).parents[2]
SWEPT_BY_NOW = "now() - interval '91 minutes'"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Servers without services, of this module's own, with the services' tables."""
    stack = provided(tmp_path_factory.mktemp("stack"), services=False)
    try:
        stack.up()
        asyncio.run(prepare(stack.info))
        yield stack
    finally:
        stack.reset()


@pytest.fixture
async def plant(stack: Stack) -> AsyncIterator[Planter]:
    connection = await asyncpg.connect(stack.info.databases["postgres"])
    async with root_of(stack.info) as store:
        planter = Planter(stack.info, connection, store)
        yield planter
        await planter.wipe()
    await connection.close()


def found(report: Report) -> set[tuple[Check, str | None, str | None, int | None]]:
    return {(each.check, each.user, each.key, each.bytes) for each in report.differences}


async def test_an_empty_stack_is_clean(plant: Planter) -> None:
    assert (await audit(plant.info)).clean


async def test_uploads_of_several_users_that_agree_are_clean(plant: Planter) -> None:
    users = [uuid4() for _ in range(3)]
    for user in users:
        await plant.account(user, 10)
        await plant.upload(user)
        await plant.upload(user)
        await plant.pending(user, "now()")
    report = await audit(plant.info)
    assert found(report) == set()
    assert (report.counted.users, report.counted.objects, report.counted.bytes) == (3, 6, 30)


async def test_a_drifted_total_is_found(plant: Planter) -> None:
    user = uuid4()
    await plant.account(user, 6)
    await plant.upload(user)
    assert found(await audit(plant.info)) == {(Check.TOTALS, str(user), None, 1)}


async def test_an_object_without_a_document_is_found(plant: Planter) -> None:
    user = uuid4()
    key = str(make_key(user, uuid4(), "stray.bin"))
    await plant.account(user, 0)
    await plant.put(key, b"1234567")
    assert found(await audit(plant.info)) == {
        (Check.OBJECTS, str(user), key, 7),
        (Check.TOTALS, str(user), None, 7),
    }


@pytest.mark.parametrize("key", ["readme.txt", "a/b/c", "0", "zzz/é"])
async def test_an_object_under_a_foreign_key_is_found(plant: Planter, key: str) -> None:
    user = uuid4()
    await plant.account(user, 5)
    await plant.upload(user)
    await plant.put(key, b"123")
    assert found(await audit(plant.info)) == {(Check.OBJECTS, None, key, 3)}


async def test_an_object_that_is_gone_is_found(plant: Planter) -> None:
    user = uuid4()
    await plant.account(user, 10)
    key, _ = await plant.upload(user), await plant.upload(user)
    await plant.store.remove_object(plant.info.bucket, key)
    assert found(await audit(plant.info)) == {
        (Check.PAID, str(user), key, 5),
        (Check.DOCUMENTS, str(user), key, 5),
        (Check.TOTALS, str(user), None, 5),
    }


async def test_an_object_that_was_replaced_unnoticed_is_found(plant: Planter) -> None:
    user = uuid4()
    await plant.account(user, 5)
    key = await plant.upload(user)
    await plant.put(key, b"abcde")
    assert found(await audit(plant.info)) == {(Check.PAID, str(user), key, 0), (Check.DOCUMENTS, str(user), key, 0)}


async def test_an_object_that_nobody_decided_about_is_found(plant: Planter) -> None:
    user = uuid4()
    await plant.account(user, 0)
    key = await plant.pending(user, "now()")
    await plant.put(key, b"12345")
    assert (Check.OBJECTS, str(user), key, 5) in found(await audit(plant.info))


async def test_a_document_that_nobody_pays_for_is_found(plant: Planter) -> None:
    user = uuid4()
    await plant.account(user, 5)
    key = await plant.upload(user)
    await plant.sql("DELETE FROM quota.reservations")
    assert (Check.DOCUMENTS, str(user), key, 5) in found(await audit(plant.info))


async def test_a_document_pending_beyond_the_sweeps_age_is_found(plant: Planter) -> None:
    user = uuid4()
    key = await plant.pending(user, SWEPT_BY_NOW)
    assert found(await audit(plant.info)) == {(Check.WAITING, str(user), key, 0)}
    assert (await audit(plant.info, max_pending_seconds=7200)).clean


async def test_a_reservation_that_did_not_fit_is_found_and_a_lowered_limit_is_a_note(plant: Planter) -> None:
    user = uuid4()
    await plant.account(user, 5)
    key = await plant.upload(user)
    await plant.sql("UPDATE quota.accounts SET limit_bytes = 4")
    report = await audit(plant.info)
    assert report.clean
    assert "above a limit lowered to 4" in report.notes[0]
    await plant.sql("UPDATE quota.reservations SET limit_bytes = 4")
    assert found(await audit(plant.info)) == {(Check.LIMITS, str(user), key, 5)}


async def test_a_smaller_replacement_above_a_lowered_limit_is_no_overrun(plant: Planter) -> None:
    user = uuid4()
    await plant.account(user, 5)
    await plant.upload(user)
    await plant.sql("INSERT INTO quota.superseded SELECT * FROM quota.reservations")
    await plant.sql("UPDATE quota.superseded SET size_bytes = 9")
    await plant.sql("UPDATE quota.reservations SET version = 2, limit_bytes = 4")
    assert (await audit(plant.info)).clean


async def test_an_event_that_has_not_left_an_outbox_is_found(plant: Planter) -> None:
    await plant.sql("INSERT INTO upload.outbox (topic, key, value, headers) VALUES ('documents', 'k', 'v', '[]')")
    report = await audit(plant.info)
    assert [each.what for each in report.differences] == ["events in the outbox of upload: 1 waiting"]


async def test_an_object_that_the_janitor_has_yet_to_remove_is_found(plant: Planter) -> None:
    await plant.sql(
        "INSERT INTO janitor.objects (object_key, document_id, user_id, state, cause) "
        "VALUES ('k', gen_random_uuid(), gen_random_uuid(), 'remove', 'quota.rejected')"
    )
    assert [each.check for each in (await audit(plant.info)).differences] == [Check.REST]


async def test_records_that_a_group_has_not_read_are_found_until_it_has(plant: Planter) -> None:
    reach = plant.info.kafka
    async with AIOKafkaProducer(**reach) as producer:
        where = await producer.send_and_wait("users", b"{}", b"k")
        await producer.send_and_wait("dlq.quota", b"{}", b"k")
    report = await audit(plant.info)
    assert [each.what for each in report.differences] == ["records that group quota has not read: 1 waiting"]
    assert report.notes == ("1 records in dlq.quota",)
    async with AIOKafkaConsumer(**reach, group_id="quota", enable_auto_commit=False) as consumer:
        partition = TopicPartition("users", where.partition)
        consumer.assign([partition])
        await consumer.commit({partition: where.offset + 1})
    assert (await audit(plant.info)).clean


async def test_waiting_ends_as_soon_as_all_is_decided(plant: Planter) -> None:
    user = uuid4()
    await plant.account(user, 0)
    await plant.upload(user)
    waiting = asyncio.create_task(settled(plant.info, 60))
    await asyncio.sleep(1)
    await plant.sql("UPDATE quota.accounts SET used_bytes = 5")
    async with asyncio.timeout(15):
        assert (await waiting).clean


async def test_the_command_says_each_difference_with_user_key_and_bytes(
    stack: Stack, plant: Planter, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIR", str(stack.layout.state))
    assert await asyncio.to_thread(main, []) == 0
    assert capsys.readouterr().out.endswith("clean: 0 users, 0 documents, 0 objects, 0 bytes\n")
    user = uuid4()
    key = str(make_key(user, uuid4(), "stray.bin"))
    await plant.put(key, b"1234567")
    assert await asyncio.to_thread(main, []) == 1
    assert f"user={user} key={key} bytes=7: an object without a document" in capsys.readouterr().out
    assert await asyncio.to_thread(main, ["--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["clean"], said["checks"]["objects"], said["checks"]["rest"]) == (False, False, True)


def run_audit(state: Path) -> subprocess.CompletedProcess[str]:
    """The command as a person runs it, with whatever the drivers would write beside it."""
    environment = {**os.environ, "STATE_DIR": str(state), "PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'contracts'}"}
    return subprocess.run(
        [sys.executable, "-m", "deploy.ops.audit_command"], env=environment, cwd=CHECKOUT, capture_output=True,
        text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("server", ["postgres", "minio", "kafka"])
async def test_with_a_server_away_it_says_so_in_one_line(stack: Stack, server: str) -> None:
    await asyncio.to_thread(stack.supervisor.stop, server)
    try:
        ran = await asyncio.to_thread(run_audit, stack.layout.state)
    finally:
        await asyncio.to_thread(stack.up)
        await prepare(stack.info)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("audit: ")
    assert ran.stderr.count("\n") == 1


def test_without_a_stack_it_says_what_to_do(tmp_path: Path) -> None:
    ran = run_audit(tmp_path / "state")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "`make up`" in ran.stderr
    assert ran.stderr.count("\n") == 1
