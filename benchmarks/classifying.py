"""A process that classifies what is in line and hears of nothing else: `python -m benchmarks.classifying`."""

from __future__ import annotations

import asyncio

from benchmarks.classifier_parts import open_parts
from services.chassis.logging import configure
from services.chassis.run import run
from services.chassis.settings import load
from services.classifier.settings import Settings


async def main(stop: asyncio.Event) -> None:
    """Until `stop`."""
    settings = load(Settings)
    configure(settings.service_name, settings.replica, settings.log_level)
    async with open_parts(settings) as parts:
        await parts.runners.run(stop)


if __name__ == "__main__":
    run(main)
