"""Toxiproxy, the fault proxy of the tests, built from its Go module: it is published as source and as images only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from deploy.local.console import Steps
from deploy.local.provision_go import GoProgram, provision_go

TOXIPROXY = GoProgram(
    name="toxiproxy",
    title="Toxiproxy, for the tests",
    module="github.com/Shopify/toxiproxy/v2",
    version="v2.5.0",
    module_hash="h1:i4LPT+qrSlKNtQf5QliVjdP08GyAH8+BUIc9gT0eahc=",
    folder="cmd/server",
)


def provision_toxiproxy(cache: Path, uv: Callable[[], Path], steps: Steps) -> Path:
    """The path of the toxiproxy binary."""
    return provision_go(TOXIPROXY, cache, uv, steps)
