"""Toxiproxy, for tests of outages: the way from the services to the servers, and from the store to Kafka.

Only a stack with a FAULT_PROXY_PORT has it. Clients outside, such as a test's own, reach the servers directly.
"""

from __future__ import annotations

import json
from pathlib import Path

from deploy.local.layout import Layout, write_private
from deploy.local.programs import Program
from deploy.local.server_minio import check_url
from deploy.local.settings import StackSettings
from deploy.local.ways import FaultPorts


def toxiproxy(layout: Layout, ports: FaultPorts, binary: Path) -> Program:
    """The program; its configuration must be written."""
    return Program(
        name="toxiproxy",
        command=(
            *(str(binary), "-host", "127.0.0.1", "-port", str(ports.api)),
            *("-config", str(_configuration(layout))),
        ),
        ports={"FAULT_PROXY_PORT": ports.api, **{f"FAULT_PROXY_PORT for {way}": ports.ways[way] for way in ports.ways}},
        check=lambda: check_url(f"http://127.0.0.1:{ports.api}/version"),
        environment={"LOG_LEVEL": "error"},  # each connection that a fault cuts would be a warning
    )


def write_toxiproxy(layout: Layout, settings: StackSettings, ports: FaultPorts) -> None:
    """Writes which port leads where."""
    upstreams = {
        "postgres": settings.postgres_port,
        "minio": settings.minio_port,
        "kafka": ports.kafka_listener,
        "store_kafka": ports.store_kafka_listener,
    }
    proxies = [
        {"name": way, "listen": f"127.0.0.1:{port}", "upstream": f"127.0.0.1:{upstreams[way]}", "enabled": True}
        for way, port in ports.ways.items()
    ]
    _configuration(layout).parent.mkdir(mode=0o700, exist_ok=True)
    write_private(_configuration(layout), json.dumps(proxies, indent=2))


def _configuration(layout: Layout) -> Path:
    return layout.state / "toxiproxy" / "proxies.json"
