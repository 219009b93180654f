"""The first process of Kafka's image: writes the configuration, formats the data folder once, becomes the server.

KAFKA_ENDPOINT is host:port by which the other containers find it, KAFKA_OPERATORS_ENDPOINT by which the machine does.
With KAFKA_SECURE=true it speaks TLS and knows accounts; certificates and passwords are secrets. Standard library only.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

DATA = Path("/var/lib/kafka/data")
CONFIGURATION = Path("/tmp/server.properties")  # noqa: S108 - a file system of the container's own
JAVA = "/opt/java/bin/java"


def properties(app: Path = Path("/app"), secrets: Path = Path("/run/secrets"), to: Path = CONFIGURATION) -> Path:
    """The configuration of this start. It may hold passwords, so it is nobody else's, and not among the data."""
    secure = os.environ.get("KAFKA_SECURE") == "true"
    text = (app / ("server.secure.properties" if secure else "server.properties")).read_text()
    for name, default in (("KAFKA_ENDPOINT", "kafka:9092"), ("KAFKA_OPERATORS_ENDPOINT", "127.0.0.1:19092")):
        text = text.replace(f"@{name}@", os.environ.get(name, default))
    text = re.sub(r"@(\w+_kafka_password)@", lambda found: (secrets / found[1]).read_text(), text)
    to.unlink(missing_ok=True)
    with open(to, "w", opener=lambda path, flags: os.open(path, flags | os.O_EXCL, 0o600)) as file:
        file.write(text)
    return to


def java() -> list[str]:
    """The command up to the class that runs."""
    return [JAVA, *Path("/app/jvm.options").read_text().split(), "-cp", "/opt/kafka/*"]


def format_data(configuration: Path) -> None:
    """Gives the cluster its id, for good."""
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(configuration)]
    subprocess.run([*java(), *tool, "--ignore-formatted"], check=True)  # noqa: S603 - our own java


def main() -> None:
    """Does not return: it becomes the server, which hears the signals itself."""
    configuration = properties()
    if not (DATA / "meta.properties").exists():
        format_data(configuration)
    os.execv(JAVA, [*java(), "kafka.Kafka", str(configuration)])  # noqa: S606 - our own java


if __name__ == "__main__":
    try:
        main()
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"kafka: {error}")
