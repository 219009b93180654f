"""The services: as many replicas of each as asked for, and the gateway in front of them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from string import Template

from deploy.local.credentials import Credentials, store_key
from deploy.local.errors import StackError
from deploy.local.layout import Layout, write_private
from deploy.local.programs import Program
from deploy.local.server_minio import BUCKET, REGION, check_url
from deploy.local.server_postgres import database_url
from deploy.local.settings import PORTS_OF_A_SERVICE, SERVICES, StackSettings
from deploy.local.ways import port_for

CHECKOUT = Path(__file__).parents[2]
CADDYFILE = CHECKOUT / "deploy" / "gateway" / "Caddyfile.template"
JWT_ISSUER = "docuvault"
JWT_AUDIENCE = "docuvault"
HAVE_CLIENTS = ("upload", "quota", "classifier")
"""Only these verify tokens, so only these get the key."""
_PYTHON = {"PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'contracts'}", "PYTHONUNBUFFERED": "1"}


def replicas(settings: StackSettings, credentials: Credentials, pythons: Mapping[str, Path]) -> tuple[Program, ...]:
    """The programs of all replicas of the services that run; `pythons` are their interpreters, by service."""
    return tuple(
        _replica(settings, credentials, pythons[service], service, number)
        for service in settings.running_services
        for number in range(1, settings.replicas + 1)
    )


def service_port(settings: StackSettings, service: str, number: int) -> int:
    """The port replica `number` (from 1) of a service listens on."""
    return settings.service_port_base + SERVICES.index(service) * PORTS_OF_A_SERVICE + number


def _replica(settings: StackSettings, credentials: Credentials, python: Path, service: str, number: int) -> Program:
    port = service_port(settings, service, number)
    return Program(
        name=f"{service}-{number}",
        command=(str(python), "-m", f"services.{service}"),
        ports={"SERVICE_PORT_BASE": port},
        check=lambda: check_url(f"http://127.0.0.1:{port}/readyz"),
        environment={
            **_PYTHON,
            "REPLICA": str(number),
            "HTTP_PORT": str(port),
            "HTTP_HOST": "127.0.0.1",
            **service_environment(settings, credentials, service),
            **settings.service_env,
        },
    )


def command_environment(settings: StackSettings, credentials: Credentials, service: str) -> Mapping[str, str]:
    """The whole environment of a service's command line, `python -m services.<service> <command>`."""
    return {
        **_PYTHON,
        "PATH": os.defpath,
        "REPLICA": "command",
        "DATABASE_STARTUP_WAIT_SECONDS": "2",  # a person waits, who is told at once that it is away
        **service_environment(settings, credentials, service),
        **settings.service_env,
    }


def service_environment(settings: StackSettings, credentials: Credentials, service: str) -> Mapping[str, str]:
    """The settings of a service, as its environment: its own role, its own key, nothing of another's."""
    return {
        "LOG_LEVEL": settings.log_level,
        "DATABASE_URL": database_url(port_for(settings, service, "postgres"), service, credentials.database[service]),
        "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{port_for(settings, service, 'kafka')}",
        **(_tokens(credentials) if service in HAVE_CLIENTS else {}),
        **({"LLM_KEY_SECRETS": credentials.llm_key_secret} if service == "classifier" else {}),
        **(_store(settings, credentials, service) if service in credentials.store else {}),
    }


def _tokens(credentials: Credentials) -> dict[str, str]:
    return {"JWT_SECRET": credentials.jwt_secret, "JWT_ISSUER": JWT_ISSUER, "JWT_AUDIENCE": JWT_AUDIENCE}


def _store(settings: StackSettings, credentials: Credentials, service: str) -> dict[str, str]:
    return {
        "MINIO_ENDPOINT": f"127.0.0.1:{port_for(settings, service, 'minio')}",
        "MINIO_PUBLIC_ENDPOINT": settings.public_endpoint,
        "MINIO_SECURE": "false",
        "MINIO_PUBLIC_SECURE": "false",
        "MINIO_REGION": REGION,
        "MINIO_BUCKET": BUCKET,
        "MINIO_ACCESS_KEY": store_key(service),
        "MINIO_SECRET_KEY": credentials.store[service],
    }


def gateway(layout: Layout, settings: StackSettings, caddy: Path) -> Program:
    """The gateway; its configuration must be written."""
    return Program(
        name="gateway",
        command=(str(caddy), "run", "--config", str(_caddyfile(layout)), "--adapter", "caddyfile"),
        ports={"GATEWAY_PORT": settings.gateway_port},
        check=lambda: check_url(f"http://127.0.0.1:{settings.gateway_port}/healthz"),
        environment=_caddy_environment(layout),
        stop_seconds=15,
    )


def _caddyfile(layout: Layout) -> Path:
    return layout.state / "gateway" / "Caddyfile"


def _caddy_environment(layout: Layout) -> dict[str, str]:
    folder = layout.state / "gateway"
    return {"HOME": str(folder), "XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config")}


def write_gateway(layout: Layout, settings: StackSettings) -> bool:
    """Writes the gateway's configuration. Returns whether it is another than before."""
    text = render_gateway(layout, settings)
    path = _caddyfile(layout)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if path.exists() and path.read_text() == text:
        return False
    write_private(path, text)
    return True


def render_gateway(layout: Layout, settings: StackSettings) -> str:
    """The Caddyfile for as many replicas as the settings say."""
    return Template(CADDYFILE.read_text()).substitute(
        admin=layout.gateway_socket,
        port=settings.gateway_port,
        upload=_upstreams(settings, "upload"),
        quota=_upstreams(settings, "quota"),
        classifier=_upstreams(settings, "classifier"),
    )


def _upstreams(settings: StackSettings, service: str) -> str:
    ports = (service_port(settings, service, number) for number in range(1, settings.replicas + 1))
    return " ".join(f"127.0.0.1:{port}" for port in ports)


def reload_gateway(layout: Layout, caddy: Path) -> None:
    """Makes the running gateway follow its configuration; requests in flight are finished."""
    command = [str(caddy), "reload", "--config", str(_caddyfile(layout)), "--adapter", "caddyfile"]
    command += ["--address", f"unix/{layout.gateway_socket}"]
    environment = _caddy_environment(layout)
    says = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - caddy
    if says.returncode != 0:
        raise StackError(f"the gateway does not take its new configuration: {says.stderr.strip().splitlines()[-1:]}")
