"""Builds images: a context of what each is made of, Docker's build, then equal bytes and a bill of materials.

An image whose context, base and Dockerfile are those it was built of is left alone.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from deploy.images import docker
from deploy.images.catalogue import IMAGES, PYTHON, Image, copy_code
from deploy.images.lockfile import chosen, read_lock, requirements
from deploy.images.normal import Contents, normalise
from deploy.images.pinning import digest_of
from deploy.images.sbom import describe
from deploy.images.servers import HERE
from deploy.images.wheels import Base, base_of, provision_wheels
from deploy.local.bootstrap import REQUIREMENTS, cache_folder
from deploy.local.console import Steps
from deploy.local.errors import StackError
from deploy.local.provision import Tools, provision
from deploy.local.server_services import CHECKOUT

VERSION = "0.1.0"
INPUTS = "local.docuvault.inputs"
"""The label that says what an image was built of."""
LABEL = "org.opencontainers.image"


@dataclass(frozen=True, slots=True)
class Order:
    """What to build on what, under which names. `fresh` builds whatever is there, and from nothing."""

    base: str
    prefix: str = "docuvault"
    tag: str = "latest"
    source: str = ""
    fresh: bool = False

    def name(self, image: str) -> str:
        """E.g. docuvault/quota:latest."""
        return f"{self.prefix}/{image}:{self.tag}"


@dataclass(frozen=True, slots=True)
class Commit:
    """What is built: its id, with -dirty where the checkout differs, and its time."""

    revision: str
    time: datetime


def commit() -> Commit:
    """The checkout's; unknown, and of 1980, where there is no git."""
    says = partial(subprocess.run, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    shown = says(["git", "show", "-s", "--format=%H %ct", "HEAD"])
    if shown.returncode != 0:
        return Commit("unknown", datetime(1980, 1, 1, tzinfo=UTC))
    revision, seconds = shown.stdout.split()
    dirty = "-dirty" if says(["git", "status", "--porcelain"]).stdout.strip() else ""
    return Commit(revision + dirty, datetime.fromtimestamp(int(seconds), UTC))


class Builder:
    """Builds images for one order."""

    def __init__(self, order: Order, steps: Steps) -> None:
        self._order, self._steps, self._cache = order, steps, cache_folder()
        self._commit = commit()
        self._base: Base = base_of(order.base)
        self._tools: dict[bool, Tools] = {}

    def build(self, names: Iterable[str]) -> list[str]:
        """Builds what is not there yet, and what all stand on. Returns the names of the images that were built."""
        built = [self._image(PYTHON, {"BASE": self._base.name})]
        arguments = {"BASE": self._base.name, "PYTHON": self._order.name(PYTHON.name)}
        built += [self._image(IMAGES[name], arguments) for name in names]
        return [name for name in built if name]

    def context(self, image: Image, folder: Path) -> None:
        """Fills a folder with what an image is made of."""
        shutil.copy2(HERE / f"{image.dockerfile}.Dockerfile", folder / "Dockerfile")
        for name in ("assemble.py", "probe.py"):
            shutil.copy2(HERE / name, folder / name)
        copy_code(image.code, folder)
        if image.lock:
            title = image.name if image.packages else image.lock
            self._packages(image.lock, image.packages, title, folder)
        if image.beside:
            self._packages("stack", image.beside, image.name, folder / "beside")
        if image is not PYTHON:
            (folder / "app").mkdir(exist_ok=True)
            image.more(folder, self._provisioned(secure=image.secure))
        for path in (folder, *folder.rglob("*")):  # whatever the checkout's own are
            path.chmod(0o755 if path.is_dir() else 0o644)

    def _packages(self, lock: str, names: Sequence[str], title: str, folder: Path) -> None:
        locked = read_lock((REQUIREMENTS / f"{lock}.lock").read_text())
        wanted = chosen(locked, self._base.python, names)
        wheels = provision_wheels(wanted, self._base, title, self._cache, self._steps)
        shutil.copytree(wheels, folder / "wheels", ignore=shutil.ignore_patterns(".complete"), copy_function=_link)
        (folder / "requirements.txt").write_text(requirements(wanted))

    def _provisioned(self, *, secure: bool) -> Tools:
        if secure not in self._tools:
            self._tools[secure] = provision(self._cache, secure=secure)
        return self._tools[secure]

    def _image(self, image: Image, arguments: dict[str, str]) -> str | None:
        """Its name, where it was built."""
        tag = self._order.name(image.name)
        with tempfile.TemporaryDirectory(dir=_scratch(self._cache)) as scratch:
            context = Path(scratch) / "context"
            context.mkdir()
            self.context(image, context)
            inputs = _hash(context, [image.target, *(_id(base) for base in arguments.values())])
            if not self._order.fresh and _inputs_of(tag) == inputs:
                return None
            with self._steps.step(f"image {tag}"):
                options = [*self._labels(image, inputs), *(["--no-cache"] if self._order.fresh else [])]
                docker.build(context, tag, arguments=arguments, target=image.target, options=options)
                self._normalise(image, tag, Path(scratch))
        return tag

    def _labels(self, image: Image, inputs: str) -> list[str]:
        said = {
            f"{LABEL}.title": image.title,
            f"{LABEL}.version": VERSION,
            f"{LABEL}.revision": self._commit.revision,
            f"{LABEL}.created": self._commit.time.isoformat(),
            f"{LABEL}.source": self._order.source,
            f"{LABEL}.base.name": self._base.name,
            f"{LABEL}.base.digest": digest_of(self._base.name),
            INPUTS: inputs,
        }
        return [word for name, value in said.items() if value for word in ("--label", f"{name}={value}")]

    def _normalise(self, image: Image, tag: str, scratch: Path) -> None:
        """Loads the same image with equal bytes and its bill of materials, of which build/sbom keeps a copy."""
        saved, made = scratch / "saved.tar", scratch / "made.tar"
        docker.docker("save", "-o", str(saved), tag)

        def bill(contents: Contents) -> tuple[str, bytes]:
            path, data = describe(image.name, self._commit.revision, self._commit.time, contents)
            kept = CHECKOUT / "build" / "sbom" / Path(path).name
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(data)
            return path, data

        note = f"deploy/images/{image.dockerfile}.Dockerfile"
        expected = normalise(saved, made, created=self._commit.time, describe=bill, note=note)
        docker.docker("load", "--quiet", "-i", str(made))
        if _id(tag) != expected:
            raise StackError(f"{tag} was loaded as {_id(tag)}, not as {expected}")


def _link(source: str, target: str) -> None:
    """Scratch is beside the wheels, in the cache: hundreds of megabytes are not copied to be read once."""
    os.link(source, target)


def _scratch(cache: Path) -> Path:
    folder = cache / "images.making"
    folder.mkdir(exist_ok=True)
    return folder


def _hash(context: Path, more: Sequence[str]) -> str:
    digest = hashlib.sha256("\0".join(more).encode())
    for path in sorted(context.rglob("*")):
        if path.is_file():
            digest.update(f"\0{path.relative_to(context)}\0".encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:32]


def _id(image: str) -> str:
    found = docker.inspect(image)
    return "" if found is None else str(found["Id"])


def _inputs_of(tag: str) -> str | None:
    found = docker.inspect(tag)
    return None if found is None else (found["Config"].get("Labels") or {}).get(INPUTS)
