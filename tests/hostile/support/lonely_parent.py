"""A process with two workers, one spinning and one at rest, that says which they are and waits to be killed."""

from __future__ import annotations

import asyncio
import sys

from services.classifier.sandbox.limits import Limits
from services.classifier.sandbox.pool import Pool
from tests.hostile.support.watching import told, workers


async def main() -> None:
    """Prints the workers' process ids on one line."""
    async with Pool(Limits(), 2, module="tests.hostile.support.bad_worker") as pool:
        await asyncio.gather(told(pool, "echo ready"), told(pool, "echo ready"))
        busy = asyncio.ensure_future(told(pool, "spin"))
        await asyncio.sleep(0)  # it is on its way now
        sys.stdout.write(" ".join(str(worker.pid) for worker in workers()) + "\n")
        sys.stdout.flush()
        await busy


if __name__ == "__main__":
    asyncio.run(main())
