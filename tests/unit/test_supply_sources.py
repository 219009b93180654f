"""Each source is asked in its own protocol, and what is not an answer is told as not asked."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest
from aiohttp import web

from deploy.local.bootstrap import cache_folder, ensure_uv
from deploy.local.console import Steps
from deploy.local.provision_go import binary_of
from deploy.local.provision_minio import MINIO
from deploy.local.provision_node import Node, provision_node
from deploy.supply import audit
from deploy.supply.findings import FOUND, UNREACHED, Finding, Unreached
from deploy.supply.govulncheck import GOVULNCHECK, ask_govulncheck, objects, read_findings
from deploy.supply.leaks import GITLEAKS, scan
from deploy.supply.npm import ask_npm
from deploy.supply.osv import ask_osv
from deploy.supply.packages import CHECKOUT, Package
from tests.unit.supply_sources import Vulnerabilities, npm, osv, served

A, B = Package("PyPI", "a", "1"), Package("Maven", "org:b", "2")
BOTH = frozenset({("PyPI", "a"), ("Maven", "org:b")})
KNOWN: Vulnerabilities = {
    "GHSA-1": ({"aliases": ["CVE-1", "PYSEC-1"], "summary": "One"}, BOTH),
    "PYSEC-1": ({"aliases": ["CVE-1", "GHSA-1"]}, frozenset({("PyPI", "a")})),
    "GHSA-2": ({"aliases": [], "summary": "Two"}, frozenset({("PyPI", "a")})),
    "GHSA-3": ({"withdrawn": "2026-01-01T00:00:00Z"}, BOTH),
}


@pytest.fixture(scope="module")
def node() -> Node:
    with Steps() as steps:
        return provision_node(cache_folder(), lambda: ensure_uv(cache_folder()), steps)


def some_package(folder: str) -> tuple[str, str]:
    """One that the lock of a folder of ours holds: its name, without a scope, and its version."""
    lock = json.loads((CHECKOUT / folder / "package-lock.json").read_text())["packages"]
    place = next(place for place in lock if place.count("/") == 1)
    return place.removeprefix("node_modules/"), lock[place]["version"]


async def test_osv_is_asked_page_by_page_and_each_vulnerability_is_told_once() -> None:
    async with served(osv(KNOWN)) as url:
        found = await ask_osv([A, B, Package("PyPI", "c", "3")], url)
    assert found == [
        Finding(B, ("GHSA-1", "CVE-1", "PYSEC-1"), "One"),
        Finding(A, ("GHSA-1", "CVE-1", "PYSEC-1"), "One"),
        Finding(A, ("GHSA-2",), "Two"),
    ]


@pytest.mark.parametrize("answer", ['{"results": []}', '{"results": null}', "<html>", "[]"])
async def test_what_is_no_answer_of_osv_is_not_taken_for_a_clean_one(answer: str) -> None:
    async def odd(_: web.Request) -> web.Response:
        return web.Response(text=answer, content_type="application/json")

    app = web.Application()
    app.add_routes([web.post("/v1/querybatch", odd)])
    async with served(app) as url:
        assert isinstance(await ask_osv([A], url), Unreached)


async def test_an_osv_that_is_away_or_refuses_was_not_asked() -> None:
    async with served(web.Application()) as url:
        found = await ask_osv([A], url)
    assert isinstance(found, Unreached)
    assert "404" in found.reason
    assert isinstance(await ask_osv([A], url), Unreached)


async def test_npm_asks_its_registry_about_a_lock_and_names_the_package(node: Node) -> None:
    async with served(npm("uppy-odd", "1.0.0", "GHSA-9")) as url:
        assert await asyncio.to_thread(ask_npm, node, ["tests/browser/uppy"], "--registry", url) == []
    name, version = some_package("tests/browser/uppy")
    async with served(npm(name, version, "GHSA-9")) as url:
        found = await asyncio.to_thread(ask_npm, node, ["tests/browser/uppy"], "--registry", url)
    assert found == [Finding(Package("npm", name, version), ("GHSA-9",), "Made up")]


async def test_a_registry_that_takes_no_audits_was_not_asked(node: Node) -> None:
    async with served(web.Application()) as url:
        found = await asyncio.to_thread(ask_npm, node, ["tests/browser/uppy"], "--registry", url)
    assert isinstance(found, Unreached)
    assert "404" in found.reason


TOLD = """
{"config": {"scan_level": "symbol"}}
{"osv": {"id": "GO-1", "aliases": ["CVE-1"], "summary": "One"}}
{"finding": {"osv": "GO-1", "trace": [{"module": "stdlib", "version": "v1.26.8"}]}}
{"finding": {"osv": "GO-1", "trace": [{"module": "stdlib", "version": "v1.26.8", "package": "net/http"}]}}
"""


def test_govulncheck_tells_a_module_once_however_deep_it_looked() -> None:
    found = list(read_findings(list(objects(TOLD))))
    assert found == [Finding(Package("Go", "stdlib", "v1.26.8"), ("GO-1", "CVE-1"), "One")]


@pytest.mark.parametrize(
    ("says", "is_asked"),
    [("cat told", True), ("cat told; exit 1", False), ("echo '{'", False), ("echo no such host >&2; exit 1", False)],
)
def test_a_govulncheck_that_did_not_end_well_asked_nobody(tmp_path: Path, says: str, *, is_asked: bool) -> None:
    (tmp_path / "told").write_text(TOLD)
    program = tmp_path / "govulncheck"
    program.write_text(f"#!/bin/sh\ncd {tmp_path}\n{says}\n")
    program.chmod(0o755)
    found = ask_govulncheck(program, tmp_path / "minio")
    assert isinstance(found, Unreached) is not is_asked


async def test_the_command_fails_by_a_finding_and_otherwise_by_who_was_not_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    none = tmp_path / "none.toml"
    none.write_text("")
    known: Vulnerabilities = {"GHSA-1": ({"summary": "One"}, frozenset({("PyPI", "aiohttp")}))}
    async with served(osv(known)) as url:
        arguments = ["--only", "osv", "--exceptions", str(none), "--osv", url]
        assert await asyncio.to_thread(audit.main, arguments) == FOUND
    assert "GHSA-1: One" in capsys.readouterr().out
    assert await asyncio.to_thread(audit.main, arguments) == UNREACHED
    assert capsys.readouterr().out.startswith("NOT ASKED  OSV")


def test_what_was_found_in_the_history_and_is_no_key_is_named_with_its_commit() -> None:
    lines = [line for line in (CHECKOUT / ".gitleaksignore").read_text().splitlines() if not line.startswith("#")]
    assert lines
    assert all(re.fullmatch(r"[0-9a-f]{40}:tests/[\w/.]+:[a-z-]+:\d+", line) for line in lines)


@pytest.mark.parametrize(("code", "expected"), [(0, 0), (1, 1), (126, 2)])
def test_a_history_that_could_not_be_read_is_not_clean(tmp_path: Path, code: int, expected: int) -> None:
    program = tmp_path / "gitleaks"
    program.write_text(f"#!/bin/sh\nexit {code}\n")
    program.chmod(0o755)
    assert scan(program, tmp_path) == expected


def test_a_programs_binary_has_the_name_that_go_gives_it() -> None:
    packages = [each.packages[each.name] for each in (GITLEAKS, GOVULNCHECK, MINIO)]
    assert [*map(binary_of, packages)] == ["gitleaks", "govulncheck", "minio"]
