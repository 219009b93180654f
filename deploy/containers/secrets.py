"""The secrets of a stack as files, one a secret, as compose gives them to its containers.

`python -m deploy.containers.secrets FOLDER` makes them for a stack that `docker compose` alone starts, with SECURE=1
those of compose.secure.yml, too.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.access import NODES, OPERATORS
from deploy.local.credentials import Credentials, ensure_credentials
from deploy.local.errors import StackError
from deploy.local.layout import Layout
from deploy.local.postgres_nodes import database_url, trusting
from deploy.local.server_minio import TARGET
from deploy.local.server_services import fernet_keys, other_jwt_secret
from deploy.local.settings import SERVICES, StackSettings, load_settings

TRUSTED = Path("/run/secrets/ca.crt")
"""Whom clients in containers trust."""
OF_SEVERAL = ("jwt_secret", "jwt_secret_also", "llm_key_secrets", "oidc_client_secret", "ca.crt")
"""Secrets of services that are not named after one."""
READABLE = 0o444
"""Compose mounts the files as they are, and containers run as users of their own; the folder is its owner's alone."""


def secrets_of(layout: Layout, credentials: Credentials, settings: StackSettings) -> Mapping[str, str]:
    """By the names of compose.yml and, where it is secure, of compose.secure.yml. Raises StackError."""
    secret, tokens_of_ours = settings.oidc_client_secret, not settings.provider_environment
    of_store = [name for name in SERVICES if name in credentials.store]
    return {
        "secrets.json": layout.secrets.read_text(),  # all of them, for the container that sets up the servers
        "postgres_password": credentials.database["postgres"],
        "minio_root_password": credentials.store["root"],
        "jwt_secret": credentials.jwt_secret if tokens_of_ours else "",
        "jwt_secret_also": other_jwt_secret(credentials) if tokens_of_ours else "",
        "llm_key_secrets": fernet_keys(credentials),
        "oidc_client_secret": "" if secret is None else secret.get_secret_value(),
        **{f"{name}_database_url": _database(name, credentials, settings) for name in SERVICES},
        **{f"{name}_minio_access_key": credentials.access_keys[name] for name in of_store},
        **{f"{name}_minio_secret_key": credentials.store[name] for name in of_store},
        **(_of_secure_servers(layout, credentials) if settings.secure else {}),
    }


def _database(service: str, credentials: Credentials, settings: StackSettings) -> str:
    url = database_url(5432, credentials.logins[service], credentials.database[service], host="postgres")
    return trusting(TRUSTED if settings.secure else None, url)


def _of_secure_servers(layout: Layout, credentials: Credentials) -> Mapping[str, str]:
    """Certificates for who calls the servers by their containers' names, or from the machine; accounts of Kafka."""
    from deploy.local.authority import HOSTS, Authority  # noqa: PLC0415 - what it takes only such a stack needs

    authority = Authority(layout.authority)
    postgres, kafka = (authority.issue(name, (name, *HOSTS)) for name in ("postgres", "kafka"))
    store = {"USERNAME": credentials.kafka_users["store"], "PASSWORD": credentials.kafka["store"]}
    return {
        "ca.crt": authority.certificate.read_text(),
        "postgres.crt": postgres.certificate.read_text(),
        "postgres.key": postgres.key.read_text(),
        "kafka.pem": kafka.key.read_text() + kafka.certificate.read_text(),
        "minio_kafka_account": "".join(
            f"MINIO_NOTIFY_KAFKA_SASL_{name}_{TARGET}={is_}\n" for name, is_ in store.items()
        ),
        **{f"{name}_kafka_user": credentials.kafka_users[name] for name in SERVICES},
        **{f"{name}_kafka_password": credentials.kafka[name] for name in (*SERVICES, OPERATORS, NODES)},
    }


def write_secrets(folder: Path, layout: Layout, credentials: Credentials, settings: StackSettings) -> None:
    """Writes what is missing or another; files are replaced by new ones, which running containers do not see."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    for name, value in secrets_of(layout, credentials, settings).items():
        path = folder / name
        if path.exists() and path.read_text() == value:
            path.chmod(READABLE)  # by hand the file of all secrets is one of them, made for its owner alone
            continue
        fresh = folder / f".{name}.new"
        fresh.unlink(missing_ok=True)
        with open(fresh, "w", opener=lambda at, flags: os.open(at, flags | os.O_EXCL, READABLE)) as file:
            file.write(value)
        fresh.chmod(READABLE)
        fresh.replace(path)


def version_of(folder: Path, container: str) -> str:
    """Of the secrets in `folder` that a container may have: its own and, of a service, those that are several's."""
    shared = OF_SEVERAL if container in SERVICES else ()
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*")):
        if path.name.startswith(f"{container}_") or path.name in shared:
            digest.update(f"{path.name}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def make_by_hand(folder: Path) -> None:
    """The secrets of a new stack, or what an old one lacks, as the environment asks. Raises StackError, OSError."""
    own, asked = Layout(folder.resolve()), load_settings()
    own.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_secrets(own.state, own, ensure_credentials(own, asked.kafka_guests), asked)


if __name__ == "__main__":
    try:
        make_by_hand(Path(sys.argv[1]))
    except (IndexError, OSError, StackError) as why:
        sys.exit(f"docuvault: {why if str(why) else 'name the folder'}")
