"""The job that sets up a cluster's store (deploy/k8s/servers/store-setup.yaml), run on the store of the stack."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import aiohttp
import pytest
from miniopy_async.api import Minio
from miniopy_async.credentials.providers import StaticProvider
from miniopy_async.error import S3Error
from miniopy_async.minioadmin import MinioAdmin
from miniopy_async.notificationconfig import NotificationConfig

from deploy.containers.setup_store import Settings, main
from deploy.local.info import StackInfo

ROOT = Path(__file__).parents[2]


@pytest.fixture
def keys(info: StackInfo, tmp_path: Path) -> Path:
    """As the Secrets are mounted."""
    for user, key in info.store_keys.items():
        (tmp_path / user).mkdir()
        (tmp_path / user / "access-key").write_text(key.access_key)
        (tmp_path / user / "secret-key").write_text(key.secret_key)
    return tmp_path


async def run(info: StackInfo, keys: Path) -> tuple[int | None, str]:
    """The container's exit code and its words."""
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'contracts'}", "PATH": os.defpath}
    told = {"MINIO_ENDPOINT": info.minio_endpoint, "STORE_KEYS_DIR": str(keys)}
    command = (sys.executable, "-m", "deploy.containers.setup_store")
    process = await asyncio.create_subprocess_exec(
        *command, env=environment | told, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode().strip()


async def lists(info: StackInfo, user: str, session: aiohttp.ClientSession) -> bool:
    key = info.store_keys[user]
    provider = StaticProvider(key.access_key, key.secret_key)
    client = Minio(info.minio_endpoint, credentials=provider, secure=False, region=info.minio_region, session=session)
    try:
        [each async for each in client.list_objects(info.bucket)]
    except S3Error:
        return False
    return True


def queues(found: NotificationConfig) -> list[tuple[str, list[str]]]:
    return [(each.queue, each.events) for each in found.queue_config_list or ()]


async def test_a_user_that_was_lost_is_there_again_and_the_bucket_is_as_up_makes_it(
    info: StackInfo, keys: Path
) -> None:
    root = StaticProvider(info.store_keys["root"].access_key, info.store_keys["root"].secret_key)
    async with aiohttp.ClientSession() as session:
        admin = MinioAdmin(info.minio_endpoint, root, region=info.minio_region, secure=False, session=session)
        client = Minio(info.minio_endpoint, credentials=root, secure=False, region=info.minio_region, session=session)
        before = queues(await client.get_bucket_notification(info.bucket))
        await admin.user_remove(info.store_keys["audit"].access_key)
        assert not await lists(info, "audit", session)
        told = Settings(minio_endpoint=info.minio_endpoint, store_keys_dir=keys)
        await main(told)
        await main(told)  # as often as one likes
        assert [await lists(info, user, session) for user in info.store_keys] == [True] * len(info.store_keys)
        assert queues(await client.get_bucket_notification(info.bucket)) == before != []


async def test_a_key_that_is_not_there_is_told_in_one_line(info: StackInfo, keys: Path) -> None:
    (keys / "janitor" / "secret-key").unlink()
    code, said = await run(info, keys)
    assert code == 1
    assert said.startswith("setup: janitor has no key: No such file or directory (")
