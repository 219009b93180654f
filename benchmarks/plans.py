"""Plans that PostgreSQL's auto_explain wrote to its log."""

from __future__ import annotations

import re

_START = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ UTC \[\d+\] \S* ?LOG:  duration: .* plan:$")
_ENTRY = re.compile(r"^\d{4}-\d\d-\d\d ")
_QUERY = re.compile(r"Query Text: (.*?)(?=\n\s*\S+ .*\(cost=)", re.DOTALL)


def plans(log: str) -> list[str]:
    """The plan of each statement, as it was executed the last time that one was written."""
    found: dict[str, str] = {}
    for entry in _entries(log):
        query = _QUERY.search(entry)
        found[query[1] if query else entry[:200]] = entry
    return list(found.values())


def _entries(log: str) -> list[str]:
    entries: list[list[str]] = []
    inside = False
    for line in log.splitlines():
        if _ENTRY.match(line):
            inside = bool(_START.match(line))
            if inside:
                entries.append([line])
        elif inside:
            entries[-1].append(line)
    return ["\n".join(entry) for entry in entries]
