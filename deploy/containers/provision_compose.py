"""Docker Compose, built from its Go module, where a machine's Docker lacks it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from deploy.local.bootstrap import cache_folder, ensure_uv
from deploy.local.console import Steps
from deploy.local.provision_go import GoProgram, provision_go

COMPOSE = GoProgram(
    name="docker-compose",
    title="Docker Compose",
    module="github.com/docker/compose/v2",
    version="v2.40.3",
    module_hash="h1:XeYkQu1svDtyfZPv5nTwFryQ25ZJMkIlc4pz9HalMPI=",
    folder="cmd",
)


def provision_compose(cache: Path | None = None) -> Path:
    """The path of docker-compose, which works as a program of its own and as a plugin of Docker's client."""
    cache = cache or cache_folder()
    with Steps() as steps:
        return provision_go(COMPOSE, cache, partial(ensure_uv, cache), steps)


if __name__ == "__main__":
    print(provision_compose())  # noqa: T201 - the answer
