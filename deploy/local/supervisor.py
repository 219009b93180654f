"""supervisord: its configuration, and a client for its socket."""

from __future__ import annotations

import http.client
import os
import shlex
import socket
import subprocess
import sys
import xmlrpc.client
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.errors import StackError, one_line
from deploy.local.layout import Layout, write_private
from deploy.local.programs import Program
from deploy.local.waiting import wait_until

MARKER = "DOCUVAULT_STACK"
"""The environment variable that every process of a stack carries, with the id of the stack."""

CALL_TIMEOUT_SECONDS = 90.0
START_TIMEOUT_SECONDS = 15.0

_SUPERVISORD = """\
[supervisord]
logfile={state}/logs/supervisord.log
logfile_maxbytes=10MB
logfile_backups=2
pidfile={state}/supervisord.pid
childlogdir={state}/logs
directory={state}
identifier=docuvault
umask=077
nodaemon=false
{user}
[unix_http_server]
file={socket}
chmod=0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""

_PROGRAM = """
[program:{name}]
command={command}
directory={state}
environment={environment}
autostart=false
autorestart=true
startsecs=1
startretries=1000
stopsignal={signal}
stopwaitsecs={seconds}
killasgroup=true
redirect_stderr=true
stdout_logfile={log}
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=3
"""


@dataclass(frozen=True, slots=True)
class Process:
    """What supervisord says of a process: its state (RUNNING, STARTING, BACKOFF, …), pid (0: none) and last start."""

    name: str
    state: str
    pid: int
    started: int


def render_configuration(layout: Layout, programs: Sequence[Program]) -> str:
    """The text of supervisord.conf; it holds secrets."""
    user = "user=root\n" if os.geteuid() == 0 else ""
    head = _SUPERVISORD.format(state=_escaped(str(layout.state)), socket=_escaped(str(layout.socket)), user=user)
    return head + "".join(_render_program(layout, program) for program in programs)


def _render_program(layout: Layout, program: Program) -> str:
    return _PROGRAM.format(
        name=program.name,
        command=_escaped(shlex.join(program.command)),
        environment=",".join(f"{name}={_quoted(value)}" for name, value in sorted(program.environment.items())),
        state=_escaped(str(layout.state)),
        signal=program.stop_signal,
        seconds=program.stop_seconds,
        log=_escaped(str(layout.log(program.name))),
    )


def _escaped(text: str) -> str:
    """A value as supervisord's configuration wants it: it expands %."""
    return text.replace("%", "%%")


def _quoted(value: str) -> str:
    quote = "'" if '"' in value else '"'
    if quote in value or "\n" in value or " ;" in value or " #" in value:
        raise StackError("a value of the services' environment holds both kinds of quotes, a line end or a comment")
    return f"{quote}{_escaped(value)}{quote}"


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=CALL_TIMEOUT_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class _Transport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:  # noqa: ANN401 - as in the base class
        connection = _Connection(self._path)
        self._connection = (host, connection)  # what `close` closes
        return connection


class Supervisor:
    """The supervisor of one stack. Raises StackError when it does not answer or does not do what it was asked."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def _call(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - what XML-RPC brings
        try:
            with xmlrpc.client.ServerProxy("http://localhost", transport=_Transport(self._layout.socket)) as proxy:
                return getattr(proxy.supervisor, method)(*arguments)
        except (OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
            raise StackError(f"supervisord, asked to {method}{arguments}: {one_line(error)}") from error

    def alive(self) -> bool:
        """Whether supervisord runs and answers."""
        try:
            return bool(self._call("getState")["statename"] == "RUNNING")
        except StackError:
            return False

    def launch(self, programs: Sequence[Program]) -> None:
        """Starts supervisord as a daemon that knows `programs` and has started none."""
        self.configure(programs)
        self._layout.socket.unlink(missing_ok=True)
        daemon = [sys.executable, "-W", "ignore", "-m", "supervisor.supervisord", "-c", str(self._layout.configuration)]
        environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": str(self._layout.state)}
        environment |= {MARKER: self._layout.stack_id}
        says = subprocess.run(daemon, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - own
        if says.returncode != 0:
            raise StackError(f"supervisord does not start: {' '.join((says.stderr or says.stdout).split())}")
        log = self._layout.log("supervisord")
        wait_until(self.alive, START_TIMEOUT_SECONDS, lambda: f"supervisord does not answer; its log is {log}")

    def configure(self, programs: Sequence[Program]) -> None:
        """Writes the configuration; a running supervisord takes it up with `update`."""
        write_private(self._layout.configuration, render_configuration(self._layout, programs))

    def update(self, later: Collection[str] = ()) -> frozenset[str]:
        """Makes a running supervisord follow its configuration: what is new or changed is known but not started.

        What is changed and in `later` runs on as it is, for `replace`. Returns the names of those.
        """
        added, changed, removed = self._call("reloadConfig")[0]
        left = frozenset(changed) & frozenset(later)
        for name in removed:
            self._drop(name)
        for name in sorted(set(changed) - left):
            self.replace(name)
        for name in added:
            self._call("addProcessGroup", name)
        return left

    def replace(self, name: str) -> None:
        """Stops a process and makes it what the configuration said at the last `update`; it is not started."""
        self._drop(name)
        self._call("addProcessGroup", name)

    def _drop(self, name: str) -> None:
        self._call("stopProcessGroup", name)
        self._call("removeProcessGroup", name)

    def processes(self) -> dict[str, Process]:
        """All processes by name."""
        found = self._call("getAllProcessInfo")
        return {one["name"]: Process(one["name"], one["statename"], one["pid"], one["start"]) for one in found}

    def pid(self, name: str) -> int:
        """The pid of a running process; 0 when it does not run."""
        return self.processes()[name].pid

    def start(self, name: str, *, wait: bool = False) -> None:
        """Starts a process that is stopped; with `wait` it has run for a second when this returns."""
        self._call("startProcess", name, wait)

    def stop(self, name: str, *, wait: bool = True) -> None:
        """Stops a process, by force when its time is over."""
        self._call("stopProcess", name, wait)

    def restart(self, name: str) -> None:
        """Stops and starts a process."""
        self.stop(name)
        self.start(name, wait=True)

    def signal(self, name: str, signal: str) -> None:
        """Sends a signal by its name without SIG; a process that dies of it is started again."""
        self._call("signalProcess", name, signal)

    def shutdown(self) -> None:
        """Asks supervisord to end itself and what it still runs."""
        self._call("shutdown")
