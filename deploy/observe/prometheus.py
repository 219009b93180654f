"""Prometheus on a stack: its configuration, made from the stack's own addresses, and its process."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deploy.local.layout import write_private
from deploy.observe.processes import Running, running
from deploy.observe.store_metrics import StoreMetrics

RULES = Path(__file__).parent / "rules"
HOST = "127.0.0.1"
SCRAPE_SECONDS = 5
KEPT = "30d"


def configuration(
    services: Mapping[str, str],
    rules: Path = RULES,
    scrape_seconds: int = SCRAPE_SECONDS,
    store: StoreMetrics | None = None,
) -> str:
    """What Prometheus reads, as JSON, which is YAML, too. `services` are URLs by process, e.g. upload-1.

    Each service is a job of its own, by its name; alerts and dashboards go by that. What it holds is secret where there
    is a `store`.
    """
    jobs: dict[str, list[dict[str, Any]]] = {}
    for process, url in services.items():
        service, _, replica = process.rpartition("-")
        target = {"targets": [url.removeprefix("http://")], "labels": {"replica": replica}}
        jobs.setdefault(service, []).append(target)
    every = f"{scrape_seconds}s"
    return json.dumps(
        {
            "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
            "rule_files": [str(rules / "*.yml")],
            "scrape_configs": [
                *({"job_name": job, "static_configs": targets} for job, targets in jobs.items()),
                *([store.scraped()] if store else []),
            ],
        },
        indent=1,
    )


@contextmanager
def watching(programs: Path, folder: Path, port: int, config: str) -> Iterator[Running]:
    """Prometheus on 127.0.0.1, its data and its log in `folder`, ended with the block."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(folder / "prometheus.yml", config)
    command = [
        str(programs / "prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--storage.tsdb.retention.time={KEPT}",
        f"--web.listen-address={HOST}:{port}",
        "--log.level=warn",
    ]
    with running("Prometheus", command, folder / "prometheus.log") as found:
        yield found
