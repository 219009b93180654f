"""The JVM that Kafka runs on: its options, and the archive of Kafka's classes where one was made."""

from __future__ import annotations

import hashlib
from pathlib import Path

JVM_OPTIONS = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")
"""The quick compiler alone: a start costs half the processor time, 1.8 s instead of 3.4; one node is no bottleneck."""


_ARCHIVED = ("-XX:+UnlockDiagnosticVMOptions", "-XX:-AOTAdapterCaching")
"""Java 25 mistakes adapters that are alike for the same one, and warns of each; they are quickly made."""


def kafka_java(java: Path, jars: Path, *options: str) -> tuple[str, ...]:
    """The command of a JVM with Kafka's jars, that the name of a class is to follow."""
    archive = archive_of(java, jars)
    shared = (*_ARCHIVED, f"-XX:AOTCache={archive}") if archive.exists() else ()
    return (str(java), *JVM_OPTIONS, *shared, *options, "-cp", f"{jars}/*")


def making_kafka_java(java: Path, jars: Path, archive: Path) -> tuple[str, ...]:
    """The same, of one that writes the archive when it ends."""
    return (str(java), *JVM_OPTIONS, *_ARCHIVED, f"-XX:AOTCacheOutput={archive}", "-cp", f"{jars}/*")


def archive_of(java: Path, jars: Path) -> Path:
    """Where the archive for this JVM, these jars and options is, or would be, in the cache folder beside the jars.

    A JVM takes an archive only from its like: the same modules, the same jars at the same place, the same collector.
    """
    modules = (java.parent.parent / "lib" / "modules").stat()
    made_for = "\n".join((str(modules.st_size), str(modules.st_mtime_ns), str(jars), *JVM_OPTIONS, *_ARCHIVED))
    return jars.parent / f"kafka-archive-{hashlib.sha256(made_for.encode()).hexdigest()[:16]}" / "kafka.aot"
