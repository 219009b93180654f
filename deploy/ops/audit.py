"""Proves on a running stack that every byte is accounted for: `python -m deploy.ops.audit`, or `make audit`.

Exit 0 where every check holds, 1 where one does not, 2 where it could not be told (a server is away).
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial

import asyncpg
from aiohttp import ClientError
from aiokafka.errors import KafkaError
from miniopy_async.error import MinioException
from pydantic import ValidationError

from deploy.local.errors import StackError, one_line
from deploy.local.info import StackInfo
from deploy.local.settings import load_settings
from deploy.local.stack import Stack, require_running
from deploy.ops.audit_merge import merged
from deploy.ops.audit_model import Holding, Report
from deploy.ops.audit_rules import Auditor
from deploy.ops.audit_servers import Servers, open_bucket, open_ledgers, read_standing
from deploy.ops.audit_text import as_json, as_text
from services.chassis.errors import Transient
from services.chassis.settings import UrlSettings

MAX_PENDING_SECONDS = 5400.0
"""By when a document that is still pending has been swept, by the janitor's defaults: its age and its period."""
POLL_SECONDS = 0.5
CLEAN, DIFFERENT, UNKNOWN = 0, 1, 2
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
    auditor = Auditor(max_pending_seconds)
    standing = await read_standing(servers)
    async with open_ledgers(servers) as ledgers, open_bucket(servers) as bucket:
        waiting = await ledgers.backlogs()
        streams = (ledgers.accounts(), ledgers.reservations(), ledgers.documents(), bucket.objects())
        async for holding in merged(*streams):
            auditor.see(holding)
        for stored in bucket.foreign:
            auditor.see(Holding(stored.key, stored=stored))
    notes = [f"{each.count} {each.where}" for each in standing.dead_letters if each.count]
    return auditor.report([*standing.unread, *waiting], notes)


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
        kafka_bootstrap=info.kafka_bootstrap,
        minio_endpoint=info.minio_endpoint,
        minio_access_key=key.access_key,
        minio_secret_key=key.secret_key,
        minio_bucket=info.bucket,
        minio_region=info.minio_region,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the report; the exit code says what it is."""
    logging.getLogger().addHandler(logging.NullHandler())  # else the drivers' own laments go to stderr
    return run(_parser().parse_args(arguments))


def run(options: argparse.Namespace) -> int:
    """Prints the report that was asked for, or one line that says why there is none; the exit code says which."""
    try:
        stack = Stack(load_settings())
        require_running(stack)
        most = options.max_pending or max_pending_seconds(stack.settings.service_env)
        look = _healed if options.fix else _looked
        text, clean = look(stack.info, options, most)
    except TROUBLE as error:
        sys.stderr.write(f"audit: {one_line(error)}\n")
        return UNKNOWN
    sys.stdout.write(text + "\n")
    return CLEAN if clean else DIFFERENT


def _looked(info: StackInfo, options: argparse.Namespace, max_pending: float) -> tuple[str, bool]:
    report = asyncio.run(settled(info, options.wait, max_pending_seconds=max_pending))
    return (as_json(report) if options.json else as_text(report)), report.clean


def _healed(info: StackInfo, options: argparse.Namespace, max_pending: float) -> tuple[str, bool]:
    from deploy.ops import audit_heal, audit_heal_text  # noqa: PLC0415 - only a look that heals needs all that

    wait = max(options.wait, audit_heal.SETTLE_SECONDS)
    healing = asyncio.run(
        audit_heal.heal(info, wait_seconds=wait, max_pending_seconds=max_pending, most_lost=options.missing)
    )
    text = audit_heal_text.as_json(healing) if options.json else audit_heal_text.as_text(healing)
    return text, healing.report.clean


def max_pending_seconds(service_env: Mapping[str, str]) -> float:
    """By when a stack with such settings has swept a document. Raises StackError where they are none."""
    changed = {name.lower(): value for name, value in service_env.items() if name.lower() in UrlSettings.model_fields}
    try:
        settings = UrlSettings.model_validate(changed)
    except ValidationError as error:
        raise StackError(f"SERVICE_ENV: {error.errors(include_url=False)[0]['msg']}") from None
    return settings.sweep_age_seconds + settings.sweep_every_seconds


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.ops.audit",
        description="Compares the bucket, the ledger and the documents of the running stack.",
        epilog="Exit 0: all holds. 1: something does not. 2: it could not be told, a server is away.",
    )
    add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What an audit can be told beyond --json."""
    add = partial(parser.add_argument, type=float, metavar="SECONDS")
    add("--wait", default=0.0, help="look again for so long until all is decided; default 0")
    add("--max-pending", help="a document pending for longer is wrong; default SWEEP_AGE_SECONDS + SWEEP_EVERY_SECONDS")
    parser.add_argument("--fix", action="store_true", help="say what holds of what differs, and look again for 30 s")
    add("--missing", type=int, metavar="N", default=100, help="with --fix: say no absence if more are; default 100")


if __name__ == "__main__":
    sys.exit(main())
