"""The folder a stack of a test's own is started from: Compose's files, secrets, and the variables that fill them in."""

from __future__ import annotations

import random
import shutil
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

COMPOSE_FILES = ("compose.yml", "compose.operators.yml")
SECURE = "compose.secure.yml"
"""Over them, where others have accounts of Kafka."""
PORTS = ("GATEWAY_PORT", "MINIO_PORT", "KAFKA_PORT", "POSTGRES_PORT")


def compose_folder() -> Path:
    """Where Compose's files are: in the package, or in the checkout that it runs from."""
    own = Path(__file__).parent
    return own if (own / COMPOSE_FILES[0]).exists() else own.parents[2] / "deploy"


NUMBERS = range(20000, 32000)
"""Below those that systems give to connections that go out: the last port is taken seconds after it was chosen."""


def free_ports() -> dict[str, int]:
    """A port for each server that the test reaches; free just now."""
    with ExitStack() as held:
        return {name: _free(held) for name in PORTS}


def _free(held: ExitStack) -> int:
    for number in random.sample(NUMBERS, len(NUMBERS)):
        try:
            held.enter_context(socket.create_server(("127.0.0.1", number)))
        except OSError:
            continue
        return number
    raise OSError("no port is free")


def fill(folder: Path, secrets: Mapping[str, str], variables: Mapping[str, str]) -> None:
    """Writes all that a start needs; the folder is its owner's alone, as the secrets in it are readable."""
    folder.chmod(0o700)
    for name in (*COMPOSE_FILES, SECURE):
        shutil.copyfile(compose_folder() / name, folder / name)
    (folder / "secrets").mkdir()
    for name, value in secrets.items():
        (folder / "secrets" / name).write_text(value)
        (folder / "secrets" / name).chmod(0o444)
    (folder / "service.env").write_text("SIGNING_PER_SECOND=1000000\nSIGNING_BURST=1000000\n")
    (folder / "variables.env").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
