"""Accounts of others on Kafka: an identity provider that says who there is, a team that reads what was decided.

What they may do an operator says; what they may not be given, whatever he says, stands here. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from docuvault_contracts.topics import ALL, GROUPS, PUBLISHED, Topic

from deploy.access import ACCOUNTS, NODES, OPERATORS, Access

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_OWN = (*ACCOUNTS, OPERATORS, NODES)
_READABLE = frozenset(topic.name for topic in PUBLISHED)


def _is_open(topic: Topic) -> bool:
    return "identity provider" in topic.owner


_WRITABLE = frozenset(topic.name for topic in ALL if _is_open(topic))


def check_guests(guests: Mapping[str, Access]) -> None:
    """Raises ValueError, with who and what, for an account that would be another's or could do another's work."""
    for name, access in guests.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name: letters, digits and dashes, 32 at the most")
        if any(name == own or name.startswith(f"{own}-") for own in _OWN):
            raise ValueError(f"{name!r} is an account of docuvault's own, or could become one")
        _check(name, "write to", access.writes, _WRITABLE)
        _check(name, "read", access.reads | access.describes, _READABLE)
        if taken := (access.joins | access.watches) & frozenset(GROUPS):
            raise ValueError(f"{name!r} cannot have the group {min(taken)}, which is docuvault's own")


def _check(name: str, what: str, asked: frozenset[str], open_to_all: frozenset[str]) -> None:
    if closed := asked - open_to_all:
        raise ValueError(f"{name!r} cannot {what} {min(closed)}, only {', '.join(sorted(open_to_all))}")
