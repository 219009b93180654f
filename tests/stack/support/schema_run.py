"""Schemathesis in a process of its own: which calls it makes of the OpenAPI, and what came of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).parents[3]
OPENAPI = CHECKOUT / "contracts" / "generated" / "openapi.json"
HOOKS = Path(__file__).with_name("schema_hooks.py")
TOKEN = "SCHEMA_TOKEN"  # the name of a variable
MAX_SECONDS = 500
STREAM = "streamEvents"
"""The one answer that has no end: tests of its own read it."""

_CONFIG = """
base-url = "{url}"
hooks = "{hooks}"
headers = {{ Authorization = "Bearer ${{{token}}}" }}
seed = {seed}
request-timeout = 30
max-redirects = 0
continue-on-failure = true
warnings = false

[generation]
max-examples = {examples}
database = "none"

[phases.stateful]
max-steps = 8

[checks]
# What the models refuse beyond their JSON Schema (control characters, a bound URL without a size) is a documented 422.
positive_data_acceptance = {{ enabled = false }}
"""


@dataclass(frozen=True, slots=True)
class Told:
    """How the run ended, its words, how often each call had each status, and the signatures it was given."""

    exit_code: int
    words: str = field(repr=False)
    answers: Mapping[tuple[str, int], int]
    signatures: set[str] = field(repr=False)

    def statuses(self, call: str) -> set[int]:
        """Every status that a call was answered with."""
        return {status for each, status in self.answers if each == call}


def run_schemathesis(url: str, token: str, folder: Path, *, examples: int, seed: int) -> Told:
    """All phases of schemathesis against the API at `url`. The token is in no argument and in no file."""
    config, told = folder / "schemathesis.toml", folder / "told.jsonl"
    config.write_text(_CONFIG.format(url=url, hooks=HOOKS, token=TOKEN, examples=examples, seed=seed))
    options = ("--config-file", str(config), "run", str(OPENAPI), "--no-color", "--exclude-operation-id", STREAM)
    ran = subprocess.run(  # noqa: S603 - our own interpreter
        (sys.executable, "-m", "schemathesis.cli", *options),
        cwd=folder,
        env={**os.environ, TOKEN: token, "SCHEMA_TOLD": str(told)},
        capture_output=True,
        text=True,
        check=False,
        timeout=MAX_SECONDS,
    )
    lines = [json.loads(line) for line in _lines(told)]
    answers = Counter((line["call"], line["status"]) for line in lines)
    return Told(
        ran.returncode, ran.stdout + ran.stderr, answers, {each for line in lines for each in line["signatures"]}
    )


def _lines(path: Path) -> Iterator[str]:
    return iter(path.read_text().splitlines() if path.is_file() else ())
