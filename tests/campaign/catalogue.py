"""Every fault there is: its name, whom it befalls, what it needs or breaks, how long it lasts, how it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from docuvault_contracts import topics

from deploy.local.settings import FAULT_WAYS
from tests.campaign import (
    faults_clock,
    faults_disks,
    faults_kafka,
    faults_network,
    faults_notifications,
    faults_postgres,
    faults_processes,
)
from tests.campaign.faults_processes import DOOR, SERVERS, SERVICES
from tests.campaign.schedule import Case
from tests.campaign.world import Fault, World

BRIEF = (0.5, 1.5)
"""Seconds: about as long as the shortest of the services' time-outs in a campaign."""
LONGER = (1.0, 3.5)
"""Seconds: about as long as the longest of them."""
NOTIFIED = (2.0, 4.0)
"""Seconds: the store looks at what it has to tell every three."""
EVERYTHING = frozenset({*SERVICES, *SERVERS, DOOR, *FAULT_WAYS})
STORE_WAYS = ("upload_minio", "janitor_minio", "classifier_minio", "clients_minio")
READERS = ("classifier",)
"""Services with processes that read documents for them."""
THE_STORE = ("minio",)
READ_TOPICS = (topics.STORAGE_EVENTS.name, topics.DOCUMENTS.name, topics.QUOTA.name)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault. `touches`: by target, what it needs or breaks; `hindered`: why it cannot be done here, or ""."""

    name: str
    make: Fault
    targets: tuple[str, ...]
    seconds: tuple[float, float] = BRIEF
    touches: Callable[[str], frozenset[str]] = lambda target: frozenset({target})
    hindered: Callable[[World], str] = lambda _: ""

    @property
    def cases(self) -> list[Case]:
        """What may be drawn of it."""
        return [Case(self.name, target, self.touches(target), self.seconds) for target in self.targets]


def _with(*needed: str) -> Callable[[str], frozenset[str]]:
    return lambda target: frozenset({target, *needed})


def _group(target: str) -> frozenset[str]:
    """A group whose offsets are set: Kafka has to answer, and its services have to end by themselves."""
    return frozenset({target, "kafka", f"{target}_kafka", f"{target}_postgres", "postgres"})


_PROCESSES = (
    Kind("killed", faults_processes.killed, SERVICES),
    Kind("replicas all killed", faults_processes.all_killed, SERVICES),
    Kind("killed at a failpoint", faults_processes.crashed, SERVICES),
    Kind("stopped", faults_processes.stopped, SERVICES, LONGER),
    Kind("restarted", faults_processes.restarted, SERVICES),
    Kind("workers killed", faults_processes.worker_killed, READERS),
    Kind("workers stopped", faults_processes.worker_stopped, READERS, LONGER),
    *(Kind(f"{server} killed", faults_processes.killed, (server,)) for server in (*SERVERS, DOOR)),
    *(Kind(f"{server} stopped", faults_processes.stopped, (server,), LONGER) for server in SERVERS),
    *(Kind(f"{server} restarted", faults_processes.restarted, (server,)) for server in SERVERS),
    Kind("in a rolling restart", faults_processes.rolled, ("everything",), touches=lambda _: EVERYTHING),
)
_NETWORK = (
    Kind("cut", faults_network.cut, FAULT_WAYS),
    Kind("hung", faults_network.hung, FAULT_WAYS, LONGER),
    Kind("stalled", faults_network.stalled, FAULT_WAYS, LONGER),
    Kind("torn in mid-message", faults_network.torn, FAULT_WAYS),
    Kind("reset", faults_network.reset, FAULT_WAYS),
    Kind("late", faults_network.late, FAULT_WAYS, LONGER),
    Kind("narrow", faults_network.narrow, FAULT_WAYS, LONGER),
    Kind("told to slow down", faults_network.told_to_slow_down, STORE_WAYS, LONGER, _with("minio")),
)
_KAFKA = (
    Kind("offsets to the earliest", faults_kafka.to_the_earliest, SERVICES, touches=_group),
    Kind("offsets to the latest", faults_kafka.to_the_latest, SERVICES, touches=_group),
    Kind("offsets removed", faults_kafka.removed, SERVICES, touches=_group),
    Kind("poisoned", faults_kafka.poisoned, READ_TOPICS, touches=_with("kafka")),
)
_NOTIFICATIONS = tuple(
    Kind(f"notifications {name}", make, THE_STORE, NOTIFIED, _with("kafka", "store_kafka"))
    for name, make in {
        "dropped": faults_notifications.dropped,
        "delayed": faults_notifications.delayed,
        "reordered": faults_notifications.reordered,
        "doubled": faults_notifications.doubled,
        "without their folder": faults_notifications.without_a_folder,
    }.items()
)
_REST = (
    *(
        Kind(f"disk of {server} full", make, (server,), LONGER, hindered=lambda world: world.disks.why_none)
        for server, make in {
            "postgres": faults_disks.full_for_the_log,
            "kafka": faults_disks.full_for_the_groups,
            "minio": faults_disks.full,
        }.items()
    ),
    Kind("an hour ahead", faults_clock.ahead, SERVICES, LONGER, hindered=lambda _: faults_clock.why_no_other_clock()),
    Kind("an hour behind", faults_clock.behind, SERVICES, LONGER, hindered=lambda _: faults_clock.why_no_other_clock()),
    Kind("sessions ended in mid-transaction", faults_postgres.sessions_ended, SERVICES, LONGER, _with("postgres")),
    Kind("out of connections", faults_postgres.out_of_connections, SERVICES, LONGER, _with("postgres")),
    Kind("account locked", faults_postgres.account_locked, ("quota",), LONGER, _with("postgres")),
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (*_PROCESSES, *_NETWORK, *_KAFKA, *_NOTIFICATIONS, *_REST)}
CASES = [case for kind in KINDS.values() for case in kind.cases]
