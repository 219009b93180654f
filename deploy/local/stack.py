"""The embedded stack: real servers and the services on this machine, without Docker or root."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from deploy.local import running
from deploy.local.console import say
from deploy.local.credentials import coming_credentials, keep_credentials, load_credentials
from deploy.local.ending import end_stack, erase
from deploy.local.errors import StackError
from deploy.local.health import is_well
from deploy.local.info import StackInfo, info_of
from deploy.local.layout import Layout
from deploy.local.ports import reserve_block
from deploy.local.postgres_pair import Keeper
from deploy.local.programs import Program
from deploy.local.provision import Tools, provision
from deploy.local.settings import SERVICE_PORTS, StackSettings
from deploy.local.starting import Starter
from deploy.local.supervisor import Process, Supervisor
from deploy.local.waiting import run_async
from deploy.local.ways import FaultPorts

__all__ = ["Stack", "StackSettings", "stack_of"]


FOR_MANY_CALLERS = {"SIGNING_PER_SECOND": "1000000", "SIGNING_BURST": "1000000"}
"""What services are told where a few callers stand for many, as in tests and benchmarks."""
FOR_TESTS = {"CLASSIFIER_NICE": "0", **FOR_MANY_CALLERS}
"""What services of a test's own stack are told unless the test says otherwise."""


@dataclass(frozen=True, slots=True)
class Health:
    """A process, supervisord's word for its state, its pid (0: none) and why it is not well (empty: it is)."""

    name: str
    state: str
    pid: int
    reason: str


async def _ask(programs: Sequence[Program], processes: Mapping[str, Process]) -> list[Health]:
    reasons = await asyncio.gather(*(is_well(program) for program in programs))
    known = (
        (processes.get(one.name, Process(one.name, "UNKNOWN", 0, 0)), why)
        for one, why in zip(programs, reasons, strict=True)
    )
    return [Health(process.name, process.state, process.pid, why) for process, why in known]


