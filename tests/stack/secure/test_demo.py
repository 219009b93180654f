"""The demo and the tutorial do what a newcomer is promised, on a stack that speaks TLS and knows accounts."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.local.stack import Stack
from deploy.ops.users import access_token, register
from tests.stack.support.console import environment

CHECKOUT = Path(__file__).parents[3]


def run_demo(stack: Stack, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "STATE_DIR": str(stack.layout.state),
        "PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'contracts'}",
        **more,
    }
    return subprocess.run(
        [sys.executable, "-m", "deploy.ops.demo"], env=environment, cwd=CHECKOUT, capture_output=True, text=True,
        check=False, timeout=240,
    )  # fmt: skip


@pytest.fixture(scope="module", params=["first", "second"])
def ran(stack: Stack) -> subprocess.CompletedProcess[str]:
    """What the demo said, each time that it ran: 15 processor-seconds."""
    return run_demo(stack)


def test_the_demo_shows_every_step_and_ends_clean(stack: Stack, ran: subprocess.CompletedProcess[str]) -> None:
    assert ran.returncode == 0, ran.stderr
    told = [
        "Ada confirms photo.jpg: 200, 41,000 bytes stored",
        "Ben confirms film.mp4: 413, 50,000 bytes do not fit, 61,200 of 100,000 are in use",
        "Ada's diary.txt is uploaded all the same",
        "storage.events  object created      Ada's diary.txt  9,000 bytes",
        "Ada deletes photo.jpg: 74,500 bytes in use become 33,500",
        "| Cleo | 30,000 |  50,000 | 20,000 |",
        "document.classified Dora's lasagne-recipe.txt  Medical ",
        "lasagne-recipe.txt calls itself text/plain. It is a PDF",
        "contract.pdf: The file is protected by a password",
        "A letter from the vet, in English: Medical ",
        "The same letter: Furry friends 1.00 (You filed it here)",
        '"Bees, ',
        "\nclean: ",
        f"http://localhost:{stack.settings.gateway_port}",
    ]
    assert [line for line in told if line not in ran.stdout] == []
    assert re.search(r"in German: Furry friends 0\.\d\d \(Like a document that you filed here\)", ran.stdout)
    assert re.search(r"\| zimtschnecken.docx +\| Recipes +\|", ran.stdout)
    assert sorted(line.split(": ")[1][:3] for line in ran.stdout.splitlines() if "  Cleo confirms" in line) == [
        "200",
        "413",
    ]


def test_the_demo_shows_no_url_and_no_secret(stack: Stack, ran: subprocess.CompletedProcess[str]) -> None:
    shown = ran.stdout + ran.stderr
    secrets = (stack.info.jwt_secret, *(key.secret_key for key in stack.info.store_keys.values()), "X-Amz", "eyJ")
    assert [secret for secret in secrets if secret in shown] == []


def test_a_demo_that_cannot_run_says_why_in_one_line(stack: Stack) -> None:
    ran = run_demo(stack, REPLICAS="many")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("demo: REPLICAS: ")
    assert ran.stderr.count("\n") == 1


def tutorial() -> str:
    """Its commands, but those with make in them: these the test's own stack has behind it."""
    text = (CHECKOUT / "docs" / "tutorial.md").read_text("utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return "".join(block for block in blocks if "make " not in block)


async def test_the_tutorial_ends_with_a_document_that_is_filed(stack: Stack, tmp_path: Path) -> None:
    await register(stack.info, user := uuid4(), None)
    (tmp_path / "docuvault").write_text(f'#!/bin/sh\nexec {sys.executable} -m deploy.ops "$@"\n')
    (tmp_path / "docuvault").chmod(0o700)
    own = {"DOCUVAULT_URL": stack.info.gateway_url, "DOCUVAULT_TOKEN": access_token(stack.info, user, "user")}
    own["DOCUVAULT_CACHE"] = str(tmp_path / "cache")
    ran = await asyncio.to_thread(
        subprocess.run, ["/bin/sh", "-euc", tutorial()], env=environment(stack) | own, cwd=tmp_path,
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    filed = json.loads(next(line for line in ran.stdout.splitlines() if line.startswith('{"items"')))
    [document] = filed["items"]
    assert (document["filename"], document["topics"][0]["name"]) == ("invoice.md", "Invoices")
    assert "exit code 1: refused" in ran.stdout
    said = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith('{"used_bytes"')]
    assert [each["used_bytes"] for each in said] == [0, document["size_bytes"]]
