"""Schemathesis in a process of its own: which calls it makes of the OpenAPI, and what came of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from generator.openapi import openapi

CHECKOUT = Path(__file__).parents[3]
MAX_SECONDS = 1800
MOST_RUNS = 5
PHASES = ("examples", "coverage", "fuzzing", "stateful")
TOLD = "told.jsonl"
_WALKS = re.compile(r"Scenarios:\s+(\d+)")
_LINKS = re.compile(r"API Links:\s+(\d+) covered")

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
    """How it ended, the words, how often each call had each status, and the signatures that were handed out.

    `walks` is how many there were, `links` how many of the links that are described one run walked along, at most.
    """

    exit_code: int
    words: str = field(repr=False)
    answers: Mapping[tuple[str, int], int]
    signatures: set[str] = field(repr=False)
    walks: int
    links: int

    def statuses(self, call: str) -> set[int]:
        """Every status that a call was answered with."""
        return {status for each, status in self.answers if each == call}


def run_schemathesis(url: str, callers: Callers, folder: Path, profile: Profile) -> Told:
    """All phases of schemathesis against the API at `url`. The tokens are in no argument and in no file.

    The walks end early, well, where the API answers another thing than before, as is its right: then others go on.
    """
    (folder / "openapi.json").write_text(json.dumps(openapi()))
    found = [_run(url, callers, folder, profile, PHASES)]
    for more in range(1, MOST_RUNS):
        left = profile.walks - _sum(_WALKS, found)
        if left <= 0 or found[-1].returncode != 0:
            break
        others = Profile(profile.examples, left, (profile.seed or 0) + more)
        found.append(_run(url, callers, folder, others, PHASES[-1:]))
    lines = [json.loads(line) for line in (folder / TOLD).read_text().splitlines()]
    return Told(
        found[-1].returncode,
        "".join(each.stdout + each.stderr for each in found),
        Counter((line["call"], line["status"]) for line in lines),
        {each for line in lines for each in line["signatures"]},
        _sum(_WALKS, found),
        max(_sum(_LINKS, [each]) for each in found),
    )


def _run(
    url: str, callers: Callers, folder: Path, profile: Profile, phases: Sequence[str]
) -> subprocess.CompletedProcess[str]:
    config = folder / "schemathesis.toml"
    config.write_text(_configured(url, profile))
    options = ("--config-file", config.name, "run", "openapi.json", "--no-color", "--phases", ",".join(phases))
    return subprocess.run(  # noqa: S603 - our own interpreter
        (sys.executable, "-m", "schemathesis.cli", *options),
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(CHECKOUT), str(CHECKOUT / "contracts"))),
            "SCHEMA_TOKEN": callers.token,
            "SCHEMA_CALLER_ID": callers.user_id,
            "SCHEMA_OTHER_TOKEN": callers.other_token,
            "SCHEMA_TOLD": str(folder / TOLD),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=MAX_SECONDS,
    )


def _sum(pattern: re.Pattern[str], found: Iterable[subprocess.CompletedProcess[str]]) -> int:
    """Of the numbers that schemathesis tells."""
    return sum(int(each[1]) for ran in found for each in pattern.finditer(ran.stdout))


def _configured(url: str, profile: Profile) -> str:
    deterministic = profile.seed is None
    return _CONFIG.format(
        url=url,
        examples=profile.examples,
        walks=profile.walks,
        deterministic=str(deterministic).lower(),
        seed="" if deterministic else f"seed = {profile.seed}",
    )
