"""The stack in containers, for whoever knows the embedded one: the same settings, addresses, secrets and commands."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from deploy.containers.compose import FILES, SECURE, Compose
from deploy.containers.engine import Container, Containers, containers_of, until_well
from deploy.containers.rolling import Roller, outdated
from deploy.containers.secrets import version_of, write_secrets
from deploy.images import docker
from deploy.local import running
from deploy.local.bootstrap import cache_folder, ensure_environment
from deploy.local.console import Steps
from deploy.local.credentials import ensure_credentials
from deploy.local.ending import erase
from deploy.local.errors import StackError
from deploy.local.layout import write_private
from deploy.local.server_services import CHECKOUT
from deploy.local.settings import SERVICES, StackSettings
from deploy.local.stack import Health, Stack

SERVERS = ("postgres", "kafka", "minio", "setup")
STDERR = 2
"""What is built is no part of a command's answer."""
HAVE_VERSIONS = (*SERVICES, "minio")
"""Containers that are made anew where their secrets are others."""
NOT_HERE: Mapping[str, object] = {
    "gateway_tls": "off",
    "store_host": None,
    "page_dir": None,
    "fault_proxy_port": None,
    "brokers": 1,
    "standby": False,
}
"""Settings that only the embedded stack knows, and what they must be."""


class ContainerStack(Stack):
    """One stack in containers: a project of Compose, named by the state folder, where its secrets are."""

    supervisor: Containers

    def __init__(self, settings: StackSettings) -> None:
        super().__init__(settings)
        self.project = f"docuvault-{self.layout.stack_id}"
        self.supervisor = Containers(self.layout, self.project)

    def up(self, *, replicas: int | None = None) -> None:
        """Builds the images that are outdated, starts what does not run; returns when every health check is green."""
        if replicas is not None:
            self._asked = StackSettings(**{**self._asked.model_dump(exclude_unset=True), "replicas": replicas})
        _check(self._asked)
        if docker.engine() is None:
            raise StackError("no Docker engine answers (DOCKER_HOST names another one); STACK=embedded needs none")
        self.layout.prepare()
        with self._alone():
            settings = running.recall_running(self.layout, self._asked) if self.supervisor.alive() else self.settings
            _check(settings)
            if not settings.docuvault_images:
                build_images(settings.docuvault_tag, secure=settings.secure)
            self._prepare(settings)
            self._start(settings)

    def _prepare(self, settings: StackSettings) -> None:
        credentials = ensure_credentials(self.layout, settings.kafka_guests)
        running.remember(self.layout, settings)
        write_secrets(self._folder / "secrets", self.layout, credentials, settings)
        more = {"LOG_LEVEL": settings.log_level, **settings.service_env}
        write_private(self._folder / "service.env", "".join(f"{name}={value}\n" for name, value in more.items()))

    def _start(self, settings: StackSettings) -> None:
        compose, counts = self._compose(settings), _counts(settings)
        wanted = () if settings.services else SERVERS
        scales = [f"--scale={name}={count}" for name, count in counts.items()] if settings.services else []
        with Steps() as steps:
            self._replace(compose, settings, steps)
            with steps.step("containers"):
                compose.run("up", "-d", "--remove-orphans", *scales, *wanted)
                until_well(self._all, settings.start_timeout_seconds)

    def _replace(self, compose: Compose, settings: StackSettings, steps: Steps) -> None:
        """Servers first, which are to know what comes; then each service that runs as something else than it should."""
        versions = {name: version_of(self._folder / "secrets", name) for name in SERVICES}
        old = outdated(self._all(), versions) if settings.services and self.supervisor.alive() else {}
        if not old:
            return
        with steps.step("servers"):
            compose.run("up", "-d", *SERVERS)
            until_well(self._servers, settings.start_timeout_seconds)
        roller, counts = Roller(self.project, compose, settings.start_timeout_seconds), _counts(settings)
        for service, containers in old.items():
            with steps.step(f"{service}: replaced, the new ones first"):
                roller.roll(service, containers, counts[service])

    def _all(self) -> list[Container]:
        return containers_of(self.project)

    def _servers(self) -> list[Container]:
        return [one for one in self._all() if one.service in SERVERS]

    def down(self) -> bool:
        """Removes the containers and networks; the volumes stay. Returns whether anything ran."""
        return self._remove()

    def reset(self) -> None:
        """Removes the volumes, too, and what the state folder holds."""
        if self.layout.holds_a_stack():
            self._remove("--volumes")
            erase(self.layout)

    def _remove(self, *options: str) -> bool:
        if not self.layout.holds_a_stack():
            return False
        with self._alone():
            there = bool(containers_of(self.project))
            self.keep_logs()
            self.compose.run("down", "--remove-orphans", "--timeout=30", *options)
        return there

    def health(self) -> list[Health]:
        """Each container, by what its health check found."""
        return [
            Health(one.process.name, one.process.state, one.process.pid, one.reason)
            for one in self.supervisor.containers()
        ]

    def show_logs(self, service: str, *, follow: bool, lines: int) -> int:
        """Shows what the containers say."""
        name, _, number = service.rpartition("-")
        chosen = [name if number.isdigit() else service] if service else []
        return self.compose.show("logs", f"--tail={lines}", *(["-f"] if follow else []), *chosen)

    def keep_logs(self) -> None:
        """Writes what the containers have said so far into files of their names."""
        for one in containers_of(self.project):
            write_private(self.layout.log(one.process.name), docker.logs_of(one.id))

    @property
    def _folder(self) -> Path:
        return self.layout.state / "containers"

    @property
    def compose(self) -> Compose:
        """Compose's commands on this stack."""
        return self._compose(self.settings)

    def _compose(self, settings: StackSettings) -> Compose:
        files = (*FILES, SECURE) if settings.secure else FILES
        return Compose(self.project, environment(settings, self._folder), files)


