"""The operators' console beside a stack, as a process of its own."""

from __future__ import annotations

import asyncio
import sys

from deploy.local.stack import Stack


async def docuvault(stack: Stack, *arguments: str) -> tuple[int, str, str]:
    """Exit code, output and words of a command."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "deploy.ops.cli",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"STATE_DIR": str(stack.layout.state), "PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin:/bin"},
    )
    out, words = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), words.decode()
