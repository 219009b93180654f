"""A real OpenID provider on loopback, as tests call it: tests/browser/oidc/provider.mjs."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from deploy.local.artefacts import artefact
from deploy.local.console import Note, Steps
from deploy.local.provision_node import provision_node
from deploy.local.provision_web import PACKAGES, key_of, run

HERE: Final = Path(__file__).parents[1] / "oidc"
SCRIPT: Final = "provider.mjs"


class Provider:
    """The running provider; `issuer` is its address."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.issuer = self._heard()

    def serve(self, origin: str) -> None:
        """Signs people in for the page at this origin, from now on."""
        self._say(origin=origin)

    def id_tokens_live(self, seconds: int) -> None:
        """How long, of those that it makes from now on."""
        self._say(seconds=seconds)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Inside, it takes connections and answers nothing."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    @contextmanager
    def gone(self) -> Iterator[None]:
        """Inside, nobody listens at its address. What it knew, it knows afterwards."""
        self._say(there=False)
        try:
            yield
        finally:
            self._say(there=True)

    def _say(self, **told: str | int) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        assert self._heard() == "heard"

    def _heard(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextmanager
def running_provider(cache: Path, uv: Callable[[], Path]) -> Iterator[Provider]:
    """The provider inside the block; it serves nobody before it is told whom."""
    with Steps() as steps:
        node = provision_node(cache, uv, steps)

        def install(_: Path, filled: Path, note: Note) -> None:
            note("npm ci")
            for name in (*PACKAGES, SCRIPT):
                shutil.copy2(HERE / name, filled / name)
            run(node, filled, "ci", "--no-audit", "--no-fund")

        name = f"oidc-provider-{key_of(HERE, (*PACKAGES, SCRIPT))}"
        place = artefact(cache, name, "an OpenID provider, for tests", install, steps)
    command = [node.program, place / SCRIPT]
    pipe = subprocess.PIPE
    with subprocess.Popen(  # noqa: S603 - our own node
        command, stdin=pipe, stdout=pipe, text=True, env=node.environment
    ) as process:
        try:
            yield Provider(process)
        finally:
            process.send_signal(signal.SIGCONT)
            process.kill()
