"""The Docker client, as a command: whichever engine DOCKER_HOST names."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.local.errors import StackError

LEGACY = {"DOCKER_BUILDKIT": "0"}
"""BuildKit's client is a plugin that many machines lack; what is built here needs nothing that only it has."""


def client() -> str:
    """The client's path. Raises StackError where the machine has none."""
    found = shutil.which("docker")
    if found is None:
        raise StackError("there is no `docker` on this machine; STACK=embedded needs none")
    return found


def docker(*arguments: str, quiet: bool = True, **environment: str) -> str:
    """What a command of Docker says. Raises StackError with its last words where it fails."""
    command = [client(), *arguments]
    says = subprocess.run(  # noqa: S603 - docker
        command,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if quiet else None,
        text=True,
        check=False,
    )
    if says.returncode != 0:
        raise StackError(f"`docker {arguments[0]}` fails: {last_words(says.stderr or says.stdout or 'see above')}")
    return says.stdout


def last_words(said: str) -> str:
    """The last line that says something: clients end with where more about their options is to be had."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return next((line for line in reversed(lines) if not line.startswith(("Run 'docker", "See 'docker"))), "")


def logs_of(container: str) -> str:
    """All that a container has said, on both of its streams."""
    command = [client(), "logs", container]
    says = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)  # noqa: S603 - docker
    return says.stdout.decode(errors="replace")


def engine() -> str | None:
    """The version of the engine that answers; none where there is no client, or no engine."""
    try:
        return docker("version", "--format", "{{.Server.Version}}").strip()
    except StackError:
        return None


def inspect(image: str) -> dict[str, Any] | None:
    """What the engine knows of an image; none where it has none of that name."""
    try:
        found: dict[str, Any] = json.loads(docker("image", "inspect", image))[0]
    except StackError:
        return None
    return found


def digests(image: str) -> list[str] | None:
    """What registries call an image, as name@sha256:…: nothing where it was made here, none where there is none."""
    found = inspect(image)
    return None if found is None else list(found.get("RepoDigests") or [])


def build(
    context: Path, tag: str, *, arguments: Mapping[str, str], target: str = "", options: Sequence[str] = ()
) -> None:
    """Builds the Dockerfile of a context, with no network. Raises StackError."""
    given = [word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")]
    where = ["--target", target] if target else []
    command = ("build", "--network=none", "--force-rm", "-t", tag, *given, *where, *options, str(context))
    says = subprocess.run(  # noqa: S603 - docker
        [client(), *command], env={**os.environ, **LEGACY}, capture_output=True, text=True, check=False
    )
    if says.returncode != 0:
        told = [line.strip() for line in (says.stdout + says.stderr).splitlines() if line.strip()]
        words = [line for line in told if not line.startswith(("DEPRECATED", "BuildKit", "environment", "Install"))][
            -4:
        ]
        raise StackError(f"{tag} cannot be built: {' / '.join(words)}")
