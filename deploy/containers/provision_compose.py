"""Docker Compose, built from its Go module, where a machine's Docker lacks it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from deploy.local.bootstrap import cache_folder, ensure_uv
from deploy.local.console import Steps
from deploy.local.provision_go_module import GoModule, provision_module

PROGRAM = "docker-compose"
COMPOSE = GoModule(
    name=PROGRAM,
    title="Docker Compose, built from source (some minutes)",
    folder=Path(__file__).with_name("plugin"),
    programs={PROGRAM: "github.com/docker/compose/v2/cmd"},
)


def provision_compose(cache: Path | None = None) -> Path:
    """The path of docker-compose, which works as a program of its own and as a plugin of Docker's client."""
    cache = cache or cache_folder()
    with Steps() as steps:
        return provision_module(COMPOSE, cache, partial(ensure_uv, cache), steps) / PROGRAM


if __name__ == "__main__":
    print(provision_compose())  # noqa: T201 - the answer
