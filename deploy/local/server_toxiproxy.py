"""Toxiproxy, for tests of outages: each way from a service or a client to a server, and the store's own to Kafka.

Only a stack with a FAULT_PROXY_PORT has it. What a test looks with reaches the servers directly.
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
    proxies = [
        {"name": way, "listen": f"127.0.0.1:{port}", "upstream": f"127.0.0.1:{_end(settings, ports, way)}"}
        | {"enabled": True}
        for way, port in ports.ways.items()
    ]
    _configuration(layout).parent.mkdir(mode=0o700, exist_ok=True)
    write_private(_configuration(layout), json.dumps(proxies, indent=2))


def _end(settings: StackSettings, ports: FaultPorts, way: str) -> int:
    """The port that a way leads to."""
    who, server = way.split("_")
    if server == "kafka":
        return ports.kafka_listeners[who]
    ends = {"postgres": settings.postgres_port, "minio": settings.minio_port, "gateway": settings.gateway_port}
    return ends[server]


def _configuration(layout: Layout) -> Path:
    return layout.state / "toxiproxy" / "proxies.json"
