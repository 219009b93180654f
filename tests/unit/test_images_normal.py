"""Images' bytes depend on their files alone."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.images.normal import Contents, normalise

COMMIT = datetime(2026, 11, 27, 6, 0, tzinfo=UTC)
CONFIG: dict[str, Any] = {
    "architecture": "amd64",
    "os": "linux",
    "created": "2026-11-27T06:44:07.123456789Z",
    "container": "0123",
    "docker_version": "20.10.24",
    "config": {"User": "10001:10001", "Entrypoint": ["/usr/bin/python3"], "Image": "sha256:aa", "Hostname": "0123"},
    "history": [{"created": "2026-11-27T06:44:07Z", "created_by": "COPY dir:0123 in /"}],
}


def layer(files: Sequence[tuple[str, bytes]], *, time: int, user: int = 10001) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.uid, entry.uname = len(data), time, user, f"builder-{time}"
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def saved(path: Path, layers: Sequence[bytes], **changes: object) -> Path:
    members = {f"{at}/layer.tar": data for at, data in enumerate(layers)}
    manifest = [{"Config": "config.json", "RepoTags": ["docuvault/quota:latest"], "Layers": list(members)}]
    members |= {
        "config.json": json.dumps({**CONFIG, **changes}).encode(),
        "manifest.json": json.dumps(manifest).encode(),
    }
    with tarfile.open(path, "w") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path


def bill(contents: Contents) -> tuple[str, bytes]:
    return "usr/share/sbom/quota.cdx.json", json.dumps(sorted(contents.files)).encode()


def normal(archive: Path) -> tuple[str, bytes]:
    """The image's id and the bytes that are loaded."""
    made = archive.with_suffix(".made")
    digest = normalise(archive, made, created=COMMIT, describe=bill, note="quota.Dockerfile")
    return digest, made.read_bytes()


FILES = [("app/b.py", b"b"), ("app/a.py", b"a"), ("app/x.dist-info/METADATA", b"Name: x\nVersion: 1\n\n")]


def test_builds_of_the_same_files_at_other_times_and_in_another_order_are_one_image(tmp_path: Path) -> None:
    one = normal(saved(tmp_path / "one.tar", [layer(FILES, time=1)]))
    changed = {"created": "2027-01-01T00:00:00Z", "container": "4567", "history": []}
    other = normal(saved(tmp_path / "other.tar", [layer(FILES[::-1], time=2)], **changed))
    assert one == other


@pytest.mark.parametrize(
    ("files", "user"),
    [([*FILES[:2], ("app/x.dist-info/METADATA", b"Name: x\nVersion: 2\n\n")], 10001), (FILES[:2], 10001), (FILES, 0)],
)
def test_another_file_or_owner_makes_another_image(tmp_path: Path, files: list[tuple[str, bytes]], user: int) -> None:
    one = normal(saved(tmp_path / "one.tar", [layer(FILES, time=1)]))
    assert normal(saved(tmp_path / "other.tar", [layer(files, time=1, user=user)]))[0] != one[0]


def test_an_image_keeps_what_it_does_its_layers_and_the_commits_time(tmp_path: Path) -> None:
    digest, data = normal(saved(tmp_path / "one.tar", [layer(FILES, time=1), layer([], time=2)]))
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        config = json.load(archive.extractfile(f"{digest.removeprefix('sha256:')}.json") or io.BytesIO())
        manifest = json.load(archive.extractfile("manifest.json") or io.BytesIO())[0]
        held = [tarfile.open(fileobj=archive.extractfile(name)).getnames() for name in manifest["Layers"]]  # noqa: SIM115
    assert config["config"] == {"User": "10001:10001", "Entrypoint": ["/usr/bin/python3"]}
    assert config["created"] == "2026-11-27T06:00:00Z"
    assert len(config["rootfs"]["diff_ids"]) == len(manifest["Layers"]) == len(config["history"]) == 2, "none is empty"
    assert held[0] == sorted(name for name, _ in FILES)
    assert held[1][-1] == "usr/share/sbom/quota.cdx.json"
    assert manifest["RepoTags"] == ["docuvault/quota:latest"]


def test_the_bill_of_materials_is_told_of_the_packages_that_lie_there(tmp_path: Path) -> None:
    _, data = normal(saved(tmp_path / "one.tar", [layer(FILES, time=1)]))
    assert b'["app/x.dist-info/METADATA"]' in data
