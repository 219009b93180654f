"""The classifier's command line: `python -m services.classifier renew`, with the environment of the service.

Encrypts users' keys anew under the first of LLM_KEY_SECRETS, now, under the lock that the replicas share. A line of
JSON on stdout counts what it did, one on stderr says why it could not. Exit codes: 0 done, 2 not done.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Mapping, Sequence

from services.chassis.errors import Transient
from services.chassis.jobs import Busy, LeaseLost, run_now
from services.chassis.logging import configure
from services.chassis.migrations import migrate
from services.chassis.postgres import open_pool
from services.chassis.run import describe
from services.chassis.settings import SettingsError, load
from services.classifier.secrets import KeySafe
from services.classifier.secrets_rotation import rotation_job
from services.classifier.settings import Settings

DONE, NOT_DONE = 0, 2
WAIT_SECONDS = 60.0


def command(arguments: Sequence[str]) -> int:
    """Does what `arguments` say; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m services.classifier", description="What the classifier is told.")
    parser.add_argument("command", choices=["renew"], help="encrypts users' keys anew under the first of the secrets")
    parser.parse_args(arguments)
    try:
        settings = load(Settings)
        configure("classifier", "command", "ERROR", stream=sys.stderr)
        logging.disable()  # of the drivers' laments the last becomes our own line
        result = asyncio.run(_renew(settings))
    except KeyboardInterrupt:
        return _not_done("interrupted")
    except (SettingsError, Transient, Busy, LeaseLost) as error:
        return _not_done(str(error))
    except Exception as error:  # noqa: BLE001 - an operator is told in a line, whatever it is
        return _not_done(describe(error))
    sys.stdout.write(f"{json.dumps(dict(result))}\n")
    return DONE


def _not_done(reason: str) -> int:
    sys.stderr.write(f"{' '.join(reason.split())}\n")
    return NOT_DONE


async def _renew(settings: Settings) -> Mapping[str, object]:
    async with open_pool(settings) as pool:
        await migrate(pool, "services.classifier")
        return await run_now(pool, rotation_job(pool, KeySafe(settings.fernet_keys)), WAIT_SECONDS)
