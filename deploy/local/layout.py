"""Where a stack keeps what: the folders of its state, and the short ones of its sockets."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import StackError

SOCKET_PATH_LIMIT = 100
"""A unix socket's path must fit 108 bytes, and supervisord appends its pid to the name while it binds."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of the stack whose state is in `state` (absolute)."""

    state: Path

    @property
    def stack_id(self) -> str:
        """What marks the processes of this stack: a hash of where its state is."""
        return hashlib.sha256(str(self.state).encode()).hexdigest()[:16]

    @property
    def runtime(self) -> Path:
        """Where the sockets are: in the state, or in the temporary folder where its path is too long."""
        inside = self.state / "run"
        if len(str(inside / "supervisor.sock.1234567")) < SOCKET_PATH_LIMIT:
            return inside
        return Path(tempfile.gettempdir()) / f"docuvault-{os.geteuid()}-{self.stack_id}"

    @property
    def logs(self) -> Path:
        """One file a process, `<process>.log`."""
        return self.state / "logs"

    def log(self, process: str) -> Path:
        """The log of a process."""
        return self.logs / f"{process}.log"

    @property
    def untold(self) -> Path:
        """Where the store keeps a file for each notification that Kafka has not taken yet."""
        return self.state / "minio" / "queue"

    @property
    def socket(self) -> Path:
        """Where supervisord listens."""
        return self.runtime / "supervisor.sock"

    @property
    def gateway(self) -> Path:
        """What the gateway reads and keeps: its configuration, the documentation, certificates."""
        return self.state / "gateway"

    @property
    def gateway_socket(self) -> Path:
        """Where the gateway's administration listens."""
        return self.runtime / "gateway.sock"

    def spare_socket(self, service: str) -> Path:
        """Where the one listens that stands in for the only replica of a service while that is restarted."""
        return self.runtime / f"{service}.sock"

    @property
    def secrets(self) -> Path:
        """The generated secrets, for their owner's eyes."""
        return self.state / "secrets.json"

    @property
    def running(self) -> Path:
        """The settings the running stack was started with."""
        return self.state / "stack.json"

    @property
    def authority(self) -> Path:
        """The stack's own certificate authority, and what it signed; it holds keys."""
        return self.state / "authority"

    @property
    def trusted(self) -> Path:
        """The authority's certificate, which clients of the stack's servers trust."""
        return self.authority / "ca.crt"

    def holds_a_stack(self) -> bool:
        """Whether the state folder is one of ours, rather than missing, empty or somebody's own."""
        return any(path.exists() for path in (self.secrets, self.running, self.configuration))

    @property
    def configuration(self) -> Path:
        """Supervisord's configuration; it holds secrets."""
        return self.state / "supervisord.conf"

    def prepare(self) -> None:
        """Makes the folders; raises StackError where another user's folder is in their place."""
        for folder in (self.state, self.logs, self.runtime):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self.runtime.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise StackError(f"{self.runtime} is not a folder of this user alone; remove it")


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner reads, whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with open(fresh, "w", opener=lambda name, flags: os.open(name, flags | os.O_EXCL, 0o600)) as file:
        file.write(text)
    fresh.replace(path)
