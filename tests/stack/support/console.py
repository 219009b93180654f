"""The console program on a stack, in this process, and dead letters for it to find."""

from __future__ import annotations

import asyncio
import io
import json
import os
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from aiokafka import AIOKafkaProducer

from deploy.local.stack import Stack
from deploy.ops.cli import main
from services.chassis.deadletters import DeadLetter
from services.chassis.delivery import Record

CHECKOUT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """Of its answer."""
        return self.out.splitlines()

    @property
    def json(self) -> Any:
        """Its answer, where it is JSON."""
        return json.loads(self.out)


async def docuvault(stack: Stack, *arguments: str) -> Ran:
    """Runs a command on the stack."""
    return await asyncio.to_thread(_run, stack, arguments)


def environment(stack: Stack) -> dict[str, str]:
    """In which a process of its own finds the stack and this checkout."""
    own = {
        "STATE_DIR": str(stack.layout.state),
        "PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'contracts'}:{CHECKOUT / 'clients' / 'python'}",
    }
    return {**os.environ, **own}


def _run(stack: Stack, arguments: Sequence[str]) -> Ran:
    out, err = io.StringIO(), io.StringIO()
    with patch.dict(os.environ, STATE_DIR=str(stack.layout.state)), redirect_stdout(out), redirect_stderr(err):
        code = main(arguments)
    return Ran(code, out.getvalue(), err.getvalue())


async def bury(stack: Stack, group: str, *letters: DeadLetter) -> list[str]:
    """Puts records among the dead letters of a group, as its consumer does; how the letters are called."""
    async with AIOKafkaProducer(**stack.info.kafka, max_request_size=5 * 1024 * 1024) as producer:
        acks = []
        for letter in letters:
            message = letter.message(group, datetime.now(UTC))
            acks.append(await producer.send(message.topic, message.value, message.key, headers=list(message.headers)))
        return [f"{group}/{(found := await ack).partition}/{found.offset}" for ack in acks]


def dead(record: Record, reason: str = "handler: KeyError: 'x'") -> DeadLetter:
    """A record that its handler could not apply."""
    return DeadLetter(record, "handler", reason)
