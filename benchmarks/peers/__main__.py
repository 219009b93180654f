"""Starts the plain design: `python -m benchmarks.peers`, ended by SIGTERM."""

from __future__ import annotations

import asyncio
import os

import uvicorn

from benchmarks.peers.tables import make_tables


def main() -> None:
    """Makes the tables, then serves with uvloop and httptools."""
    asyncio.run(make_tables(os.environ["DATABASE_URL"]))
    uvicorn.run(
        "benchmarks.peers.app:make_app",
        factory=True,
        host="127.0.0.1",
        port=int(os.environ["HTTP_PORT"]),
        workers=int(os.environ["WORKERS"]),
        loop="uvloop",
        http="httptools",
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
