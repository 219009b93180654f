"""Prometheus on a stack: its configuration, made from the stack's own addresses, and its process."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen, TimeoutExpired
from typing import Any

from deploy.local.errors import StackError
from deploy.local.layout import write_private

RULES = Path(__file__).parent / "rules"
HOST = "127.0.0.1"
SCRAPE_SECONDS = 5
STOP_SECONDS = 20
KEPT = "30d"


def configuration(services: Mapping[str, str], rules: Path = RULES, scrape_seconds: int = SCRAPE_SECONDS) -> str:
    """What Prometheus reads, as JSON, which is YAML, too. `services` are URLs by process, e.g. upload-1.

    Each service is a job of its own, by its name; alerts and dashboards go by that.
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
            "scrape_configs": [{"job_name": job, "static_configs": targets} for job, targets in jobs.items()],
        },
        indent=1,
    )


@contextmanager
def running(programs: Path, folder: Path, port: int, config: str) -> Iterator[Popen[bytes]]:
    """Prometheus on 127.0.0.1, its data and its log in `folder`, ended with the block. Raises StackError."""
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
    with (folder / "prometheus.log").open("ab") as log:
        process = Popen(command, stdin=DEVNULL, stdout=log, stderr=STDOUT)  # noqa: S603 - our own
    try:
        yield process
    finally:
        _end(process)


def _end(process: Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except TimeoutExpired:
        process.kill()
        process.wait()


def check_alive(process: Popen[bytes], folder: Path) -> None:
    """Raises StackError where Prometheus has ended, with the last that it said."""
    if process.poll() is not None:
        said = (folder / "prometheus.log").read_text("utf-8", "replace").strip().splitlines()
        raise StackError(f"Prometheus has ended: {said[-1] if said else 'it said nothing'}")
