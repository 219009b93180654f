"""A service's own command line, run with the settings and the rights that the stack gives that service."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence

from deploy.local.bootstrap import cache_folder, ensure_environment
from deploy.local.credentials import load_credentials
from deploy.local.server_services import command_environment
from deploy.local.settings import load_settings
from deploy.local.stack import Stack, require_running, stack_of
from deploy.ops.output import say

NOT_DONE = 2


def run_janitor(*arguments: str) -> int:
    """Runs `python -m services.janitor` with `arguments`, whose words are ours; its exit code.

    Raises StackError where the stack is down.
    """
    stack = stack_of(load_settings())
    require_running(stack)
    return run_service(stack, "janitor", "runtime", *arguments)


def run_service(stack: Stack, service: str, packages: str, *arguments: str) -> int:
    """Runs `python -m services.<service>` with `arguments`, on the packages of a lock; its exit code."""
    python = str(ensure_environment(packages, cache_folder()))
    environment = command_environment(stack.settings, load_credentials(stack.layout), service)
    return run_to_its_end((python, "-P", "-m", f"services.{service}", *arguments), environment)


def run_to_its_end(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Says what a child says, as it says it, and returns its exit code; NOT_DONE where a signal ended it.

    A Ctrl-C, or a reader who leaves, is ours to tell of: the child, which a crash harms no more than a service, is not
    asked but ended.
    """
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        command, env=environment, process_group=0, stdout=subprocess.PIPE, text=True, errors="backslashreplace"
    ) as child:
        try:
            for line in child.stdout or ():
                say(line.rstrip("\n"))
                sys.stdout.flush()
            code = child.wait()
        except BaseException:
            child.terminate()
            raise
    return NOT_DONE if code < 0 else code
