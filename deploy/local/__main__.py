"""The commands behind the make targets: `python -m deploy.local provision|up|down|status|logs|reset`."""

from __future__ import annotations

import argparse
import sys

from deploy.local.commands import down, logs, provide, reset, status, up
from deploy.local.errors import StackError

COMMANDS = {"provision": provide, "up": up, "down": down, "status": status, "logs": logs, "reset": reset}


def main() -> int:
    """Runs one command; a StackError is one line and exit 1."""
    parser = argparse.ArgumentParser(prog="deploy.local")
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--tests", action="store_true", help="provision: also what only the tests need")
    parser.add_argument("--service", default="", help="logs: a process or a service; default all")
    parser.add_argument("--follow", action="store_true", help="logs: go on as they grow")
    parser.add_argument("--yes", action="store_true", help="reset: do not ask")
    arguments = parser.parse_args()
    return COMMANDS[arguments.command](arguments)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StackError as error:
        sys.exit(f"docuvault: {error}")
    except OSError as error:
        sys.exit(f"docuvault: {error}")
    except KeyboardInterrupt:
        sys.exit("docuvault: interrupted")
