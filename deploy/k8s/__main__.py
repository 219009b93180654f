"""What `make k8s` and people run: `python -m deploy.k8s check [--no-server] | topics | users | rules | secrets …`."""

from __future__ import annotations

import argparse
import sys

from deploy.k8s import rules, secrets, topics, users
from deploy.local.errors import StackError

WRITTEN = {"topics": topics, "users": users, "rules": rules}
"""What is made of something else, by the command that makes it anew."""


def main() -> int:
    """Runs one command; a StackError is one line and exit 1."""
    parser = argparse.ArgumentParser(prog="deploy.k8s")
    parser.add_argument("command", choices=("check", *WRITTEN, "secrets", "store-token"))
    parser.add_argument(
        "--no-server", action="store_true", help="check: by schemas alone, without building an API server"
    )
    arguments = parser.parse_args()
    if written := WRITTEN.get(arguments.command):
        written.FILE.write_text(written.render())
    elif arguments.command == "secrets":
        sys.stdout.write(secrets.render())
    elif arguments.command == "store-token":
        sys.stdout.write(secrets.render_store_token(sys.stdin.read()))
    else:
        _check(server=not arguments.no_server)
    return 0


def _check(*, server: bool) -> None:
    from deploy.k8s.check.checking import check  # noqa: PLC0415 - the other commands need none of its packages

    check(server=server)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StackError as error:
        sys.exit(f"docuvault: {error}")
    except KeyboardInterrupt:
        sys.exit("docuvault: interrupted")
