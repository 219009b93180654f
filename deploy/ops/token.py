"""Prints an access token for a user, whom it provisions first: `make -s token USER=<uuid> ROLE=user|admin`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from uuid import UUID

from deploy.local.errors import StackError
from deploy.local.settings import load_settings
from deploy.local.stack import require_running, stack_of
from deploy.ops.users import ROLES, access_token, register


def token(user: str, role: str, provision: str) -> str:
    """The token. The user has a quota when this returns, unless `provision` is "0". Raises StackError."""
    user_id = _uuid(user)
    if role not in ROLES:
        raise StackError(f"ROLE is {' or '.join(ROLES)}, not {role!r}")
    if provision not in {"0", "1"}:
        raise StackError(f"PROVISION is 0 or 1, not {provision!r}")
    stack = stack_of(load_settings())
    require_running(stack)
    if (issuer := stack.settings.oidc_issuer) is not None:
        raise StackError(f"tokens of this stack are made by {issuer}, where people sign in; there is none to print")
    if provision == "1":
        asyncio.run(register(stack.info, user_id))
    return access_token(stack.info, user_id, role)


def _uuid(text: str) -> UUID:
    if not text:
        raise StackError("say for whom: make -s token USER=<uuid> ROLE=user")
    try:
        return UUID(text)
    except ValueError:
        raise StackError(f"USER is a UUID, not {text!r}") from None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """For whom, and as what."""
    parser.add_argument("--user", required=True, metavar="UUID", help="the user's id")
    parser.add_argument("--role", default="user", help="user or admin; default user")
    parser.add_argument("--provision", default="1", metavar="0|1", help="0: do not give the user a quota; default 1")


def main() -> str:
    """The token for the command line's user."""
    parser = argparse.ArgumentParser(prog="deploy.ops.token", description=__doc__)
    add_arguments(parser)
    arguments = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    return token(arguments.user, arguments.role, arguments.provision)


if __name__ == "__main__":
    try:
        print(main())  # noqa: T201 - the answer
    except (StackError, OSError) as error:
        sys.exit(f"docuvault: {error}")
    except KeyboardInterrupt:
        sys.exit("docuvault: interrupted")
