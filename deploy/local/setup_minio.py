"""The bucket, its notifications, and a key a service with a policy for what that service does."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import aiohttp
from miniopy_async.api import Minio
from miniopy_async.credentials.providers import StaticProvider
from miniopy_async.error import S3Error
from miniopy_async.minioadmin import MinioAdmin
from miniopy_async.notificationconfig import NotificationConfig, QueueConfig

from deploy.local.credentials import STORE_USERS, STORE_WATCHER, Credentials, store_key
from deploy.local.rotation import held, others
from deploy.local.server_minio import BUCKET, REGION, TARGET_ARN

TIMEOUT = aiohttp.ClientTimeout(total=30)
EVENTS = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]

ON_OBJECTS: Mapping[str, Sequence[str]] = {
    "upload": ("s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"),
    "janitor": ("s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload"),
    "classifier": ("s3:GetObject",),
    "audit": ("s3:ListMultipartUploadParts",),
}
"""What each user may do to an object; all of them may list the bucket."""
LISTS_UPLOADS = frozenset({"upload", "janitor", "audit"})
"""Who may list the uploads in parts that are under way."""


class Key(NamedTuple):
    """An access key of the store's, and its secret."""

    access: str
    secret: str


async def setup_minio(port: int, credentials: Credentials, host: str = "127.0.0.1") -> None:
    """As `setup_store`, with the keys of a stack."""
    root = Key(store_key("root"), credentials.store["root"])
    users = {user: [Key(*pair) for pair in keys_of(credentials, user).items()] for user in STORE_USERS}
    await setup_store(f"{host}:{port}", root, users)


async def setup_store(endpoint: str, as_root: Key, users: Mapping[str, Sequence[Key]]) -> None:
    """Makes what is missing and puts right what is there; may be repeated at any time. `users`: the keys of each."""
    root = StaticProvider(as_root.access, as_root.secret)
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        client = Minio(endpoint, credentials=root, secure=False, region=REGION, session=session)
        admin = MinioAdmin(endpoint, root, region=REGION, secure=False, session=session)
        if not await client.bucket_exists(BUCKET):
            await client.make_bucket(BUCKET)
        for user, keys in users.items():
            await _write_policy(admin, user)
            for key in keys:
                if not await _is_good(endpoint, key, session):
                    await admin.user_add(*key)
                await admin.policy_set(store_key(user), user=key.access)
        await _remove_others(admin, users)
        await client.set_bucket_notification(BUCKET, _notifications())


def _notifications() -> NotificationConfig:
    return NotificationConfig(queue_config_list=[QueueConfig(TARGET_ARN, EVENTS, config_id="docuvault")])


def keys_of(credentials: Credentials, user: str) -> Mapping[str, str]:
    """The secrets of a user by access key: of the one that is used, and of the other one while they are changed."""
    return dict(pairs[user] for pairs in (held(credentials, "minio"), others(credentials, "minio")) if user in pairs)


async def _write_policy(admin: MinioAdmin, user: str) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(policy(user), file)
        file.flush()
        await admin.policy_add(store_key(user), str(Path(file.name)))


async def _is_good(endpoint: str, key: Key, session: aiohttp.ClientSession) -> bool:
    """Whether the store takes the key already. To make one costs it, and us, 0.1 s of a processor: a key derivation."""
    credentials = StaticProvider(*key)
    client = Minio(endpoint, credentials=credentials, secure=False, region=REGION, session=session)
    try:
        return await client.bucket_exists(BUCKET)
    except S3Error:
        return False


async def _remove_others(admin: MinioAdmin, users: Mapping[str, Sequence[Key]]) -> None:
    """No other access key of these users is good when this returns. One list for all: it costs a derivation, too."""
    wanted = {key.access for keys in users.values() for key in keys}
    for key in set(json.loads(await admin.user_list()) or {}) - wanted:
        if any(_is_of(key, store_key(user)) for user in users):
            await admin.user_remove(key)


def _is_of(key: str, name: str) -> bool:
    return key == name or key.startswith(f"{name}-")


def policy(user: str) -> dict[str, object]:
    """The policy of a user of the store, as S3 writes policies."""
    bucket = f"arn:aws:s3:::{BUCKET}"
    uploads = ("s3:ListBucketMultipartUploads",) if user in LISTS_UPLOADS else ()
    statements = [_allow(("s3:ListBucket", "s3:GetBucketLocation", *uploads), bucket)]
    if ON_OBJECTS[user]:
        statements.append(_allow(ON_OBJECTS[user], f"{bucket}/*"))
    if user == STORE_WATCHER:
        statements.append({"Effect": "Allow", "Action": ["admin:Prometheus"]})
    return {"Version": "2012-10-17", "Statement": statements}


def _allow(actions: Sequence[str], resource: str) -> dict[str, object]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": [resource]}
