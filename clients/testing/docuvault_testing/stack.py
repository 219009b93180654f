"""One stack, from its start to its end, by testcontainers' DockerCompose."""

from __future__ import annotations

import json
import logging
import subprocess
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from uuid import UUID, uuid4

from testcontainers.compose import DockerCompose

from docuvault_testing.commands import DocuvaultError, check, failure, run
from docuvault_testing.files import COMPOSE_FILES, SECURE, fill, free_ports

Guests = Mapping[str, Mapping[str, Collection[str]]]
"""What others may do at Kafka, by account: the topics it `writes` and `reads`, the `groups` that it is a member of."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a quota, and a token that speaks for them for an hour."""

    id: UUID
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What a request of theirs carries."""
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True, slots=True)
class Account:
    """An account of Kafka: SCRAM-SHA-512 by TLS, with servers whose certificate is signed by `authority` (PEM)."""

    user: str
    password: str
    authority: Path


class Docuvault:
    """A stack of a test's own, on free ports of the loopback; its data goes with it.

    `images` is the registry and folder of the images ("docuvault" is those built on this machine), `tag` their tag. The
    classifier runs where it is asked for: it takes a core, and what is uploaded does not stay `uploaded`. With `guests`
    Kafka and PostgreSQL speak TLS alone, and Kafka lets nobody in but the services and these accounts.
    """

    def __init__(
        self,
        images: str = "docuvault",
        tag: str = "latest",
        *,
        classifier: bool = False,
        guests: Guests | None = None,
    ) -> None:
        self._images, self._tag = images, tag
        self._services = ["upload", "quota", "janitor", "gateway", *(["classifier"] if classifier else [])]
        self._folder = tempfile.TemporaryDirectory(prefix="docuvault-testing-")
        self._ports = free_ports()
        self._guests = {
            name: {what: sorted(names) for what, names in may.items()} for name, may in (guests or {}).items()
        }
        self._compose: DockerCompose | None = None

    @property
    def url(self) -> str:
        """The gateway: the API is under /api."""
        return f"http://localhost:{self._ports['GATEWAY_PORT']}"

    @property
    def store_url(self) -> str:
        """The object store, which presigned URLs name."""
        return f"http://localhost:{self._ports['MINIO_PORT']}"

    @property
    def kafka_bootstrap(self) -> str:
        """host:port of Kafka, for who reads the events."""
        return f"127.0.0.1:{self._ports['KAFKA_PORT']}"

    def start(self) -> Self:
        """Returns when all containers are well. Raises DocuvaultError, of one line."""
        check(self._images, self._tag, secure=bool(self._guests))
        folder = Path(self._folder.name)
        image = f"{self._images}/setup:{self._tag}"
        more = [word for name, value in self._secure.items() for word in ("--env", f"{name}={value}")]
        secrets = run(["docker", "run", "--rm", "--network=none", "--tmpfs=/tmp", *more, image, "secrets"])
        fill(folder, json.loads(secrets), self._variables(folder))
        names = (*COMPOSE_FILES, SECURE) if self._guests else COMPOSE_FILES
        files, services = [str(folder / name) for name in names], self._services
        compose = DockerCompose(folder, files, env_file=str(folder / "variables.env"), services=services)
        self._compose = compose
        _quietly(compose.start)
        return self

    @property
    def _secure(self) -> Mapping[str, str]:
        return {"SECURE": "1", "KAFKA_GUESTS": json.dumps(self._guests)} if self._guests else {}

    def _variables(self, folder: Path) -> dict[str, str]:
        return {
            "COMPOSE_PROJECT_NAME": folder.name.lower().replace("_", "-"),
            "DOCUVAULT_IMAGES": self._images,
            "DOCUVAULT_TAG": self._tag,
            "SECRETS_FOLDER": str(folder / "secrets"),
            "SERVICE_ENV_FILE": str(folder / "service.env"),
            "MINIO_PUBLIC_ENDPOINT": f"localhost:{self._ports['MINIO_PORT']}",
            "STORE_ORIGIN": self.store_url,
            "CORS_ORIGINS": self.url,
            "KAFKA_GUESTS": self._secure.get("KAFKA_GUESTS", ""),
            **{name: str(port) for name, port in self._ports.items()},
        }

    def stop(self) -> None:
        """Removes containers, networks and volumes, whatever became of the start."""
        try:
            if self._compose is not None:
                self._compose.services = None  # else those that were only depended on would stay
                _quietly(self._compose.stop)
        finally:
            self._folder.cleanup()

    def user(self, *, limit_bytes: int | None = None) -> User:
        """Somebody new, with a limit in bytes or the default one; takes two seconds. Raises DocuvaultError."""
        limit = [] if limit_bytes is None else [str(limit_bytes)]
        compose = self._started().docker_compose_command()
        said = run([*compose, "run", "--rm", "--no-deps", "-T", "setup", "register", str(uuid4()), *limit])
        made = json.loads(said.strip().splitlines()[-1])
        return User(UUID(made["user"]), made["token"])

    def account(self, guest: str) -> Account:
        """How one of `guests` comes in to Kafka; the file goes with the stack. Raises DocuvaultError."""
        self._started()
        if guest not in self._guests:
            raise DocuvaultError(f"{guest!r} is no guest of this stack: `Docuvault(guests={{{guest!r}: …}})`")
        secrets = Path(self._folder.name) / "secrets"
        password = json.loads((secrets / "secrets.json").read_text())["kafka_guests"][guest]
        return Account(guest, password, secrets / "ca.crt")

    def _started(self) -> DockerCompose:
        if self._compose is None:
            raise DocuvaultError("the stack is not started: `with Docuvault() as docuvault: …`")
        return self._compose

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException as error:
            try:
                self.stop()
            except DocuvaultError as other:
                error.add_note(f"and what was started is still there: {other}")
            raise

    def __exit__(self, *_: object) -> None:
        self.stop()


def _quietly(does: Callable[[], None]) -> None:
    """What testcontainers would log in pages and raise without a word is one line. Raises DocuvaultError."""
    logger = logging.getLogger("testcontainers.compose.compose")
    before, logger.disabled = logger.disabled, True
    try:
        does()
    except subprocess.CalledProcessError as error:
        command = ["docker", "compose", "down" if "down" in error.cmd else "up"]
        raise DocuvaultError(failure(command, error.stderr.decode(errors="replace"))) from None
    finally:
        logger.disabled = before
