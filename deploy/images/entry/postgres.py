"""The first process of PostgreSQL's image: makes the data folder where there is none, then becomes the server.

The superuser's password, of the first start, is the secret `postgres_password`, the key of a server that speaks TLS the
secret `postgres.key`. Standard library only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

BINARIES = Path("/opt/postgres/bin")
FOLDER = Path("/var/lib/postgresql")
PASSWORD = Path("/run/secrets/postgres_password")
OPTIONS = Path("/app/initdb.options")
KEY = Path("/run/secrets/postgres.key")
OWN_KEY = Path("/tmp/postgres.key")  # noqa: S108 - a file system of the container's own


def initialise(data: Path) -> None:
    """Beside the final folder, so that an interrupted one leaves nothing behind that looks complete."""
    fresh = data.with_name("data.making")
    shutil.rmtree(fresh, ignore_errors=True)
    command = [str(BINARIES / "initdb"), "-D", str(fresh), f"--pwfile={PASSWORD}", *OPTIONS.read_text().split()]
    subprocess.run(command, check=True, cwd="/")  # noqa: S603 - our own initdb
    fresh.rename(data)


def take_key() -> None:
    """A copy that nobody else may read: the server takes no other."""
    OWN_KEY.unlink(missing_ok=True)
    with open(OWN_KEY, "wb", opener=lambda path, flags: os.open(path, flags | os.O_EXCL, 0o600)) as file:
        file.write(KEY.read_bytes())


def main() -> None:
    """Does not return: it becomes the server, which hears the signals itself."""
    data = FOLDER / "data"
    if not (data / "PG_VERSION").exists():
        initialise(data)
    shutil.copyfile("/app/postgresql.conf", data / "postgresql.conf")
    if KEY.exists():
        take_key()
    server = str(BINARIES / "postgres")
    os.execv(server, [server, "-D", str(data), "-c", "hba_file=/app/pg_hba.conf", *sys.argv[1:]])  # noqa: S606 - our own


if __name__ == "__main__":
    try:
        main()
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"postgres: {error}")
