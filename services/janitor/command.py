"""The janitor's command line: `python -m services.janitor sweep [--json]`, with the environment of the service.

What it does it does in this process, under the lock that the replicas share. One line on stdout says what came of it,
one on stderr why it could not be done. Exit codes: 0 done, 2 not done (wrong usage, wrong settings, a server away,
another run at work).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence

import uvloop

from services.chassis.errors import Transient
from services.chassis.failpoints import arm
from services.chassis.jobs import Busy, Job, LeaseLost, run_now
from services.chassis.logging import configure
from services.chassis.postgres import open_pool
from services.chassis.producer import open_producer
from services.chassis.run import describe
from services.chassis.settings import SettingsError, load
from services.chassis.storage_minio import open_storage
from services.janitor import command_reconcile
from services.janitor.jobs import sweep_job
from services.janitor.settings import Settings

DONE = 0
NOT_DONE = 2
WAIT_SECONDS = 60.0

Result = Mapping[str, object]
Command = Callable[[Settings, argparse.Namespace], Awaitable[Result]]


def command(arguments: Sequence[str]) -> int:
    """Does what `arguments` say; the exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings = load(Settings)
        configure("janitor", "command", "ERROR", stream=sys.stderr)
        logging.disable()  # of the drivers' laments the last becomes our own line
        arm(settings)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            result = runner.run(options.run(settings, options))
    except KeyboardInterrupt:
        return _not_done("interrupted")
    except (SettingsError, Transient, Busy, LeaseLost) as error:
        return _not_done(str(error))
    except Exception as error:  # noqa: BLE001 - an operator is told in a line, whatever it is
        return _not_done(describe(error))
    text = json.dumps(dict(result))
    sys.stdout.write(f"{text}\n" if options.json else f"{options.done}: {text}\n")
    return int(options.verdict(result, options))


def _done(_: Result, __: argparse.Namespace) -> int:
    return DONE


def _not_done(reason: str) -> int:
    sys.stderr.write(f"{' '.join(reason.split())}\n")
    return NOT_DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.janitor", description="What the janitor does when told to."
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    sweep = commands.add_parser("sweep", help="looks up in the store what was never decided, and says what is there")
    sweep.set_defaults(run=_sweep, done="swept", verdict=_done)
    walk = commands.add_parser(
        "reconcile", help="walks the bucket, tells what differs from what was decided, and says what is there",
        epilog="Exit 0: done. 1: something differs and nothing was done about it. 2: not done.",
    )  # fmt: skip
    command_reconcile.add_arguments(walk)
    walk.set_defaults(run=command_reconcile.reconcile, done="reconciled", verdict=command_reconcile.verdict)
    for each in (sweep, walk):
        _add_common(each)
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json", action="store_true", help="print JSON objects alone, one a line; the last has the counts"
    )
    parser.add_argument(
        "--wait", type=float, default=WAIT_SECONDS, metavar="SECONDS",
        help="how long a run of a replica is waited for; default %(default)g",
    )  # fmt: skip


async def _sweep(settings: Settings, options: argparse.Namespace) -> Result:
    async with (
        open_pool(settings) as pool,
        open_storage(settings) as storage,
        open_producer(settings) as producer,
    ):
        job: Job = sweep_job(settings, pool, storage, producer)
        return await run_now(pool, job, options.wait)
