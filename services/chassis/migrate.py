"""Brings the schema of one service up to date, and ends: `python -m services.chassis.migrate quota`.

It needs DATABASE_URL alone. Exit 0: the schema has every migration. 1: one cannot be applied, or the database is away.
2: the arguments or settings are wrong. One line on stderr says why.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from services.chassis.errors import Transient
from services.chassis.logging import configure
from services.chassis.migrations import MigrationError, migrate
from services.chassis.postgres import open_pool
from services.chassis.settings import DatabaseSettings, ServiceSettings, SettingsError, load

DONE, FAILED, MISCONFIGURED = 0, 1, 2
SERVICES = ("upload", "quota", "janitor", "classifier")


class MigrateSettings(ServiceSettings, DatabaseSettings):
    """What the command needs of a service's settings."""


def main(arguments: Sequence[str]) -> int:
    """Migrates; the exit code says whether the schema is up to date."""
    if len(arguments) != 1 or arguments[0] not in SERVICES:
        return _say(f"name one of {', '.join(SERVICES)}", MISCONFIGURED)
    try:
        settings = load(MigrateSettings)
        configure(arguments[0], settings.replica, settings.log_level)
        asyncio.run(_run(settings, f"services.{arguments[0]}"))
    except SettingsError as error:
        return _say(str(error), MISCONFIGURED)
    except (MigrationError, Transient) as error:
        return _say(str(error), FAILED)
    return DONE


async def _run(settings: MigrateSettings, package: str) -> None:
    async with open_pool(settings) as pool:
        await migrate(pool, package)


def _say(reason: str, code: int) -> int:
    sys.stderr.write(f"migrate: {' '.join(reason.split())}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
