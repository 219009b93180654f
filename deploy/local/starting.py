"""Starting a stack, or bringing a running one to what its settings say."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

from deploy.access import OPERATORS
from deploy.local import leftovers
from deploy.local.console import Steps, say
from deploy.local.credentials import Credentials
from deploy.local.docs_pages import write_docs
from deploy.local.health import wait_until_well
from deploy.local.kafka_nodes import check_nodes, is_formatted, nodes_of
from deploy.local.kafka_reach import kafka_environment, reach
from deploy.local.layout import Layout
from deploy.local.ports import check_ports
from deploy.local.postgres_nodes import Database, authority_of, databases_of, primary_of
from deploy.local.postgres_pair import Keeper
from deploy.local.programs import Program
from deploy.local.provision import Tools
from deploy.local.rolling import Member, Roller, Team
from deploy.local.server_gateway import Served, gateway, reload_gateway, write_gateway
from deploy.local.server_kafka import kafka, prepare_kafka
from deploy.local.server_minio import minio, prepare_minio
from deploy.local.server_postgres import postgres, prepare_postgres
from deploy.local.server_services import HAVE_CLIENTS, replicas, spare
from deploy.local.server_toxiproxy import toxiproxy, write_toxiproxy
from deploy.local.settings import StackSettings
from deploy.local.setup_kafka import setup_kafka
from deploy.local.setup_minio import setup_minio
from deploy.local.setup_postgres import setup_postgres
from deploy.local.supervisor import Supervisor, render_configuration
from deploy.local.waiting import run_async
from deploy.local.ways import fault_ports

STARTED = frozenset({"RUNNING", "STARTING", "BACKOFF"})
"""What supervisord calls a process that it runs or is about to run again."""


class Starter:
    """Brings one stack up."""

    def __init__(
        self, layout: Layout, settings: StackSettings, credentials: Credentials, tools: Tools, supervisor: Supervisor
    ) -> None:
        self._layout = layout
        self._settings = settings
        self._credentials = credentials
        self._tools = tools
        self._supervisor = supervisor
        self._outdated: frozenset[str] = frozenset()

    def check(self) -> None:
        """Raises StackError where `start` would have to refuse; nothing is written or started for it."""
        if not self._supervisor.alive():
            self._end_leftovers()
        programs, started = self.programs(), self._started()
        check_ports(program for program in programs if program.name not in started)
        check_nodes(self._layout, nodes_of(self._settings))
        render_configuration(self._layout, programs)

    def start(self) -> None:
        """Returns when every process is well and everything is set up; raises StackError otherwise."""
        alive = self._supervisor.alive()
        servers, services, door, programs = self._servers(), self._services, self._door(), self.programs()
        with Steps() as steps:
            with steps.step("servers: PostgreSQL, Kafka, MinIO"):
                self._prepare()
                self._supervise(programs, alive=alive)
                self._start_and_wait(servers)
            if self._settings.standby:
                with steps.step("standby of PostgreSQL"):
                    self._keeper().settle()
            with steps.step("database roles, topics, bucket, keys"):
                run_async(self._set_up())
            if services:
                with steps.step(f"services: {len(services)} processes"):
                    self._start_and_wait([program for program in services if program.name not in self._outdated])
                with steps.step("gateway"):
                    self._open_the_door(door)
            for service in self._outdated_services():
                with steps.step(f"{service}: restarted, one process after the other"):
                    self._roll(service)

    def programs(self) -> tuple[Program, ...]:
        """All programs of the stack, in the order they are started."""
        return (*self._servers(), *self._standby(), *self._services, *self._door())

    def _keeper(self) -> Keeper:
        binaries = self._tools.postgres_bin
        return Keeper(self._layout, self._settings, self._credentials, binaries, self._supervisor)

    def _standby(self) -> tuple[Program, ...]:
        primary, every = primary_of(self._layout, self._settings), databases_of(self._settings)
        return tuple(self._postgres(node) for node in every if node != primary)

    def _postgres(self, node: Database) -> Program:
        return postgres(self._layout, self._settings, self._credentials, self._tools.postgres_bin, node)

    def _servers(self) -> tuple[Program, ...]:
        layout, settings, credentials, tools = self._layout, self._settings, self._credentials, self._tools
        return (
            self._postgres(primary_of(layout, settings)),
            *kafka(layout, settings, credentials, tools.java, tools.kafka_jars),
            minio(layout, settings, credentials, tools.minio),
            *self._fault_proxy(),
        )

    def _fault_proxy(self) -> tuple[Program, ...]:
        ports, binary = fault_ports(self._settings), self._tools.toxiproxy
        return () if ports is None or binary is None else (toxiproxy(self._layout, ports, binary),)

    @cached_property
    def _services(self) -> tuple[Program, ...]:
        """Made once a start: the hash of the services' code is part of each."""
        return replicas(self._settings, self._credentials, self._tools.pythons)

    def _door(self) -> tuple[Program, ...]:
        return (gateway(self._layout, self._settings, self._tools.caddy),) if self._settings.services else ()

    def _started(self) -> set[str]:
        if not self._supervisor.alive():
            return set()
        return {name for name, process in self._supervisor.processes().items() if process.state in STARTED}

    def _end_leftovers(self) -> None:
        names = leftovers.end_leftovers(self._layout.stack_id)
        if names:
            say(f"- ended what a killed supervisor had left behind: {', '.join(names)}")

    def _prepare(self) -> None:
        """Makes the servers' folders, both at once, unless they run in them."""
        started, layout, settings, tools = self._started(), self._layout, self._settings, self._tools
        with ThreadPoolExecutor(2) as pool:
            jobs = []
            if any(node.name not in started for node in databases_of(settings)):
                jobs.append(pool.submit(prepare_postgres, layout, settings, self._credentials, tools.postgres_bin))
            if any(node.name not in started or not is_formatted(layout, node) for node in nodes_of(settings)):
                jobs.append(pool.submit(prepare_kafka, layout, settings, self._credentials, tools.kafka_jars))
        for job in jobs:
            job.result()
        prepare_minio(layout, settings)
        if (ports := fault_ports(settings)) is not None:
            write_toxiproxy(layout, settings, ports)

    def _supervise(self, programs: Sequence[Program], *, alive: bool) -> None:
        """Starts supervisord, or makes the running one follow: replicas that go are taken from the gateway first."""
        if not alive:
            self._supervisor.launch(programs)
            return
        names = {program.name for program in programs}
        started = self._started()
        running = {name for name, process in self._supervisor.processes().items() if process.state == "RUNNING"}
        if "gateway" in started & names and started - names:
            self._reload_gateway()
        self._supervisor.configure(programs)
        self._outdated = self._supervisor.update(later=running & {program.name for program in self._services})

    def _start_and_wait(self, programs: Sequence[Program]) -> None:
        started = self._started()
        for program in programs:
            if program.name not in started:
                self._supervisor.start(program.name)
        self._until_well(programs)

    def _until_well(self, programs: Sequence[Program]) -> None:
        timeout = self._settings.start_timeout_seconds
        run_async(wait_until_well(programs, self._supervisor, self._layout, timeout))

    async def _set_up(self) -> None:
        settings, credentials = self._settings, self._credentials
        await asyncio.gather(
            setup_postgres(primary_of(self._layout, settings).port, credentials, authority=authority_of(settings)),
            self._set_up_kafka(),
            setup_minio(settings.minio_port, credentials),
        )

    async def _set_up_kafka(self) -> None:
        environment = kafka_environment(self._settings, self._credentials, OPERATORS)
        if self._settings.secure:
            from deploy.local.setup_accounts import setup_accounts  # noqa: PLC0415 - a library only such a stack needs

            await asyncio.to_thread(setup_accounts, environment, self._credentials, self._settings.guests)
        await setup_kafka(reach(environment), brokers=self._settings.brokers)

    def _open_the_door(self, door: Sequence[Program]) -> None:
        if "gateway" in self._started():
            self._reload_gateway()
        else:
            write_gateway(self._layout, self._settings, self._served())
        self._start_and_wait(door)

    def _reload_gateway(self) -> None:
        if write_gateway(self._layout, self._settings, self._served()):
            reload_gateway(self._layout, self._tools.caddy)

    def _served(self) -> Served:
        page = self._settings.page_dir or self._tools.page
        return Served(write_docs(self._layout, self._tools.redoc), page)

    def _outdated_services(self) -> list[str]:
        """Those of whose processes some run as something else than what they are to be now."""
        return [name for name in self._settings.running_services if self._members(name)]

    def _members(self, service: str) -> list[Member]:
        return [
            Member(program, port=next(iter(program.ports.values())))
            for program in self._services
            if program.name in self._outdated and program.name.rpartition("-")[0] == service
        ]

    def _roll(self, service: str) -> None:
        """Restarts the outdated processes of a service; the only one is stood in for, where it has clients."""
        members, asked = self._members(service), service in HAVE_CLIENTS
        alone = asked and self._settings.replicas == 1
        standing_in = self._stand_in(service, members[0].program) if alone else None
        Roller(self._supervisor, self._until_well).roll(Team(members, standing_in, asked))
        if alone:
            self._supervisor.configure(self.programs())
            self._outdated = self._supervisor.update(later=self._outdated)

    def _stand_in(self, service: str, only: Program) -> Member:
        program = spare(self._layout, only, service)
        self._supervisor.configure((*self.programs(), program))
        self._supervisor.update(later=self._outdated)
        return Member(program, socket=self._layout.spare_socket(service))
