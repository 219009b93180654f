"""How large each image is and how long it takes to be well, as a table: `make images MEASURE=1`, also with SECURE=1.

A time is seconds from `docker start` of a new container, with empty volumes and without tables, to the first good
answer of the image's own health check, asked for in between those of the engine, which come every three seconds; of
`setup`, to its end. A stack of its own is made for it and removed.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from deploy.containers.engine import containers_of
from deploy.containers.stack import ContainerStack
from deploy.images.docker import docker
from deploy.local.console import Steps, say
from deploy.local.errors import StackError

ORDER = ("postgres", "kafka", "minio", "setup", "upload", "quota", "janitor", "classifier", "gateway")
"""Whoever needs another comes after it."""
PATIENCE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Measured:
    """An image: bytes, and seconds of its first start."""

    name: str
    size: int
    seconds: float


def table(found: Iterable[Measured]) -> str:
    """As the README has it."""
    rows = (f"| {one.name} | {one.size / 1e6:.0f} MB | {one.seconds:.1f} s |" for one in found)
    return "\n".join(("| image | size | start |", "| --- | --- | --- |", *rows))


def started(container: str) -> float:
    """Starts a container; returns how long it took to be well. Raises StackError where it is not within two minutes."""
    check = json.loads(docker("inspect", container))[0]["Config"].get("Healthcheck", {}).get("Test", ["NONE"])
    begun = time.monotonic()
    docker("start", container)
    if check[0] == "NONE":
        if docker("wait", container).strip() != "0":
            raise StackError("setup failed")
        return time.monotonic() - begun
    while not _answers(container, check[1:]):
        if time.monotonic() - begun > PATIENCE_SECONDS:
            raise StackError(f"a container is not well after {PATIENCE_SECONDS} s")
        time.sleep(0.02)
    return time.monotonic() - begun


def _answers(container: str, check: list[str]) -> bool:
    try:
        docker("exec", container, *check)
    except StackError:
        return False
    return True


def measure(stack: ContainerStack) -> list[Measured]:
    """Of a stack that is up, all whose data are made anew."""
    compose = stack.compose
    compose.run("down", "--volumes", "--timeout=30")

    def once(name: str) -> Measured:
        compose.run("up", "--no-start", "--no-deps", name)
        container = next(one.id for one in containers_of(stack.project) if _service(one.process.name) == name)
        image = docker("inspect", "--format", "{{.Config.Image}}", container).strip()
        size = int(docker("image", "inspect", "--format", "{{.Size}}", image))
        return Measured(image.rpartition("/")[2].partition(":")[0], size, started(container))

    return [once(name) for name in ORDER]


def _service(process: str) -> str:
    return process.removesuffix("-1")


def main() -> None:
    """Raises StackError."""
    with tempfile.TemporaryDirectory() as folder, Steps() as steps:
        stack = ContainerStack.on_free_ports(Path(folder) / "state", services=False, docuvault_images="docuvault")
        try:
            stack.up()
            with steps.step("each image"):
                found = measure(stack)
        finally:
            stack.reset()
    say(table(found))


if __name__ == "__main__":
    try:
        main()
    except StackError as error:
        sys.exit(f"docuvault: {error}")
    except KeyboardInterrupt:
        sys.exit("docuvault: interrupted")
