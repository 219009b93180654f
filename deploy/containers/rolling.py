"""Replacing the containers of services that run: the new ones are well before the old ones go, and no client notices.

Compose would stop each and then start its successor. The gateway finds replicas by a name that a container answers to
until it is gone: one whose stop is announced parts from it as services/chassis/web_leaving.py has it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Protocol

from deploy.containers.engine import STOP_SECONDS, Container, containers_of, until_well
from deploy.images.docker import docker, inspect
from deploy.local.server_services import HAVE_CLIENTS

FORGOTTEN_SECONDS = 2.0
"""Until the gateway, which looks up who there is each second, sends to no address that somebody else may get now."""


def outdated(found: Sequence[Container], versions: Mapping[str, str]) -> dict[str, list[Container]]:
    """By service, the containers that were given other secrets than those of `versions`, or are of an older image."""
    return {service: old for service, version in versions.items() if (old := _old(found, service, version))}


def _old(found: Sequence[Container], service: str, version: str) -> list[Container]:
    return [one for one in found if one.service == service and (one.version != version or _has_older_image(one))]


def _has_older_image(one: Container) -> bool:
    now = inspect(one.image)
    return now is not None and now["Id"] != one.image_id


class Project(Protocol):
    """Compose, as far as this needs it."""

    def run(self, *arguments: str) -> None:
        """Runs a command. Raises StackError."""
        ...


class Roller:
    """Replaces containers of one project. `seconds`: how long new ones may take to be well."""

    def __init__(self, project: str, compose: Project, seconds: float) -> None:
        self._project, self._compose, self._seconds = project, compose, seconds

    def roll(self, service: str, old: Sequence[Container], replicas: int) -> None:
        """Returns when `replicas` new ones work and the old ones are gone. Raises StackError."""
        count = f"--scale={service}={len(old) + replicas}"
        self._compose.run("up", "-d", "--no-deps", "--no-recreate", count, service)
        gone = [one.id for one in old]
        self._when_well(service, gone)
        if service in HAVE_CLIENTS:
            self._announce(service, gone)
        docker("stop", "--time", str(STOP_SECONDS), *gone)
        docker("rm", *gone)
        time.sleep(FORGOTTEN_SECONDS)

    def _when_well(self, service: str, without: Sequence[str]) -> None:
        def new() -> list[Container]:
            return [one for one in containers_of(self._project) if one.service == service and one.id not in without]

        until_well(new, self._seconds)

    def _announce(self, service: str, leave: Sequence[str]) -> None:
        found = [one for one in containers_of(self._project) if one.service == service]
        running = [one.id for one in found if one.id in leave and one.runs]
        if running:
            docker("kill", "--signal", "USR1", *running)
