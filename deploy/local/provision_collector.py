"""The OpenTelemetry Collector, built from its Go modules. Nothing but `make observe` and `make traces` needs it.

Its makers' own choice of parts cannot be installed by name, and holds hundreds that nobody here needs: ours takes OTLP,
and gives to a file and to another collector.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from deploy.local.console import Steps
from deploy.local.provision_go_module import GoModule, provision_module

PROGRAM = "collector"
COLLECTOR = GoModule(
    name="otelcol",
    title="OpenTelemetry Collector, built from source (some minutes)",
    folder=Path(__file__).parents[1] / "observe" / "collector",
    programs={PROGRAM: "."},
    made_of=("go.mod", "go.sum", "main.go"),
)


def provision_collector(cache: Path, uv: Callable[[], Path], steps: Steps) -> Path:
    """The path of its binary."""
    return provision_module(COLLECTOR, cache, uv, steps) / PROGRAM
