"""What must be so of a stack whose keys are being changed, asked of its servers."""

from __future__ import annotations

import aiohttp
import asyncpg
import pytest
from miniopy_async.api import Minio
from miniopy_async.error import S3Error

from deploy.local.credentials import load_credentials
from deploy.local.info import StackInfo
from deploy.local.rotation import Phase
from deploy.local.stack import Stack
from deploy.ops.rotating import Lives, rotate

KINDS = ("jwt", "minio", "postgres")
"""What a stack without the classifier has."""


def change(own: Stack, lives: Lives, now: float) -> dict[str, float]:
    """One run of the operator's command, at `now`."""
    return dict(rotate(own, KINDS, lives, lambda: None, now=lambda: now))


class CutOff(Exception):
    """The command was killed."""


class Killed:
    """A stack whose operator is killed when the new keys are to be used, and are so nowhere yet."""

    def __init__(self, own: Stack) -> None:
        self._own = own
        self.layout = own.layout

    def up(self) -> None:
        if any(found["phase"] == Phase.USED for found in load_credentials(self.layout).rotations.values()):
            raise CutOff
        self._own.up()


def killed(own: Stack, lives: Lives) -> None:
    """A run of the command that does not come to its end."""
    with pytest.raises(CutOff):
        rotate(Killed(own), KINDS, lives, lambda: None)


async def logs_in(url: str) -> bool:
    """Whether the database lets this login in, as whom it is meant to be: what it makes is the role's own."""
    try:
        connection = await asyncpg.connect(url)
    except asyncpg.InvalidAuthorizationSpecificationError:
        return False
    try:
        role, schema = await connection.fetchrow("SELECT current_user, current_schema()") or ("", "")
    finally:
        await connection.close()
    assert role in {schema, "audit"}, (role, schema)
    return True


async def lists(info: StackInfo, user: str, session: aiohttp.ClientSession) -> bool:
    """Whether the store knows this user's key."""
    key = info.store_keys[user]
    client = Minio(
        info.minio_endpoint,
        access_key=key.access_key,
        secret_key=key.secret_key,
        secure=False,
        region=info.minio_region,
        session=session,
    )
    try:
        return await client.bucket_exists(info.bucket)
    except S3Error:
        return False


async def all_good(info: StackInfo, session: aiohttp.ClientSession) -> dict[str, bool]:
    """By database role and by user of the store, whether what `info` has of them is good."""
    found = {f"database {role}": await logs_in(url) for role, url in info.databases.items() if role != "postgres"}
    return found | {f"store {user}": await lists(info, user, session) for user in info.store_keys if user != "root"}
