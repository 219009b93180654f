"""What the images of Kafka and PostgreSQL are configured with: as the embedded ones are, for a place of their own."""

from __future__ import annotations

import shutil
from pathlib import Path

from deploy.access import NODES, OPERATORS
from deploy.local import server_kafka, server_postgres
from deploy.local.kafka_java import JVM_OPTIONS
from deploy.local.kafka_nodes import Node
from deploy.local.kafka_security import Shown, secured
from deploy.local.postgres_conf import configuration, with_tls
from deploy.local.server_services import CHECKOUT

HERE = CHECKOUT / "deploy" / "images"
SECRETS = "/run/secrets"
OWN_KEY = "/tmp/postgres.key"  # noqa: S108 - a file system of the container's own
"""Where PostgreSQL's first process copies its key to: the server takes none that others may read."""
PROGRAMS = ("initdb", "pg_isready", "postgres")
NOT_NEEDED = ("*.a", "*plpython3*", "libecpg*", "pgxml.so", "pkgconfig", "uuid-ossp.so")
"""Of PostgreSQL's libraries: those that take more of the base, for nothing that is used here."""


def write_postgres(app: Path, *, secure: bool = False) -> None:
    """Its first process and what that reads; where it is secure nobody comes without TLS."""
    shutil.copy2(HERE / "entry" / "postgres.py", app / "postgres.py")
    tls = with_tls(f"{SECRETS}/postgres.crt", OWN_KEY) if secure else ""
    (app / "postgresql.conf").write_text(configuration(5432, "*") + tls)
    (app / "pg_hba.conf").write_text(f"{'hostssl' if secure else 'host'} all all all scram-sha-256\n")
    options = (*server_postgres.INITDB_OPTIONS, *server_postgres.LOCALE_OPTIONS)
    (app / "initdb.options").write_text("\n".join(options) + "\n")


def copy_programs(postgres: Path, into: Path) -> None:
    """Of a whole PostgreSQL what a server needs."""
    (into / "bin").mkdir(parents=True)
    for name in PROGRAMS:
        shutil.copy2(postgres / "bin" / name, into / "bin" / name)
    shutil.copytree(postgres / "lib", into / "lib", ignore=shutil.ignore_patterns(*NOT_NEEDED), symlinks=True)
    shutil.copytree(postgres / "share", into / "share", ignore=shutil.ignore_patterns("doc", "man"))


def write_kafka(app: Path) -> None:
    """Its first process and what that reads: a configuration for a plain stack, and one for a secure one."""
    shutil.copy2(HERE / "entry" / "kafka.py", app / "kafka.py")
    (app / "server.properties").write_text(kafka_properties())
    (app / "server.secure.properties").write_text(kafka_properties(secure=True))
    (app / "log4j2.properties").write_text(server_kafka.LOGGING)
    logging = "-Dlog4j2.configurationFile=/app/log4j2.properties"
    (app / "jvm.options").write_text("\n".join((*JVM_OPTIONS, logging)) + "\n")


def kafka_properties(*, secure: bool = False) -> str:
    """With what only a start knows between two @: endpoints, and the files of passwords."""
    main, node = "SECURE" if secure else "PLAINTEXT", Node(1, 9092, 9093)
    listeners = {
        main: ("0.0.0.0:9092", "@KAFKA_ENDPOINT@"),
        "OPERATORS": ("0.0.0.0:19092", "@KAFKA_OPERATORS_ENDPOINT@"),
    }
    data = Path("/var/lib/kafka/data")
    if not secure:
        return server_kafka.properties(listeners, [node], node, data)
    passwords = {name: f"@{name}_kafka_password@" for name in (OPERATORS, NODES)}
    shown = Shown(f"{SECRETS}/kafka.pem", f"{SECRETS}/ca.crt")
    known = {main: (OPERATORS, NODES), "OPERATORS": (OPERATORS,)}
    return server_kafka.properties(listeners, [node], node, data, "SASL_SSL") + secured(shown, passwords, known)
