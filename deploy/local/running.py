"""The settings a running stack was started with, so that other commands find it without being told again."""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError

from deploy.local.errors import StackError
from deploy.local.layout import Layout, write_private
from deploy.local.settings import StackSettings, why

CHANGEABLE = frozenset(
    {
        *("replicas", "log_level", "page_dir", "page_origins", "service_env", "start_timeout_seconds", "state_dir"),
        *("oidc_client_secret", "oidc_scopes", "otlp_endpoint", "traces_share", "kafka_guests"),
    }
)
"""What `up` may change while the stack runs."""


def remember(layout: Layout, settings: StackSettings) -> None:
    """Keeps the settings beside the state."""
    write_private(layout.running, settings.model_dump_json(indent=2))


def recall(layout: Layout, asked: StackSettings) -> StackSettings:
    """What was asked for explicitly over what the stack was last started with, over the defaults.

    Raises StackError where the two do not go together.
    """
    explicit = {name: getattr(asked, name) for name in asked.model_fields_set}
    try:
        return StackSettings(**{**_kept(layout), **explicit, "state_dir": layout.state})
    except ValidationError as error:
        raise StackError(f"this does not go with what the stack was started with: {why(error)}") from None


def recall_kind(layout: Layout, asked: StackSettings) -> str:
    """Of which kind the stack is: what was asked for explicitly, else what it was last started as."""
    return asked.stack if "stack" in asked.model_fields_set else str(_kept(layout).get("stack", asked.stack))


def recall_running(layout: Layout, asked: StackSettings) -> StackSettings:
    """As `recall`, for a stack that runs; raises StackError where what was asked for needs it to be down first."""
    settings = recall(layout, asked)
    was = StackSettings(**{**_kept(layout), "state_dir": layout.state})
    for name in sorted(StackSettings.model_fields.keys() - CHANGEABLE):
        if getattr(settings, name) != getattr(was, name):
            raise StackError(f"the stack runs with another {name.upper()}; `make down` first")
    return settings


def _kept(layout: Layout) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(layout.running.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return {name: value for name, value in found.items() if name in StackSettings.model_fields}
