"""The release before this one, out of the checkout's history: one that lacks a migration or more of today's."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local import server_services

CHECKOUT = Path(__file__).parents[3]
SERVICES = ("upload", "quota", "janitor", "classifier")
CODE = ("services", "contracts")


class NoHistoryError(Exception):
    """The checkout has no git, or a shallow clone's history, which does not reach far enough."""


def release_before(service: str, folder: Path) -> Path:
    """The newest release that lacks migrations of `service`, and has none that was edited since, unpacked in `folder`.

    Raises NoHistoryError.
    """
    commit = _newest_behind(service)
    folder.mkdir()
    archive = _git("archive", "--format=tar", commit, *CODE)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)  # noqa: S603, S607 - of our own history
    return folder


def _newest_behind(service: str) -> str:
    place = f"services/{service}/migrations"
    for commit in _git("log", "--first-parent", "--format=%H", "--", place).decode().split():
        before = f"{commit}^"
        if _is_behind(service, before) and all(_has_what_we_have(one, before) for one in SERVICES):
            return before
    raise NoHistoryError(f"the history of this checkout has no release before the newest migration of {service}")


def _is_behind(service: str, commit: str) -> bool:
    then = _then(service, commit)
    return bool(then) and then < _now(service)


def _has_what_we_have(service: str, commit: str) -> bool:
    return _then(service, commit) <= _now(service)


def _then(service: str, commit: str) -> frozenset[tuple[str, str]]:
    """Names and hashes of the migrations of a commit; of a service that was not there, none."""
    listed = _git("ls-tree", commit, f"services/{service}/migrations/").decode().splitlines()
    found = (line.split("\t") for line in listed)
    return frozenset((path.rpartition("/")[2], about.split()[2]) for about, path in found if path.endswith(".sql"))


def _now(service: str) -> frozenset[tuple[str, str]]:
    paths = sorted((CHECKOUT / "services" / service / "migrations").glob("*.sql"))
    hashes = _git("hash-object", *map(str, paths)).decode().split()
    return frozenset((path.name, digest) for path, digest in zip(paths, hashes, strict=True))


def _git(*arguments: str) -> bytes:
    git = shutil.which("git")
    if git is None:
        raise NoHistoryError("there is no git")
    command: Sequence[str] = (git, "-C", str(CHECKOUT), *arguments)
    says = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - git
    if says.returncode != 0:
        raise NoHistoryError(says.stderr.decode().strip())
    return says.stdout


@contextmanager
def running_as(code: Path) -> Iterator[None]:
    """Inside the block `up` starts services of the release in `code`, and restarts those that run as another."""
    python = {**server_services._PYTHON, "PYTHONPATH": f"{code}:{code / 'contracts'}"}  # noqa: SLF001
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server_services, "CHECKOUT", code)
        patch.setattr(server_services, "_PYTHON", python)
        yield
