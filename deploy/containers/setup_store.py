"""The container that gives a store its bucket, its users and its notifications, and ends; it knows no other server.

For a cluster (deploy/k8s/servers/store-setup.yaml), where operators look after the others. It may run at any time.
"""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings

from deploy.containers.patience import until_done
from deploy.containers.setup import Endpoint
from deploy.local.credentials import STORE_USERS
from deploy.local.errors import StackError
from deploy.local.setup_minio import Key, setup_store


class Settings(BaseSettings):
    """Where the store is, and with whose keys; each from the environment variable of its name."""

    minio_endpoint: Endpoint = Field("store:9000", description="host:port; default store:9000")
    store_keys_dir: Path = Field(
        Path("/run/secrets/store"),
        description="folder of a folder for root and for each user, of the files access-key and secret-key; default "
        "/run/secrets/store",
    )


def key_in(folder: Path) -> Key:
    """Of one user. Raises StackError where it cannot be read."""
    try:
        return Key(*((folder / name).read_text("utf-8").strip() for name in ("access-key", "secret-key")))
    except OSError as error:
        raise StackError(f"{folder.name} has no key: {error.strerror} ({error.filename})") from error


async def main(settings: Settings) -> None:
    """Raises StackError."""
    folder = settings.store_keys_dir
    root, users = key_in(folder / "root"), {user: [key_in(folder / user)] for user in STORE_USERS}
    await until_done(partial(setup_store, settings.minio_endpoint, root, users))


if __name__ == "__main__":
    try:
        asyncio.run(main(Settings()))
    except (StackError, ValidationError) as error:
        sys.exit(f"setup: {' '.join(str(error).split())}")
