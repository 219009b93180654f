"""The examples of docs/clients.md do what they say, as they stand there."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from tests.stack.client.conftest import NewClient
from tests.stack.conftest import NewUser
from tests.stack.support.console import CHECKOUT, environment

TEXT = (CHECKOUT / "docs" / "clients.md").read_text("utf-8")
NODE = Path(sys.executable).with_name("node")


def example(section: str, language: str) -> str:
    """The first block of a language in a section."""
    found = re.search(rf"^## {section}\n.*?^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    assert found is not None, section
    return found[1]


@pytest.mark.parametrize(
    ("section", "language", "command"),
    [
        ("The command", "sh", ["/bin/sh", "-euc"]),
        ("curl", "sh", ["/bin/sh", "-euc"]),
        ("Python", "python", [sys.executable, "-c"]),
        ("fetch", "js", [shutil.which("node") or str(NODE), "--input-type=module", "-e"]),
    ],
)
async def test_an_example_uploads_the_file(  # noqa: PLR0913 - what it takes
    stack: Stack, new_user: NewUser, new_client: NewClient, tmp_path: Path, *, section: str, language: str,
    command: list[str],
) -> None:  # fmt: skip
    user, data = await new_user(), os.urandom(100_000)
    (tmp_path / "report.pdf").write_bytes(data)
    (tmp_path / "docuvault").write_text(f'#!/bin/sh\nexec {sys.executable} -m deploy.ops "$@"\n')
    (tmp_path / "docuvault").chmod(0o700)
    env = environment(stack) | {
        "DOCUVAULT_URL": stack.info.gateway_url,
        "DOCUVAULT_TOKEN": user.token,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "DOCUVAULT_CACHE": str(tmp_path / "cache"),
    }
    process = await asyncio.create_subprocess_exec(
        *command, example(section, language), cwd=tmp_path, env=env, stdout=PIPE, stderr=PIPE
    )
    out, err = await process.communicate()
    assert (process.returncode, err.decode()) == (0, "")
    client = await new_client(user)
    [document] = [each async for each in client.documents()]
    assert (document.filename, document.size_bytes, document.status) == ("report.pdf", 100_000, "uploaded")
    assert str(document.id) in out.decode()
    assert not (tmp_path / "again.pdf").exists() or (tmp_path / "again.pdf").read_bytes() == data
