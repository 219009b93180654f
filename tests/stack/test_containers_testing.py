"""docuvault-testing: the lines of its README do what they say, and leave nothing behind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.containers.stack import build_images
from deploy.images.docker import docker, engine
from deploy.local.errors import StackError

ROOT = Path(__file__).parents[2]
README = ROOT / "clients" / "testing" / "README.md"
NAMED = ("--filter", "name=docuvault-testing-")
READS_MORE = """
    from aiokafka.errors import TopicAuthorizationFailedError
    try:
        asyncio.run(asyncio.wait_for(first(docuvault, "users"), 60))
    except TopicAuthorizationFailedError:
        print("refused")
"""


def compose_is_a_plugin() -> bool:
    try:
        docker("compose", "version")
    except StackError:
        return False
    return True


pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(engine() is None, reason="no Docker engine answers here (DOCKER_HOST)"),
    pytest.mark.skipif(
        not compose_is_a_plugin(), reason="testcontainers starts `docker compose`, which is missing here"
    ),
]


def examples() -> list[str]:
    return re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


def said_by(lines: str) -> str:
    """What a program of a user's says that ends well and leaves nothing behind."""
    paths = f"{ROOT / 'clients' / 'testing'}"
    done = subprocess.run(  # noqa: S603 - the README's own lines
        [sys.executable, "-c", lines],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for kind in (("ps", "-aq"), ("network", "ls", "-q"), ("volume", "ls", "-q")):
        assert docker(*kind, *NAMED) == "", kind
    return done.stdout


def test_the_ten_lines_of_the_readme_run_and_leave_nothing_behind() -> None:
    build_images("latest")
    lines = examples()[0]
    assert len([line for line in lines.splitlines() if line.strip()]) <= 10
    assert said_by(lines) == ""


def test_a_guest_of_a_secure_stack_reads_what_it_may_and_nothing_else() -> None:
    build_images("latest", secure=True)
    event, refused = said_by(examples()[1] + READS_MORE).splitlines()
    assert "1000000" in event
    assert refused == "refused"