class Stack:
    """One stack, named by its state folder. Every method blocks: from async code call them through a thread.

    `up`, `down` and `reset` raise StackError with a line that says what to do.
    """

    def __init__(self, settings: StackSettings) -> None:
        self._asked = settings
        self._block: FileLock | None = None
        self.layout = Layout(settings.state_dir)
        self.supervisor = Supervisor(self.layout)

    @classmethod
    def on_free_ports(cls, state_dir: Path, *, fault_proxy: bool = False, **settings: Any) -> Self:  # noqa: ANN401 - fields of StackSettings
        """A stack of a test's own: its ports are free, and kept from other tests as long as this object lives.

        With `fault_proxy` its services reach the servers through a proxy that makes faults, and so do its clients the
        store and the gateway; see `StackInfo.fault_proxy_url`. The classifier runs where it is asked for alone
        (`without_services=()`): it takes cores, and what is uploaded does not stay `uploaded`. It gives way to nobody
        there: other tests may keep the machine busy for longer than a test waits. And whoever calls may ask for as many
        URLs as he likes: a few callers stand for many.
        """
        first, block = reserve_block()
        chosen: dict[str, Any] = {
            "gateway_port": first,
            "minio_port": first + 1,
            "postgres_port": first + 2,
            "kafka_port": first + 3,
            "kafka_controller_port": first + 4,
            "service_port_base": first + 4,  # which is nobody's own
            "without_services": ("classifier",),
        }
        if fault_proxy:
            proxy = FaultPorts(first + 4 + SERVICE_PORTS)
            endpoint = f"localhost:{proxy.ways['clients_minio']}"
            chosen |= {"fault_proxy_port": proxy.api, "minio_public_endpoint": endpoint}
        else:  # where the proxy would be there is room for more brokers and a standby
            last = first + 4 + SERVICE_PORTS
            chosen |= {"postgres_port": last, "kafka_port": last + 2, "kafka_controller_port": last + 3}
        settings["service_env"] = FOR_TESTS | settings.get("service_env", {})
        stack = cls(StackSettings(state_dir=state_dir, **{**chosen, **settings}))
        stack._block = block
        return stack

    @property
    def settings(self) -> StackSettings:
        """What was asked for over what the stack was last started with."""
        return running.recall(self.layout, self._asked)

    @property
    def info(self) -> StackInfo:
        """How to reach the stack. Raises StackError where there is none."""
        return info_of(self.settings, load_credentials(self.layout))

    def up(self, *, replicas: int | None = None) -> None:
        """Starts what does not run, also with another number of replicas; returns when every health check is green.

        What is refused leaves the secrets and settings that are kept as they were.
        """
        if replicas is not None:
            self._asked = StackSettings(**{**self._asked.model_dump(exclude_unset=True), "replicas": replicas})
        tools = self._tools(self._wanted())
        self.layout.prepare()
        with self._alone():
            settings = self._wanted()
            credentials = coming_credentials(self.layout, settings.kafka_guests)
            starter = Starter(self.layout, settings, credentials, tools, self.supervisor)
            starter.check()
            keep_credentials(self.layout, credentials)
            running.remember(self.layout, settings)
            starter.start()

    def _wanted(self) -> StackSettings:
        """As what `up` is to bring it up: what runs keeps what it was not asked for."""
        return running.recall_running(self.layout, self._asked) if self.supervisor.alive() else self._asked

    def down(self) -> bool:
        """Ends what the stack runs and keeps its data. Returns whether there was anything to end."""
        if not self.layout.holds_a_stack():
            return False
        with self._alone():
            return end_stack(self.layout, self.supervisor)

    def reset(self) -> None:
        """Ends the stack and removes all its data; a folder that holds no stack is left alone."""
        if not self.layout.holds_a_stack():
            return
        with self._alone():
            end_stack(self.layout, self.supervisor)
            erase(self.layout)

    def status(self) -> dict[str, Process]:
        """What supervisord says of each process; empty when the stack is down."""
        return self.supervisor.processes() if self.supervisor.alive() else {}

    def health(self) -> list[Health]:
        """Each process of a running stack, asked whether it is well; empty when the stack is down."""
        processes = self.status()
        if not processes:
            return []
        settings, credentials = self.settings, load_credentials(self.layout)
        starter = Starter(self.layout, settings, credentials, self._tools(settings), self.supervisor)
        return run_async(_ask(starter.programs(), processes))

    @contextmanager
    def keeper(self) -> Iterator[Keeper]:
        """What works on PostgreSQL's primary and standby, alone. Raises StackError where the stack is down."""
        require_running(self)
        with self._alone():
            settings, credentials = self.settings, load_credentials(self.layout)
            yield Keeper(self.layout, settings, credentials, self._tools(settings).postgres_bin, self.supervisor)

    def show_logs(self, service: str, *, follow: bool, lines: int) -> int | None:
        """Shows the last lines of the logs, where they are not in files of `layout.logs`; none where they are."""
        del service, follow, lines
        return None

    def keep_logs(self) -> None:
        """Brings the files of `layout.logs` up to date, where the processes do not write there themselves."""

    def _tools(self, settings: StackSettings) -> Tools:
        return provision(
            fault_proxy=settings.fault_proxy_port is not None,
            classifier="classifier" in settings.running_services,
            secure=settings.secure,
        )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        lock = FileLock(self.layout.state / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            say("- another command works on this stack; waiting for it")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()


def stack_of(settings: StackSettings) -> Stack:
    """The stack of the settings' folder, of the kind it runs as or that is asked for."""
    kind = running.recall_kind(Layout(settings.state_dir), settings)
    if kind == "embedded":
        return Stack(settings)
    from deploy.containers.stack import ContainerStack  # noqa: PLC0415 - what it takes only such a stack needs
    from deploy.images.docker import engine  # noqa: PLC0415

    if kind == "auto" and engine() is None:
        return Stack(settings)
    return ContainerStack(settings)


def require_running(stack: Stack) -> None:
    """Raises StackError unless the stack is up."""
    if not stack.supervisor.alive():
        raise StackError(f"the stack in {stack.layout.state} is down; `make up` starts it")
