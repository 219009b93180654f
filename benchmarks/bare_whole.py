"""A floor: the bare handler and the bare pair in one process, all drivers loaded. `python -m benchmarks.bare_whole`."""

from __future__ import annotations

import asyncio

import uvloop

from benchmarks import bare_pair, bare_upload


async def main() -> None:
    """Serves and pumps until SIGTERM."""
    serving = asyncio.create_task(bare_upload.main())
    await bare_pair.main()
    serving.cancel()


if __name__ == "__main__":
    asyncio.Runner(loop_factory=uvloop.new_event_loop).run(main())
