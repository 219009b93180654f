"""Commands of Docker, and what they say when they fail, in one line."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

NO_ENGINE = "no Docker engine answers; DOCKER_HOST names another one"
NO_COMPOSE = "`docker compose` is missing: install Compose 2, Docker's plugin"
BUILT_HERE = "docuvault"
"""The folder of images that nobody publishes: they are built, by `make images`."""


class DocuvaultError(RuntimeError):
    """The stack cannot be had; one line says why, and what to do where we know."""


def run(command: Sequence[str]) -> str:
    """What a command says. Raises DocuvaultError."""
    try:
        says = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - docker
    except FileNotFoundError:
        raise DocuvaultError(f"there is no `{command[0]}` on this machine") from None
    if says.returncode != 0:
        raise DocuvaultError(failure(command, says.stderr or says.stdout))
    return says.stdout


def failure(command: Sequence[str], said: str) -> str:
    """One line of a command that failed, from all that it said."""
    lines = [" ".join(line.split()) for line in said.splitlines() if line.strip()]
    return f"`{' '.join(command[:3])} …` fails: {' '.join(lines[-2:])[-300:]}"


def check(images: str, tag: str, *, secure: bool = False) -> None:
    """Raises DocuvaultError where there is no engine, no Compose, or no image that could be had."""
    try:
        run(["docker", "version", "--format", "{{.Server.Version}}"])
    except DocuvaultError as error:
        raise DocuvaultError(NO_ENGINE if "fails" in str(error) else str(error)) from None
    try:
        run(["docker", "compose", "version"])
    except DocuvaultError:
        raise DocuvaultError(NO_COMPOSE) from None
    if images != BUILT_HERE:
        return
    _check_image(f"{images}/setup:{tag}", "make images")
    if secure:
        _check_image(f"{images}/postgres-tls:{tag}", "make images ARGS=--secure")


def _check_image(name: str, builds: str) -> None:
    try:
        run(["docker", "image", "inspect", "--format", "{{.Id}}", name])
    except DocuvaultError:
        raise DocuvaultError(
            f"there is no image {name}: `{builds}` builds it, images= names a registry's folder"
        ) from None
