"""Stand-ins for the databases of vulnerabilities: they speak the protocols of OSV and of npm's registry."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

Vulnerabilities = Mapping[str, tuple[Mapping[str, Any], frozenset[tuple[str, str]]]]
"""By id: what the database says of it, and which packages of which ecosystem have it."""


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def osv(known: Vulnerabilities, *, page: int = 1) -> web.Application:
    """Answers `page` ids at a time, as OSV does where there are many."""

    async def querybatch(request: web.Request) -> web.Response:
        queries = (await request.json())["queries"]
        return web.json_response({"results": [_result(known, query, page) for query in queries]})

    async def entry(request: web.Request) -> web.Response:
        name = request.match_info["id"]
        return web.json_response({"id": name, **known[name][0]})

    app = web.Application()
    app.add_routes([web.post("/v1/querybatch", querybatch), web.get("/v1/vulns/{id}", entry)])
    return app


def _result(known: Vulnerabilities, query: Mapping[str, Any], page: int) -> dict[str, Any]:
    package = (query["package"]["ecosystem"], query["package"]["name"])
    assert query["version"]
    ids = sorted(name for name, (_, affected) in known.items() if package in affected)
    start = int(query.get("page_token", 0))
    told: dict[str, Any] = {"vulns": [{"id": name} for name in ids[start : start + page]]} if ids else {}
    return told | ({"next_page_token": str(start + page)} if start + page < len(ids) else {})


def npm(name: str, version: str, ghsa: str) -> web.Application:
    """A registry that knows one vulnerability, of all versions of one package."""

    async def bulk(_: web.Request) -> web.Response:
        told = {
            "id": 1,
            "url": f"https://github.com/advisories/{ghsa}",
            "title": "Made up",
            "severity": "high",
            "vulnerable_versions": "<999",
        }
        return web.json_response({name: [told]})

    async def packument(_: web.Request) -> web.Response:
        return web.json_response({"name": name, "versions": {version: {"name": name, "version": version}}})

    app = web.Application()
    app.add_routes([web.post("/-/npm/v1/security/advisories/bulk", bulk), web.get(f"/{name}", packument)])
    return app
