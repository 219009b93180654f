"""`docuvault rotate`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from datetime import UTC, datetime
from functools import partial

from deploy.local.errors import StackError
from deploy.local.rotation import KINDS
from deploy.local.settings import StackSettings, load_settings
from deploy.local.stack import Stack, require_running, stack_of
from deploy.ops.output import say, say_json

HELP = """\
Changes keys while everything runs, and no client notices: the new key is made known everywhere, then used everywhere,
and the old one ends when what it signed has ended. Services are restarted one process after the other; in containers
new ones come first, then the old ones go.

  jwt       the secret of the tokens
  minio     the keys of the services at the object store
  postgres  the logins of the services at the database
  fernet    the key under which users' keys of language models lie; all of them are encrypted anew
  kafka     the accounts of the services and the store at Kafka, where it knows them; the store is restarted, too
  all       all of these

  docuvault rotate jwt
  docuvault rotate minio postgres
  docuvault rotate all --revoke

An old key of tokens or of the store is good for as long as a token or a URL that it signed; the command says until
when, and ends it when it is run again after that. Killed at any moment, it goes on where it was when it is run again.

Exit 0: done, or all but the end of old keys. 2: not done.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which keys, and whether the old ones may live on."""
    parser.add_argument("kinds", nargs="+", metavar="KEY", choices=[*KINDS, "all"], help="what to change")
    parser.add_argument(
        "--revoke", action="store_true", help="end old keys at once, as they leaked: tokens and URLs end, too"
    )


def run(options: argparse.Namespace) -> int:
    """0 where it is done. Raises StackError."""
    from deploy.ops.rotating import lives_of, rotate  # noqa: PLC0415 - the help is quick

    stack = stack_of(load_settings())
    require_running(stack)
    kinds = kinds_of(stack.settings, options.kinds)
    lives = dict.fromkeys(KINDS, 0.0) if options.revoke else lives_of(stack.settings)
    waits = rotate(stack, kinds, lives, partial(renew, stack, as_json=options.json))
    if options.json:
        say_json({"changed": kinds, "old_keys_until": {kind: _time(until) for kind, until in waits.items()}})
    else:
        _tell(kinds, waits)
    return 0


def kinds_of(settings: StackSettings, asked: list[str]) -> list[str]:
    """What this stack has of that. Raises StackError for what was named and is not there."""
    there = {
        "jwt": "" if settings.oidc_issuer is None else f"tokens of this stack are signed by {settings.oidc_issuer}",
        "fernet": "" if "classifier" in settings.running_services else "the classifier does not run in this stack",
        "kafka": "" if settings.secure else "Kafka knows no accounts in this stack (SECURE=1)",
    }
    for kind in asked:
        if there.get(kind):
            raise StackError(f"{kind} cannot be changed here: {there[kind]}")
    return [kind for kind in KINDS if kind in asked or ("all" in asked and not there.get(kind))]


def renew(stack: Stack, *, as_json: bool) -> None:
    """Has the classifier encrypt users' keys anew; with `as_json` what it counts is no part of the answer."""
    from deploy.ops.janitor import run_service  # noqa: PLC0415 - the help is quick

    with redirect_stdout(sys.stderr if as_json else sys.stdout):
        code = run_service(stack, "classifier", "classifier", "renew")
    if code != 0:
        raise StackError("users' keys could not be encrypted anew; the old key stays good, run it again")


def _tell(kinds: list[str], waits: Mapping[str, float]) -> None:
    for kind in kinds:
        until = f"; the old one is good until {_time(waits[kind])}, run it again then" if kind in waits else ""
        say(f"{kind}: the new key is used{until}" if until else f"{kind}: changed, the old key is gone")


def _time(until: float) -> str:
    return datetime.fromtimestamp(until, UTC).isoformat(timespec="seconds")
