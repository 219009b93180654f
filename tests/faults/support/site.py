"""What a test of this folder works with."""

from __future__ import annotations

from dataclasses import dataclass

from deploy.local.info import StackInfo
from deploy.local.stack import Stack
from tests.faults.support.processes import Processes
from tests.stack.support.api import Api
from tests.stack.support.bucket import Bucket


@dataclass(frozen=True, slots=True)
class Site:
    """A stack, what breaks it, its callers, and the bucket as its owner sees it."""

    stack: Stack
    processes: Processes
    api: Api
    bucket: Bucket

    @property
    def info(self) -> StackInfo:
        """How the stack is reached."""
        return self.stack.info

    async def untold(self) -> int:
        """How many notifications the store has yet to hand to Kafka: it does so every three seconds."""
        return sum(path.is_file() for path in self.stack.layout.untold.rglob("*"))
