"""Makes an image's bytes depend on its files alone: what builders add (times, names of builds) is taken away.

An archive of `docker save` goes in, one of `docker load` comes out. All layers' files get one time, the configuration
the commit's; entries are sorted; a layer more holds the SBOM of what the layers hold.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

FILES_TIME = 315_532_800
"""1980-01-01: all files are of that time, in whatever commit they were last built."""

Describe = Callable[["Contents"], tuple[str, bytes]]
"""Makes the path and bytes of one more file, told what the image holds."""


class Contents:
    """What the layers of an image hold: all paths, and the bytes of the files that name packages."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.names: list[str] = []

    def see(self, entry: tarfile.TarInfo, archive: tarfile.TarFile) -> None:
        """Keeps what tells packages."""
        self.names.append(entry.name)
        parts = entry.name.split("/")
        if entry.isfile() and (parts[-1] == "METADATA" or "status.d" in parts):
            file = archive.extractfile(entry)
            self.files[entry.name] = b"" if file is None else file.read()


def normalise(saved: Path, made: Path, *, created: datetime, describe: Describe, note: str) -> str:
    """Writes the archive `made` of the archive `saved`. Returns the image's id: its configuration's digest."""
    contents, layers = Contents(), list[str]()
    with tarfile.open(saved) as archive, tarfile.open(made, "w", format=tarfile.PAX_FORMAT) as out:
        manifest = json.load(_file(archive, "manifest.json"))[0]
        found = (_layer(_file(archive, name), contents, made.with_suffix(".layer")) for name in manifest["Layers"])
        layers += [_add_layer(out, layer) for layer in found if layer is not None]
        layers.append(_add_layer(out, _one_file(*describe(contents), made.with_suffix(".layer"))))
        config = _config(json.load(_file(archive, manifest["Config"])), layers, created, note)
        digest = hashlib.sha256(config).hexdigest()
        _add(out, f"{digest}.json", config)
        paths = [f"{layer}/layer.tar" for layer in layers]
        told = [{"Config": f"{digest}.json", "RepoTags": manifest["RepoTags"], "Layers": paths}]
        _add(out, "manifest.json", json.dumps(told).encode())
    made.with_suffix(".layer").unlink(missing_ok=True)
    return f"sha256:{digest}"


def _file(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    found = archive.extractfile(name)
    if found is None:
        raise ValueError(f"the archive holds no {name}")
    return found


def _layer(file: IO[bytes], contents: Contents, scratch: Path) -> Path | None:
    """The layer with equal times, sorted, links after what they name; none where it holds nothing."""
    with tarfile.open(fileobj=file) as layer, tarfile.open(scratch, "w", format=tarfile.PAX_FORMAT) as out:
        entries = sorted(layer.getmembers(), key=lambda entry: (entry.islnk(), entry.name))
        for entry in entries:
            contents.see(entry, layer)
            out.addfile(equal(entry), layer.extractfile(entry) if entry.isreg() else None)
    return scratch if entries else None


def equal(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """An entry without what differs from build to build."""
    entry.mtime, entry.uname, entry.gname = FILES_TIME, "", ""
    entry.pax_headers = {name: value for name, value in entry.pax_headers.items() if name.startswith("SCHILY.xattr")}
    return entry


def _one_file(path: str, data: bytes, scratch: Path) -> Path:
    with tarfile.open(scratch, "w", format=tarfile.PAX_FORMAT) as out:
        for folder in _parents(path):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            out.addfile(equal(entry))
        entry = tarfile.TarInfo(path)
        entry.size, entry.mode = len(data), 0o444
        out.addfile(equal(entry), io.BytesIO(data))
    return scratch


def _parents(path: str) -> Iterable[str]:
    parts = path.split("/")[:-1]
    return ("/".join(parts[: at + 1]) for at in range(len(parts)))


def _add_layer(out: tarfile.TarFile, layer: Path) -> str:
    with layer.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        entry = tarfile.TarInfo(f"{digest}/layer.tar")
        entry.size = layer.stat().st_size
        file.seek(0)
        out.addfile(entry, file)
    return digest


def _add(out: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    out.addfile(entry, io.BytesIO(data))


def _config(found: dict[str, Any], layers: list[str], created: datetime, note: str) -> bytes:
    """The configuration: what the image is and does, and nothing of how it was built."""
    when = created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    said = {name: value for name, value in found["config"].items() if name not in {"Image", "Hostname"}}
    kept = {
        "architecture": found["architecture"],
        "os": found["os"],
        "created": when,
        "config": said,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer}" for layer in layers]},
        "history": [{"created": when, "created_by": note} for _ in layers],
    }
    return json.dumps(kept, sort_keys=True).encode()
