"""What a lock of requirements/ names: for another Python than the one that runs here, and in part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_CONTINUED = re.compile(r"\s*\\\n\s*")


@dataclass(frozen=True, slots=True)
class Locked:
    """A package, its version, the hashes its files may have, and where it is for ("" is everywhere)."""

    name: str
    version: str
    hashes: tuple[str, ...]
    marker: str = ""

    def holds(self, python: Mapping[str, str]) -> bool:
        """Whether it is for a Python, told by the markers' own names, as in {"python_version": "3.11"}."""
        return not self.marker or Requirement(f"{self.name} ; {self.marker}").marker.evaluate(dict(python))  # type: ignore[union-attr]

    @property
    def line(self) -> str:
        """What pip and uv read, the marker left out."""
        return " ".join((f"{self.name}=={self.version}", *(f"--hash={each}" for each in self.hashes)))


def read_lock(text: str) -> tuple[Locked, ...]:
    """The packages of a lock. Raises ValueError for a line without a pinned version and a hash."""
    lines = _CONTINUED.sub(" ", text).splitlines()
    return tuple(_locked(line) for line in lines if line.strip() and not line.lstrip().startswith("#"))


def _locked(line: str) -> Locked:
    wanted, *hashes = re.split(r"\s+--hash=", line.strip())
    requirement = Requirement(wanted)
    pins = [one.version for one in requirement.specifier if one.operator == "=="]
    if len(pins) != 1 or not hashes:
        raise ValueError(f"{wanted!r} is not pinned to one version and its hashes")
    marker = "" if requirement.marker is None else str(requirement.marker)
    return Locked(canonicalize_name(requirement.name), pins[0], tuple(hashes), marker)


def chosen(locked: Iterable[Locked], python: Mapping[str, str], names: Iterable[str] = ()) -> tuple[Locked, ...]:
    """Those that are for a Python; of them only `names`, where there are any. Raises ValueError for a missing one."""
    held = [one for one in locked if one.holds(python)]
    wanted = frozenset(names)
    if missing := wanted - {one.name for one in held}:
        raise ValueError(f"the lock names no {min(missing)}")
    return tuple(one for one in held if not wanted or one.name in wanted)


def requirements(locked: Iterable[Locked]) -> str:
    """A file of requirements."""
    return "".join(f"{one.line}\n" for one in locked)
