"""Looks whether every byte of a running stack is accounted for; see audit_command.py for `make audit`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import asyncpg
from aiohttp import ClientError
from aiokafka.errors import KafkaError
from miniopy_async.error import MinioException
from pydantic import ValidationError

from deploy.local.errors import StackError
from deploy.local.info import StackInfo
from deploy.ops.audit_merge import merged
from deploy.ops.audit_model import Holding, Report
from deploy.ops.audit_rules import Auditor
from deploy.ops.audit_servers import Servers, open_bucket, open_ledgers, read_standing
from deploy.ops.audit_uploads import notes_on, open_uploads, read_uploads, with_uploads
from services.chassis.errors import Transient
from services.chassis.settings_urls import UrlSettings

MAX_PENDING_SECONDS = 5400.0
"""By when a document that is still pending has been swept, by the janitor's defaults: its age and its period."""
POLL_SECONDS = 0.5
TROUBLE = (
    StackError,
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    ClientError,
    KafkaError,
    MinioException,
    Transient,
)


async def audit(info: StackInfo, *, max_pending_seconds: float = MAX_PENDING_SECONDS) -> Report:
    """What is wrong with the stack at this moment. Raises one of TROUBLE where a server is away.

    Memory stays flat: the tables and the bucket are read as sorted streams, side by side. What is under way while it
    runs may show as a difference, see `settled`.
    """
    servers = servers_of(info)
    standing = await read_standing(servers)
    async with open_uploads(servers) as store, open_bucket(servers) as bucket:
        begun = await store.list_uploads("")  # before the documents are read: each is there before its upload
        async with open_ledgers(servers) as ledgers:
            waiting, classifies = await ledgers.backlogs(), await ledgers.classifies()
            auditor = Auditor(max_pending_seconds, classifies)
            filings = [ledgers.filings()] if classifies else []
            streams = (ledgers.accounts(), ledgers.reservations(), ledgers.documents(), bucket.objects())
            async for holding in merged(*streams, *filings):
                auditor.see(holding)
            uploads = await read_uploads(store, begun, await ledgers.multiparts())
        for stored in bucket.foreign:
            auditor.see(Holding(stored.key, stored=stored))
    letters = [f"{each.count} {each.where}" for each in standing.dead_letters if each.count]
    report = auditor.report([*standing.unread, *waiting], [*letters, *notes_on(uploads)])
    return with_uploads(report, uploads, max_pending_seconds)


async def settled(
    info: StackInfo, within_seconds: float, *, max_pending_seconds: float = MAX_PENDING_SECONDS
) -> Report:
    """The first clean report within the time, or the last one. Raises one of TROUBLE."""
    deadline = time.monotonic() + within_seconds
    while True:
        report = await audit(info, max_pending_seconds=max_pending_seconds)
        if report.clean or time.monotonic() + POLL_SECONDS > deadline:
            return report
        await asyncio.sleep(POLL_SECONDS)


def servers_of(info: StackInfo) -> Servers:
    """What the audit needs of a stack: it reads as a role and a key that can do nothing else."""
    key = info.store_keys["audit"]
    return Servers(
        database_url=info.databases["audit"],
        kafka=info.kafka,
        minio_endpoint=info.minio_endpoint,
        minio_access_key=key.access_key,
        minio_secret_key=key.secret_key,
        minio_bucket=info.bucket,
        minio_region=info.minio_region,
    )


def max_pending_seconds(service_env: Mapping[str, str]) -> float:
    """By when a stack with such settings has swept a document. Raises StackError where they are none."""
    changed = {name.lower(): value for name, value in service_env.items() if name.lower() in UrlSettings.model_fields}
    try:
        settings = UrlSettings.model_validate(changed)
    except ValidationError as error:
        raise StackError(f"SERVICE_ENV: {error.errors(include_url=False)[0]['msg']}") from None
    return settings.sweep_age_seconds + settings.sweep_every_seconds
