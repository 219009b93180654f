"""Prometheus and promtool, built from their Go module. Nothing but `make observe` and `make alerts` needs them.

Left out by a tag is what discovers services in clouds. The module holds no assets of the web interface, which are built
by npm and published in archives and images only: what is built here answers its HTTP API, and its pages are empty.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from deploy.local.artefacts import MARKER
from deploy.local.console import Steps
from deploy.local.provision_go import GoProgram, provision_go

PROMETHEUS = GoProgram(
    name="prometheus",
    title="Prometheus, some minutes",
    module="github.com/prometheus/prometheus",
    version="v0.316.0",
    module_hash="h1:f1GRFerhTMKQma+awCoC9T820ecWeGSdF+xAlMHzZzM=",
    folder="cmd/prometheus",
    beside=("cmd/promtool",),
    tags=("remove_all_sd",),
)


def provision_prometheus(cache: Path, uv: Callable[[], Path], steps: Steps) -> Path:
    """The folder of both programs."""
    return provision_go(PROMETHEUS, cache, uv, steps).parent


def prometheus_at_hand(cache: Path) -> Path | None:
    """The folder of both programs, where somebody has had them built; None where nobody has."""
    folder = cache / f"{PROMETHEUS.name}-{PROMETHEUS.version}"
    return folder if (folder / MARKER).exists() else None
