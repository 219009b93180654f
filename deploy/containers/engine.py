"""The containers of one stack, in the words of the embedded stack's supervisor: quota-1 is started, stopped, killed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deploy.images.docker import docker
from deploy.local.errors import StackError
from deploy.local.layout import Layout
from deploy.local.settings import SERVICES
from deploy.local.supervisor import Process, Supervisor

STOP_SECONDS = 30
RUNS = "RUNNING"
SETUP = "setup"
_STATES = {"running": RUNS, "restarting": "BACKOFF", "created": "STARTING", "exited": "EXITED", "dead": "FATAL"}
POLL_SECONDS = 0.3
VERSION = "docuvault.secrets"
"""The label that says which secrets a container was given."""
_LABEL = "com.docker.compose"


@dataclass(frozen=True, slots=True)
class Container:
    """A container: its id, the process that it is (as quota-1, or minio), and why it is not well.

    `image` is the name that it was made of, `image_id` what that named then, `version` that of its secrets.
    """

    id: str
    process: Process
    exit_code: int
    reason: str
    service: str = ""
    image: str = ""
    image_id: str = ""
    version: str = ""

    @property
    def runs(self) -> bool:
        """Whether its process is there."""
        return self.process.state == RUNS


def containers_of(project: str) -> list[Container]:
    """All of a project, also those that do not run, by name. Raises StackError."""
    listed = docker("ps", "-aq", "--no-trunc", "--filter", f"label={_LABEL}.project={project}").split()
    found: list[dict[str, Any]] = json.loads(docker("inspect", *listed)) if listed else []
    return sorted(map(_container, found), key=lambda one: one.process.name)


def _container(found: dict[str, Any]) -> Container:
    labels, state = found["Config"]["Labels"], found["State"]
    service = labels[f"{_LABEL}.service"]
    name = f"{service}-{labels[f'{_LABEL}.container-number']}" if service in SERVICES else service
    process = Process(name, _STATES.get(state["Status"], state["Status"]), state["Pid"], _seconds(state["StartedAt"]))
    return Container(
        found["Id"],
        process,
        state["ExitCode"],
        _reason(state),
        service=service,
        image=found["Config"]["Image"],
        image_id=found["Image"],
        version=labels.get(VERSION, ""),
    )


def _seconds(text: str) -> int:
    return max(0, int(datetime.fromisoformat(text[:19] + "+00:00").timestamp()))


def _reason(state: dict[str, Any]) -> str:
    """Why a container is not well; empty where it is."""
    if state["Status"] != "running":
        return f"{state['Status']}, exit {state['ExitCode']}"
    health = state.get("Health")
    if health is None or health["Status"] == "healthy":
        return ""
    last = (health.get("Log") or [{}])[-1].get("Output", "").strip()
    return f"{health['Status']}: {last}".removesuffix(": ")


class Containers(Supervisor):
    """Raises StackError where the engine does not do what it was asked."""

    def __init__(self, layout: Layout, project: str) -> None:
        super().__init__(layout)
        self._project = project

    def containers(self) -> list[Container]:
        """Those that are to run: the one that sets up the servers ends by itself."""
        return [one for one in containers_of(self._project) if one.process.name != SETUP]

    def alive(self) -> bool:
        """Whether anything of the stack runs."""
        return any(one.runs for one in self.containers())

    def processes(self) -> dict[str, Process]:
        """All by name."""
        return {one.process.name: one.process for one in self.containers()}

    def start(self, name: str, *, wait: bool = False) -> None:
        """Starts one that is stopped; with `wait` it is well when this returns."""
        docker("start", self._id(name))
        end = time.monotonic() + STOP_SECONDS
        while wait and self._named(name).reason and time.monotonic() < end:
            time.sleep(0.2)

    def stop(self, name: str, *, wait: bool = True) -> None:
        """Stops one; always waits."""
        del wait
        docker("stop", "--time", str(STOP_SECONDS), self._id(name))

    def signal(self, name: str, signal: str) -> None:
        """Sends a signal; what dies of it is started again, which the engine leaves to who has killed it."""
        docker("kill", "--signal", signal, self._id(name))
        if signal == "KILL":
            self.start(name)

    def _id(self, name: str) -> str:
        return self._named(name).id

    def _named(self, name: str) -> Container:
        found = [one for one in self.containers() if one.process.name == name]
        if not found:
            raise StackError(f"there is no container {name}")
        return found[0]


def unwell(found: Sequence[Container]) -> str:
    """The first that is not well, and why; empty where all are. What sets up the servers is well once it has ended."""
    return next((f"{one.process.name} ({_trouble(one)})" for one in found if _trouble(one)), "")


def _trouble(one: Container) -> str:
    if one.process.name != SETUP:
        return one.reason
    ended = one.process.state == _STATES["exited"]
    return one.reason if failed([one]) else "" if ended else "still at work"


def failed(found: Sequence[Container]) -> bool:
    """Whether what sets up the servers has given up, so that nothing is to be waited for."""
    return any(
        one.process.name == SETUP and one.process.state == _STATES["exited"] and one.exit_code != 0 for one in found
    )


def until_well(look: Callable[[], list[Container]], seconds: float) -> list[Container]:
    """Returns what `look` finds when all of that is well. Raises StackError for what is not well in time."""
    end = time.monotonic() + seconds
    while why := unwell(found := look()):
        if failed(found) or time.monotonic() > end:
            raise StackError(f"{why} is not well; `make logs` shows what it says")
        time.sleep(POLL_SECONDS)
    return found
