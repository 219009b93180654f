"""A bill of materials of an image (CycloneDX 1.6): told from what lies in it, not from what was meant to."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import datetime
from email.parser import HeaderParser

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from deploy.images import lockfile
from deploy.images.normal import Contents
from deploy.local.provision_kafka import LOCK, read_lock
from deploy.local.provision_minio import MINIO
from deploy.local.provision_postgres import LOCK as POSTGRES

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "sbom.docuvault.local")
_JAR = re.compile(r"(?:^|/)opt/kafka/([^/]+\.jar)$")


def describe(name: str, revision: str, created: datetime, contents: Contents) -> tuple[str, bytes]:
    """Where an image keeps its bill of materials, and the bill as JSON: the same of the same files and commit."""
    bom = Bom(serial_number=uuid.uuid5(NAMESPACE, f"{name}@{revision}"))
    bom.metadata.timestamp = created
    image = Component(name=f"docuvault/{name}", type=ComponentType.CONTAINER, version=revision, bom_ref=name)
    bom.metadata.component = image
    held = list(_components(contents))
    bom.components.update(held)
    bom.register_dependency(image, held)
    text = JsonV1Dot6(bom).output_as_string(indent=1)
    return f"usr/share/sbom/{name}.cdx.json", text.encode()


def _components(contents: Contents) -> Iterator[Component]:
    for path, data in sorted(contents.files.items()):
        if "status.d" in path.split("/"):
            yield _of_debian(_headers(data))
        elif ".dist-info/" in path:
            yield _of_python(_headers(data))
    yield from _jars(contents.names)
    if "opt/postgres/bin/postgres" in contents.names:  # unpacked of its wheel, which says nothing more of itself
        yield from (
            _of_python({"Name": one.name, "Version": one.version}) for one in lockfile.read_lock(POSTGRES.read_text())
        )
    if "usr/bin/minio" in contents.names:
        purl = PackageURL("golang", "github.com/minio", "minio", MINIO.version)
        yield _library("minio", MINIO.version, purl)


def _headers(data: bytes) -> dict[str, str]:
    return dict(HeaderParser().parsestr(data.decode("utf-8", "replace"), headersonly=True).items())


def _of_debian(said: dict[str, str]) -> Component:
    name, version, machine = said["Package"], said["Version"], said["Architecture"]
    return _library(name, version, PackageURL("deb", "debian", name, version, {"arch": machine}))


def _of_python(said: dict[str, str]) -> Component:
    name, version = said["Name"].lower().replace("_", "-"), said["Version"]
    return _library(name, version, PackageURL("pypi", None, name, version))


def _jars(names: list[str]) -> Iterator[Component]:
    held = {found[1] for name in names if (found := _JAR.search(name))}
    for jar in read_lock(LOCK.read_text()):
        if f"{jar.name}-{jar.version}.jar" in held:
            digest = [HashType(alg=HashAlgorithm.SHA_256, content=jar.sha256)]
            purl = PackageURL("maven", jar.group, jar.name, jar.version)
            yield Component(name=jar.name, version=jar.version, purl=purl, bom_ref=str(purl), hashes=digest)


def _library(name: str, version: str, purl: PackageURL) -> Component:
    return Component(name=name, version=version, purl=purl, bom_ref=str(purl), type=ComponentType.LIBRARY)
