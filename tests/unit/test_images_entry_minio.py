"""What MinIO's first process does before it becomes the server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.server_minio import ENTRY

EVENT = json.dumps({"eventName": "s3:ObjectCreated:Put", "s3": {"object": {"key": "a/b"}}}).encode()


def start(queue: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MINIO_NOTIFY_KAFKA_QUEUE_DIR_DOCUVAULT": str(queue)}
    command = (sys.executable, "-I", "-S", str(ENTRY), "/bin/echo", "I am the server")
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603 - ours


def test_what_a_crash_cut_short_is_taken_out_and_named_and_all_else_stays(tmp_path: Path) -> None:
    folder = tmp_path / "minio-kafka-docuvault"
    folder.mkdir()
    whole, torn, empty, other = (folder / name for name in ("1.event", "2.event", "3.event", "4.event.tmp"))
    for path, data in ((whole, EVENT), (torn, EVENT[:40]), (empty, b""), (other, b"{")):
        path.write_bytes(data)
    *warnings, last = start(tmp_path).stdout.splitlines()
    assert {path.name for path in folder.iterdir()} == {whole.name, other.name}
    said = [json.loads(line)["message"] for line in warnings]
    assert sorted(message.rpartition(": ")[2] for message in said) == ["2.event, 40 bytes", "3.event, 0 bytes"]
    assert last == "I am the server"


@pytest.mark.parametrize(
    "left",
    [b"\0" * 1500, b"\0" * 1501, EVENT[:-1], EVENT[:30] + "ä".encode()[:1], b"[" * 200_000, b"\xff\xfe" + EVENT],
    ids=["nothing written", "of odd length", "the last byte", "half a letter", "as deep as can be", "another encoding"],
)
def test_whatever_a_disk_has_made_of_an_event_the_store_starts(tmp_path: Path, left: bytes) -> None:
    """A loss of power may leave a file of its length whose pages were never written."""
    (tmp_path / "1.event").write_bytes(left)
    assert start(tmp_path).stdout.splitlines()[-1] == "I am the server"
    assert list(tmp_path.iterdir()) == []


def test_before_the_first_start_there_is_no_queue(tmp_path: Path) -> None:
    assert start(tmp_path / "queue").stdout == "I am the server\n"
