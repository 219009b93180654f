"""The OpenTelemetry Collector on a stack: its configuration, and its process. Spans go to a file, and on to another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deploy.local.layout import write_private
from deploy.observe.processes import Running, running

HOST = "127.0.0.1"
PORT = 4318
"""OTLP's own, over HTTP."""
MEGABYTES = 64
"""Of a file; then it is put aside, and the one before that is gone."""


def configuration(port: int, traces: Path, onward: str | None = None) -> str:
    """What the Collector reads, as JSON, which is YAML, too. `onward` is the URL of another that takes OTLP."""
    rotation = {"max_megabytes": MEGABYTES, "max_backups": 1}
    exporters: dict[str, Any] = {"file": {"path": str(traces), "rotation": rotation}}
    if onward:
        at_once = {"retry_on_failure": {"enabled": False}, "sending_queue": {"enabled": False}}
        exporters["otlp_http"] = {"endpoint": onward, **at_once}
    return json.dumps(
        {
            "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"{HOST}:{port}"}}}},
            "exporters": exporters,
            "service": {
                "telemetry": {"metrics": {"level": "none"}, "logs": {"level": "warn"}},
                "pipelines": {"traces": {"receivers": ["otlp"], "exporters": list(exporters)}},
            },
        },
        indent=1,
    )


def traces_in(folder: Path) -> Path:
    """The file, a line of JSON an export."""
    return folder / "traces.jsonl"


@contextmanager
def collecting(program: Path, folder: Path, port: int = PORT, onward: str | None = None) -> Iterator[Running]:
    """The Collector on 127.0.0.1, its file and its log in `folder`, ended with the block."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    config = folder / "collector.yml"
    write_private(config, configuration(port, traces_in(folder), onward))
    with running("The Collector", [str(program), "--config", f"file:{config}"], folder / "collector.log") as found:
        yield found
