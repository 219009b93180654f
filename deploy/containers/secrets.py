"""The secrets of a stack as files, one a secret, as compose gives them to its containers.

`python -m deploy.containers.secrets FOLDER` makes them for a stack that `docker compose` alone starts.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.local.credentials import Credentials, ensure_credentials
from deploy.local.errors import StackError
from deploy.local.layout import Layout
from deploy.local.postgres_nodes import database_url
from deploy.local.settings import SERVICES, StackSettings

READABLE = 0o444
"""Compose mounts the files as they are, and containers run as users of their own; the folder is its owner's alone."""


def secrets_of(credentials: Credentials, settings: StackSettings, whole: str) -> Mapping[str, str]:
    """By the names of compose.yml. `whole` is the file of all of them, for the container that sets up the servers."""
    secret = settings.oidc_client_secret
    return {
        "secrets.json": whole,
        "postgres_password": credentials.database["postgres"],
        "minio_root_password": credentials.store["root"],
        "jwt_secret": "" if settings.provider_environment else credentials.jwt_secret,
        "llm_key_secrets": credentials.llm_key_secret,
        "oidc_client_secret": "" if secret is None else secret.get_secret_value(),
        **{f"{name}_database_url": _database(name, credentials) for name in SERVICES},
        **{f"{name}_minio_secret_key": credentials.store[name] for name in SERVICES if name in credentials.store},
    }


def _database(service: str, credentials: Credentials) -> str:
    return database_url(5432, service, credentials.database[service], host="postgres")


def write_secrets(folder: Path, layout: Layout, credentials: Credentials, settings: StackSettings) -> None:
    """Writes what is missing or another; files are replaced by new ones, which running containers do not see."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    for name, value in secrets_of(credentials, settings, layout.secrets.read_text()).items():
        path = folder / name
        if path.exists() and path.read_text() == value:
            continue
        fresh = folder / f".{name}.new"
        fresh.unlink(missing_ok=True)
        with open(fresh, "w", opener=lambda at, flags: os.open(at, flags | os.O_EXCL, READABLE)) as file:
            file.write(value)
        fresh.chmod(READABLE)
        fresh.replace(path)


if __name__ == "__main__":
    try:
        own = Layout(Path(sys.argv[1]).resolve())
        own.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_secrets(own.state, own, ensure_credentials(own), StackSettings(state_dir=own.state))
    except (IndexError, OSError, StackError) as why:
        sys.exit(f"docuvault: {why if str(why) else 'name the folder'}")
