"""What `docuvault explain` does with its options, and what it says."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from docuvault_contracts.keys import owner_of

from deploy.local.errors import StackError
from deploy.local.settings import load_settings
from deploy.local.stack import require_running, stack_of
from deploy.ops.explain_fix import Fixed, fix
from deploy.ops.explain_model import Explained, Kafka
from deploy.ops.explain_rules import IN_ORDER, UNTOLD
from deploy.ops.explain_states import Timing
from deploy.ops.explain_text import as_dict, as_text, user_dict, user_text
from deploy.ops.explaining import Explainer
from deploy.ops.output import say, say_json
from deploy.ops.showing import clean, shell_word
from services.chassis.settings_urls import UrlSettings

RESTS, STUCK, UNTOLD_CODE = 0, 1, 2
MAX_KEY_BYTES = 1024


async def answer(options: argparse.Namespace) -> int:
    """Explains what the options name, and fixes it where they say so; the exit code. See commands/explain.py."""
    explainer = _explainer(options)
    if options.user is not None:
        if options.fix:
            raise StackError("--fix moves one upload on: say which by --doc or --key")
        return await _user(explainer, _uuid(options.user, "user"), options)
    key, others = await _key(explainer, options)
    explained = (await explainer.explain([key]))[0]
    if not (explained.facts.is_known or explained.facts.away or _is_told(explained.facts.kafka)):
        raise StackError(f"nobody knows a key {clean(key)}; is it of another stack?")
    explained = replace(explained, facts=replace(explained.facts, notes=tuple(map(_other, others))))
    return await _fixed(explainer, explained, options) if options.fix else _shown(Fixed(explained), options)


def _is_told(kafka: Kafka | None) -> bool:
    """What has expired everywhere else may still stand in Kafka."""
    return kafka is not None and bool(kafka.heard or kafka.dead)


def _explainer(options: argparse.Namespace) -> Explainer:
    stack = stack_of(load_settings())
    require_running(stack)
    return Explainer(stack.info, timing_of(stack.settings.service_env), max(0.0, options.seconds))


def timing_of(environment: Mapping[str, str]) -> Timing:
    """How often the services of a stack look again, by the settings that they were started with."""
    settings = UrlSettings.model_validate({name.lower(): value for name, value in environment.items()})
    return Timing(
        sweep_age=settings.sweep_age_seconds,
        sweep_every=settings.sweep_every_seconds,
        reconcile_every=float(environment.get("RECONCILE_EVERY_SECONDS", Timing().reconcile_every)),
    )


async def _key(explainer: Explainer, options: argparse.Namespace) -> tuple[str, Sequence[str]]:
    """The key to explain, and others under its document's id."""
    key = None if options.key is None else _wellformed(options.key)
    owner = owner_of(key) if key is not None else None
    if key is not None and owner is None:
        return key, ()
    document = UUID(owner[1]) if owner else _uuid(options.doc, "document")
    keys = await explainer.keys_of(document)
    if key is None and not keys:
        raise StackError(f"nobody knows a document {document}; is it of another stack?")
    chosen = keys[0] if key is None else key
    return chosen, [each for each in keys if each != chosen]


def _uuid(text: str, what: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise StackError(f"the id of a {what} is a UUID, not {clean(text, 60)!r}") from None


def _wellformed(key: str) -> str:
    """What the store could hold. Raises StackError."""
    raw = key.encode("utf-8", "surrogatepass")
    if not 0 < len(raw) <= MAX_KEY_BYTES or "\0" in key or raw != key.encode("utf-8", "ignore"):
        raise StackError(f"no object can have this key: {clean(key, 60)!r}")
    return key


def _other(key: str) -> str:
    return f"another key under this document's id: docuvault explain --key {shell_word(key)}"


async def _user(explainer: Explainer, user: UUID, options: argparse.Namespace) -> int:
    found = await explainer.user(user)
    if options.json:
        say_json(user_dict(found))
    else:
        _show(user_text(found))
    return max((_code(each) for each in found.waiting), default=RESTS)


async def _fixed(explainer: Explainer, explained: Explained, options: argparse.Namespace) -> int:
    if explained.verdict.push is not None:
        _tell(f"saying {explained.verdict.push}, and waiting up to {options.wait:g} s to see it settle")
    return _shown(await fix(explainer, explained, max(0.0, options.wait)), options)


def _shown(fixed: Fixed, options: argparse.Namespace) -> int:
    explained = fixed.explained
    if options.json:
        done = {"said": fixed.said, "refused": fixed.refused} if options.fix else {}
        say_json({**as_dict(explained), **done})
    else:
        _show(as_text(explained) + _done(fixed))
    code = _code(explained)
    if code == UNTOLD_CODE:
        return _said(clean(explained.verdict.what))
    return UNTOLD_CODE if fixed.refused is not None and code != RESTS else code


def _done(fixed: Fixed) -> str:
    if fixed.refused is not None:
        return f"\nfix      nothing was said: {fixed.refused}"
    return f"\nfix      said {fixed.said}; the above is how it stands since" if fixed.said else ""


def _code(explained: Explained) -> int:
    if explained.verdict.state in UNTOLD:
        return UNTOLD_CODE
    return RESTS if explained.verdict.state in IN_ORDER else STUCK


def _show(text: str) -> None:
    """Its text is escaped part by part; the line ends are ours."""
    for line in text.split("\n"):
        say(line)


def _tell(text: str) -> None:
    sys.stderr.write(f"docuvault: {text}\n")


def _said(reason: str) -> int:
    _tell(reason)
    return UNTOLD_CODE
