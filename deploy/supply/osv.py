"""The OSV database (https://google.github.io/osv.dev/api/), asked for Python's packages and Kafka's jars.

One request names all packages and is answered by ids, page by page; then each id is asked for what it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import aiohttp

from deploy.local.errors import one_line
from deploy.supply.findings import Finding, Unreached
from deploy.supply.packages import Package

SOURCE = "OSV"
URL = "https://api.osv.dev"
TIMEOUT = aiohttp.ClientTimeout(total=60)
BATCH, MOST_PAGES, AT_ONCE = 1000, 20, 8
"""OSV's own limit of a batch, and ours of its pages and of questions at the same time."""

Found = dict[str, set[Package]]


async def ask_osv(packages: Sequence[Package], url: str = URL) -> list[Finding] | Unreached:
    """What OSV knows against these packages."""
    try:
        async with aiohttp.ClientSession(timeout=TIMEOUT, raise_for_status=True) as session:
            found: Found = {}
            for start in range(0, len(packages), BATCH):
                await _batch(session, url, packages[start : start + BATCH], found)
            gate = asyncio.Semaphore(AT_ONCE)
            entries = await asyncio.gather(*(_entry(session, url, name, gate) for name in sorted(found)))
        return list(_merged(found, {entry["id"]: entry for entry in entries}))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return Unreached(SOURCE, f"{url}: {one_line(error) or type(error).__name__}")


async def _batch(session: aiohttp.ClientSession, url: str, packages: Sequence[Package], found: Found) -> None:
    left: list[tuple[Package, str]] = [(package, "") for package in packages]
    for _ in range(MOST_PAGES):
        if not left:
            return
        queries = [_query(package, page) for package, page in left]
        async with session.post(f"{url}/v1/querybatch", json={"queries": queries}) as answer:
            results = (await answer.json())["results"]
        for (package, _page), result in zip(left, results, strict=True):
            for each in result.get("vulns", ()):
                found.setdefault(each["id"], set()).add(package)
        pages = [result.get("next_page_token") for result in results]
        left = [(package, page) for (package, _page), page in zip(left, pages, strict=True) if page]
    raise ValueError("its pages do not end")


def _query(package: Package, page: str) -> Mapping[str, Any]:
    more = {"page_token": page} if page else {}
    named = {"name": package.name, "ecosystem": package.ecosystem}
    return {"package": named, "version": package.version, **more}


async def _entry(session: aiohttp.ClientSession, url: str, name: str, gate: asyncio.Semaphore) -> Mapping[str, Any]:
    async with gate, session.get(f"{url}/v1/vulns/{name}") as answer:
        entry: Mapping[str, Any] = await answer.json()
        return {**entry, "id": name}


def _merged(found: Found, entries: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """One finding a package and vulnerability: several databases have names of their own for the same one."""
    told: set[tuple[Package, str]] = set()
    for name in sorted(found):
        entry = entries[name]
        if entry.get("withdrawn"):
            continue
        names = (name, *sorted({*entry.get("aliases", ())} - {name}))
        for package in sorted(found[name]):
            if not any((package, each) in told for each in names):
                yield Finding(package, names, str(entry.get("summary", "")))
            told.update((package, each) for each in names)
