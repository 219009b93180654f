"""`docuvault token`."""

from __future__ import annotations

import argparse

from deploy.ops.output import say_json
from deploy.ops.token import add_arguments, token

__all__ = ["HELP", "add_arguments", "run"]

HELP = """\
Prints an access token for a user, who is made known and has a quota when it returns.

  docuvault token --user 7d0c1f0a-53a0-4b57-8f0e-0f7c2f2b6f11 --role admin
"""


def run(options: argparse.Namespace) -> int:
    """Prints the token. Raises StackError."""
    made = token(options.user, options.role, options.provision)
    if options.json:
        say_json({"user": options.user, "role": options.role, "token": made})
    else:
        print(made)  # noqa: T201 - the answer
    return 0
