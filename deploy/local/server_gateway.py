"""The gateway: Caddy in front of the services, the page and the documentation."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from string import Template

from deploy.local import gateway_headers as headers
from deploy.local.errors import StackError
from deploy.local.layout import Layout, write_private
from deploy.local.programs import Program
from deploy.local.server_minio import BUCKET, check_url
from deploy.local.server_services import CHECKOUT, service_port
from deploy.local.settings import StackSettings

TEMPLATES = CHECKOUT / "deploy" / "gateway"
HEALTH_SECONDS = 1
"""How often the gateway asks each replica how it is."""
HEALTH_FAILS = 2
"""So many bad answers take a replica away."""
SILENCE_SECONDS = 60
"""How long a body that is under way may pause."""
_REDIRECTS = "listener_wrappers {\n\t\t\thttp_redirect\n\t\t\ttls\n\t\t}"


@dataclass(frozen=True, slots=True)
class Served:
    """The folders that the gateway serves files of: the parent of `docs`, and the page, where there is one."""

    docs: Path
    page: Path | None = None


def gateway(layout: Layout, settings: StackSettings, caddy: Path) -> Program:
    """The gateway; its configuration must be written."""
    return Program(
        name="gateway",
        command=(str(caddy), "run", "--config", str(_caddyfile(layout)), "--adapter", "caddyfile"),
        ports={"GATEWAY_PORT": settings.gateway_port},
        check=lambda: _check(settings),
        environment=_caddy_environment(layout),
        stop_seconds=15,
    )


async def _check(settings: StackSettings) -> None:
    """Certificates of the stack's own authority are made one by one, after the gateway has begun to listen."""
    scheme = "https" if settings.tls else "http"
    names = (settings.gateway_host, settings.store_behind_gateway) if settings.gateway_tls == "internal" else ()
    for name in (None, *(name for name in names if name is not None)):
        await check_url(f"{scheme}://127.0.0.1:{settings.gateway_port}/healthz", name=name)


def _caddyfile(layout: Layout) -> Path:
    return layout.gateway / "Caddyfile"


def _caddy_environment(layout: Layout) -> dict[str, str]:
    folder = layout.gateway
    return {"HOME": str(folder), "XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config")}


def own_authority(layout: Layout) -> Path:
    """The certificate that clients trust where the gateway's TLS is `internal`; made at its first start."""
    return layout.gateway / "data" / "caddy" / "pki" / "authorities" / "local" / "root.crt"


def write_gateway(layout: Layout, settings: StackSettings, served: Served) -> bool:
    """Writes the gateway's configuration. Returns whether it is another than before."""
    text = render_gateway(layout, settings, served)
    path = _caddyfile(layout)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if path.exists() and path.read_text() == text:
        return False
    write_private(path, text)
    return True


def render_gateway(layout: Layout, settings: StackSettings, served: Served) -> str:
    """The Caddyfile for as many replicas as the settings say."""
    names = (settings.gateway_host, "127.0.0.1") if settings.gateway_tls == "internal" else ("",)
    return caddyfile(
        admin=layout.gateway_socket,
        certificates="disable_redirects" if settings.gateway_tls == "internal" else "off",
        wrappers=_REDIRECTS if settings.tls else "",
        site=_addresses(settings, *names),
        bind="127.0.0.1",
        tls=_tls(settings),
        hsts=headers.strict_transport(settings.gateway_tls),
        replicas="{args[:]}",
        health=template("asked").substitute(health_interval=f"{HEALTH_SECONDS}s", health_fails=HEALTH_FAILS).strip(),
        upload=_upstreams(layout, settings, "upload"),
        quota=_upstreams(layout, settings, "quota"),
        classifier=_upstreams(layout, settings, "classifier"),
        docs=_word(served.docs),
        page=_page(settings, served.page),
        store=_store(settings),
    )


def caddyfile(**place: object) -> str:
    """The Caddyfile of a gateway, wherever it stands: what differs from place to place fills in the template."""
    return template("Caddyfile").substitute(
        permissions=headers.PERMISSIONS,
        csp_data=headers.DATA,
        csp_docs=headers.DOCS,
        csp_drawn=headers.DRAWN,
        silence=f"{SILENCE_SECONDS}s",
        **place,
    )


def _page(settings: StackSettings, folder: Path | None) -> str:
    if folder is None:
        return ""
    policy = headers.page([settings.store_origin, *settings.page_origins])
    return template("page").substitute(page=_word(folder), csp_page=policy)


def _store(settings: StackSettings) -> str:
    name = settings.store_behind_gateway
    if name is None:
        return ""
    return template("store").substitute(
        site=_addresses(settings, name),
        tls=_tls(settings),
        hsts=headers.strict_transport(settings.gateway_tls) or "-Strict-Transport-Security",
        csp_store=headers.STORE,
        bucket=BUCKET,
        store=f"127.0.0.1:{settings.minio_port}",
    )


def template(name: str) -> Template:
    """A template of deploy/gateway."""
    return Template((TEMPLATES / f"{name}.template").read_text())


def _addresses(settings: StackSettings, *names: str) -> str:
    scheme = "https" if settings.tls else "http"
    return ", ".join(f"{scheme}://{name}:{settings.gateway_port}" for name in names)


def _tls(settings: StackSettings) -> str:
    if settings.gateway_tls in {"off", "internal"}:
        return "tls internal" if settings.tls else ""
    certificate, key = settings.gateway_tls.split(":")
    return f"tls {_word(Path(certificate))} {_word(Path(key))}"


def _word(path: Path) -> str:
    """A path as a Caddyfile wants it, whatever is in it."""
    if any(sign in str(path) for sign in '`{}\n"'):
        raise StackError(f"the gateway cannot serve {path}: its name holds a brace, a quote or a line end")
    return f"`{path}`"


def _upstreams(layout: Layout, settings: StackSettings, service: str) -> str:
    """All replicas; of a service with only one also the socket of what stands in for it while it is restarted."""
    ports = (service_port(settings, service, number) for number in range(1, settings.replicas + 1))
    spare = (f"unix/{layout.spare_socket(service)}",) if settings.replicas == 1 else ()
    return " ".join((*(f"127.0.0.1:{port}" for port in ports), *spare))


def reload_gateway(layout: Layout, caddy: Path) -> None:
    """Makes the running gateway follow its configuration; requests in flight are finished."""
    command = [str(caddy), "reload", "--config", str(_caddyfile(layout)), "--adapter", "caddyfile"]
    command += ["--address", f"unix/{layout.gateway_socket}"]
    environment = _caddy_environment(layout)
    says = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - caddy
    if says.returncode != 0:
        raise StackError(f"the gateway does not take its new configuration: {says.stderr.strip().splitlines()[-1:]}")