def environment(settings: StackSettings, folder: Path) -> Mapping[str, str]:
    """What compose.yml asks for; `folder` holds the secrets and the services' own environment."""
    sign_in = {name: value for name, value in settings.sign_in_environment.items() if "SECRET" not in name}
    return {
        "DOCUVAULT_IMAGES": settings.docuvault_images or "docuvault",
        "DOCUVAULT_TAG": settings.docuvault_tag,
        "SECRETS_FOLDER": str(folder / "secrets"),
        "SERVICE_ENV_FILE": str(folder / "service.env"),
        "GATEWAY_PORT": str(settings.gateway_port),
        "MINIO_PORT": str(settings.minio_port),
        "POSTGRES_PORT": str(settings.postgres_port),
        "KAFKA_PORT": str(settings.kafka_port),
        "CORS_ORIGINS": ",".join(settings.origins),
        "MINIO_PUBLIC_ENDPOINT": settings.public_endpoint,
        "MINIO_PUBLIC_SECURE": str(settings.store_is_behind_tls).lower(),
        "STORE_ORIGIN": settings.store_origin,
        "PAGE_ORIGINS": " ".join(settings.page_origins),
        **{f"{name.upper()}_SECRETS": version_of(folder / "secrets", name) for name in HAVE_VERSIONS},
        "KAFKA_GUESTS": json.dumps(settings.model_dump(mode="json", include={"kafka_guests"})["kafka_guests"]),
        **settings.provider_environment,
        **sign_in,
    }


def _counts(settings: StackSettings) -> Mapping[str, int]:
    """How many there are to be of each service."""
    return {name: settings.replicas if name in settings.running_services else 0 for name in SERVICES}


def _check(settings: StackSettings) -> None:
    for name, value in NOT_HERE.items():
        if getattr(settings, name) != value:
            raise StackError(f"{name.upper()} is of the embedded stack alone; leave it out with STACK=containers")


def build_images(tag: str, *, secure: bool = False) -> None:
    """Builds what is outdated of what a stack runs, in an environment of its own. Raises StackError."""
    python = str(ensure_environment("images", cache_folder()))
    paths = os.pathsep.join(str(CHECKOUT / name) for name in ("", "contracts"))
    own = {**os.environ, "PYTHONPATH": paths, "DOCUVAULT_IMAGES": "docuvault"}
    command = [python, "-m", "deploy.images", "--tag", tag, "build", *(["--secure"] if secure else [])]
    ended = subprocess.run(command, env=own, stdout=STDERR, check=False)  # noqa: S603 - our own python
    if ended.returncode:
        raise StackError("the images could not be built; its words are above")
