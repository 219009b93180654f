"""govulncheck of the programs that are built from Go modules: it reads from a binary which modules are in it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from deploy.local.console import Steps
from deploy.local.provision_go import GoProgram, provision_go
from deploy.supply.findings import Finding, Unreached
from deploy.supply.packages import Package

GOVULNCHECK = GoProgram(
    name="govulncheck",
    title="govulncheck",
    module="golang.org/x/vuln",
    version="v1.9.0",
    module_hash="h1:12VaqnI9kJfqwRoPptxoqsUhQtdfrSbdksT7X/KY/sc=",
    folder="cmd/govulncheck",
)
SECONDS = 300


def provision_govulncheck(cache: Path, uv: Callable[[], Path], steps: Steps) -> Path:
    """The path of the binary."""
    return provision_go(GOVULNCHECK, cache, uv, steps)


def ask_govulncheck(govulncheck: Path, binary: Path, *options: str) -> list[Finding] | Unreached:
    """What Go's database knows against the modules of `binary`, and against the Go it was built with."""
    command = [str(govulncheck), "-format", "json", "-mode", "binary", *options, str(binary)]
    try:
        says = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)  # noqa: S603 - ours
        told = list(objects(says.stdout))
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        return Unreached("govulncheck", f"{binary.name}: {type(error).__name__}")
    if says.returncode != 0:
        return Unreached("govulncheck", f"{binary.name}: {' '.join(says.stderr.split())}")
    return list(read_findings(told))


def objects(text: str) -> Iterator[Mapping[str, Any]]:
    """The JSON objects of a text, one after the other. Raises ValueError."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text := text.strip()):
        found, end = decoder.raw_decode(text, at)
        yield found
        at = end + len(text[end:]) - len(text[end:].lstrip())


def read_findings(told: list[Mapping[str, Any]]) -> Iterator[Finding]:
    """One finding a vulnerability and module.

    MinIO is built without its symbols, so what is told of a module need not be in the parts of it that are used.
    """
    known = {each["osv"]["id"]: each["osv"] for each in told if "osv" in each}
    traces = {(each["finding"]["osv"], _module(each["finding"])) for each in told if "finding" in each}
    for name, package in sorted(traces):
        entry = known.get(name, {})
        yield Finding(package, (name, *sorted(entry.get("aliases", ()))), str(entry.get("summary", "")))


def _module(finding: Mapping[str, Any]) -> Package:
    frame = finding["trace"][0]
    return Package("Go", frame["module"], frame.get("version", ""))
