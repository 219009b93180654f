"""Failpoints: named places at which a test stops the real process, to kill it at exactly this boundary.

    failpoint("consumer.after_handle")

Off, which is the default, a call compares a global with None and returns: 45 ns, of which an empty function takes 38
(`python -m timeit -s "from services.chassis.failpoints import failpoint" "failpoint('consumer.after_poll')"`).

On, with FAILPOINTS_DIR set, a file in that folder named `<service>-<replica>.<point>` that holds a number N (empty: 1)
stops that process at its Nth hit from then on: the file is renamed to `….reached` and the process sends itself SIGSTOP.
kill -9 ends it right there, SIGCONT lets it go on; the renamed file stops nobody, so the one started next runs through.
"""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path
from typing import Literal, Protocol

import structlog

from services.chassis.settings import SettingsError

log = structlog.get_logger(__name__)

Name = Literal[
    "consumer.after_poll",
    "consumer.after_handle",  # the transaction is committed, nothing of it is said
    "consumer.after_publish",  # said, the offsets are not committed
    "consumer.after_offsets",
    "outbox.after_take",
    "outbox.after_publish",  # acked, not deleted
    "outbox.after_delete",  # deleted, not committed
    "outbox.after_commit",
    "quota.before_commit",  # in the transaction of a batch, all of it written
    "janitor.before_commit",  # likewise
    "classifier.before_commit",  # likewise
    "upload.before_write",  # what a batch changes is known, and not written
    "janitor.before_delete",  # the order is committed, the object still there
    "janitor.after_delete",  # the object is gone, and that is not recorded
    "janitor.before_ended",  # uploads are ended, and that is not recorded
    "janitor.sweep_before_publish",  # what the store holds is known, and not said
    "janitor.sweep_before_mark",  # said, and not recorded
    "classifier.after_claim",  # the lease is committed, nothing is read
    "classifier.before_record",  # what came of a document is known, and not recorded
    "classifier.record_before_commit",  # in the transaction that records it, all of it written
    "classifier.after_record",  # recorded and in the outbox
    "upload_url.after_sign",  # no row yet
    "upload_url.after_commit",  # the row is there, nobody was told its id
    "multipart.after_commit",  # the row is there, the store has not heard of it
    "multipart.after_begin",  # the store has begun it, no row knows its id
    "multipart.after_complete",  # the object is there, nobody was told
    "multipart.after_abort",  # the tombstone is committed, the parts are there
    "confirm.before_observation",
    "confirm.after_observation",
    "confirm.before_answer",
    "delete.before_commit",
    "delete.after_commit",
]
"""Every failpoint there is: `<component>.<boundary>`."""

REACHED = ".reached"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Armable(Protocol):
    """What is needed of a service's settings."""

    @property
    def service_name(self) -> str:
        """Which service this is."""

    @property
    def replica(self) -> str:
        """Which of its replicas."""

    @property
    def http_host(self) -> str:
        """Where it listens: only a process that serves this machine alone may be stopped by a file."""

    @property
    def failpoints_dir(self) -> Path | None:
        """The folder of the triggers; None is off."""


class Triggers:
    """The triggers of one process, in a folder."""

    def __init__(self, folder: Path, process: str) -> None:
        self._folder = folder
        self._process = process
        self._hits: Counter[str] = Counter()

    def hit(self, name: Name) -> None:
        """Stops the process where a trigger says so, and returns when it is resumed."""
        trigger = trigger_path(self._folder, self._process, name)
        try:
            wanted = int(trigger.read_text() or 1)
        except FileNotFoundError:
            return
        self._hits[name] += 1
        if self._hits[name] >= wanted:
            del self._hits[name]
            trigger.replace(f"{trigger}{REACHED}")
            signal.raise_signal(signal.SIGSTOP)


_triggers: Triggers | None = None


def failpoint(name: Name) -> None:
    """A boundary at which a test may stop this process; nothing at all unless `arm` found them switched on."""
    if _triggers is not None:
        _triggers.hit(name)


def arm(settings: Armable) -> None:
    """Switches the failpoints of this process on or off, as its settings say.

    Raises SettingsError where they would be on in a process that other machines can reach: they are for tests.
    """
    global _triggers  # noqa: PLW0603 - a parameter of every function on the way would not be free when off
    _triggers = None
    if settings.failpoints_dir is None:
        return
    if settings.http_host not in _LOOPBACK:
        raise SettingsError("FAILPOINTS_DIR: only for tests, where HTTP_HOST is this machine's own")
    log.warning("failpoints.on", folder=str(settings.failpoints_dir))
    _triggers = Triggers(settings.failpoints_dir, f"{settings.service_name}-{settings.replica}")


def trigger_path(folder: Path, process: str, name: Name) -> Path:
    """The file that stops `process` ("quota-1") at a failpoint."""
    return folder / f"{process}.{name}"
