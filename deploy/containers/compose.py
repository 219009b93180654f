"""Docker Compose, as a command: the plugin, else the program docker-compose, else one that is built."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.containers.provision_compose import provision_compose
from deploy.images.docker import client, docker
from deploy.local.errors import StackError
from deploy.local.server_services import CHECKOUT

FILES = (CHECKOUT / "deploy" / "compose.yml", CHECKOUT / "deploy" / "compose.operators.yml")
SECURE = CHECKOUT / "deploy" / "compose.secure.yml"
"""What a stack has over them whose servers speak TLS and know accounts."""


def program() -> tuple[str, ...]:
    """The command of Compose: the machine's, else one that is built, which takes minutes, once. Raises StackError."""
    try:
        docker("compose", "version")
    except StackError:
        return (shutil.which("docker-compose") or str(provision_compose()),)
    return (client(), "compose")


class Compose:
    """One project. `environment` fills in compose.yml."""

    def __init__(self, project: str, environment: Mapping[str, str], files: Sequence[Path] = FILES) -> None:
        self._project, self._environment, self._files = project, environment, files

    @property
    def options(self) -> list[str]:
        """Which project, of which files."""
        return ["-p", self._project, *(word for path in self._files for word in ("-f", str(path)))]

    def command(self, *arguments: str) -> list[str]:
        """The command line."""
        return [*program(), *self.options, *arguments]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the command: the caller's, and what compose.yml asks for."""
        return {**os.environ, **self._environment}

    def run(self, *arguments: str) -> None:
        """Runs a command. Raises StackError with its last words where it fails."""
        says = subprocess.run(  # noqa: S603 - compose
            self.command(*arguments), env=self.environment, capture_output=True, text=True, check=False
        )
        if says.returncode != 0:
            words = [line for line in (says.stdout + says.stderr).splitlines() if line.strip()][-3:]
            raise StackError(f"compose {arguments[0]} fails: {' / '.join(words)}")

    def show(self, *arguments: str) -> int:
        """Runs a command whose words are for a person."""
        return subprocess.run(self.command(*arguments), env=self.environment, check=False).returncode  # noqa: S603
