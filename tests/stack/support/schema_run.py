"""Schemathesis in a process of its own: which calls it makes of the OpenAPI, and what came of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from generator.openapi import openapi

CHECKOUT = Path(__file__).parents[3]
MAX_SECONDS = 1800
_LINKS = re.compile(r"API Links:\s+(\d+) covered / (\d+) selected")

_CONFIG = """
base-url = "{url}"
hooks = "tests.stack.support.schema_hooks"
headers = {{ Authorization = "Bearer ${{SCHEMA_TOKEN}}" }}
{seed}
request-timeout = 30
max-redirects = 0  # of a download the answer is the redirect
continue-on-failure = true
warnings = false

[generation]
max-examples = {examples}
deterministic = {deterministic}
database = "none"

[phases.stateful]
max-steps = 20
generation = {{ mode = "positive", max-examples = {walks} }}  # the other phases send what does not fit
# The links that are described say all; guesses after names take a suggestion's documents for its own.
inference = {{ algorithms = [] }}

[checks]
# Our check `refuses_what_fits_for_a_known_reason` stands for it, which knows the rules that no JSON Schema can say.
positive_data_acceptance = {{ enabled = false }}
# Our check `finds_what_was_made` stands for it: DELETE /api/documents/{{id}} ends a multipart upload, too.
ensure_resource_availability = {{ enabled = false }}

[[operations]]
include-operation-id = "streamEvents"
max-stream-events = 1  # the stream has no end
request-timeout = 5
# OpenAPI 3.1 describes the text of the stream, and schemathesis holds each event to that: our check
# `streams_the_events_described` stands for it.
checks = {{ response_schema_conformance = {{ enabled = false }} }}
"""


@dataclass(frozen=True, slots=True)
class Profile:
    """How much is asked: so many calls of each operation at random, so many walks along the links; which, by the seed.

    Without a seed the calls are the same each time, as far as the answers lead to the same ones.
    """

    examples: int
    walks: int
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Callers:
    """Who calls, and who gets to see nothing of it: tokens of two users."""

    token: str = field(repr=False)
    user_id: str
    other_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Told:
    """How the run ended, its words, how often each call had each status, and the signatures it was given.

    Of the links that are described some were walked along: a walk ends early where the API, asked again, answers
    another thing than before, as is its right.
    """

    exit_code: int
    words: str = field(repr=False)
    answers: Mapping[tuple[str, int], int]
    signatures: set[str] = field(repr=False)
    links_walked: int
    links_described: int

    def statuses(self, call: str) -> set[int]:
        """Every status that a call was answered with."""
        return {status for each, status in self.answers if each == call}


def run_schemathesis(url: str, callers: Callers, folder: Path, profile: Profile) -> Told:
    """All phases of schemathesis against the API at `url`. The tokens are in no argument and in no file."""
    config, api, told = folder / "schemathesis.toml", folder / "openapi.json", folder / "told.jsonl"
    config.write_text(_configured(url, profile))
    api.write_text(json.dumps(openapi()))
    ran = subprocess.run(  # noqa: S603 - our own interpreter
        (sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", str(api), "--no-color"),
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(CHECKOUT), str(CHECKOUT / "contracts"))),
            "SCHEMA_TOKEN": callers.token,
            "SCHEMA_CALLER_ID": callers.user_id,
            "SCHEMA_OTHER_TOKEN": callers.other_token,
            "SCHEMA_TOLD": str(told),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=MAX_SECONDS,
    )
    words, lines = ran.stdout + ran.stderr, [json.loads(line) for line in _lines(told)]
    walked = _LINKS.search(words)
    return Told(
        ran.returncode,
        words,
        Counter((line["call"], line["status"]) for line in lines),
        {each for line in lines for each in line["signatures"]},
        *(map(int, walked.groups()) if walked else (0, 0)),
    )


def _configured(url: str, profile: Profile) -> str:
    deterministic = profile.seed is None
    return _CONFIG.format(
        url=url,
        examples=profile.examples,
        walks=profile.walks,
        deterministic=str(deterministic).lower(),
        seed="" if deterministic else f"seed = {profile.seed}",
    )


def _lines(path: Path) -> Iterator[str]:
    return iter(path.read_text().splitlines() if path.is_file() else ())
