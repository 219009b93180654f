"""Run in the build stage of an image, by the base's own Python: what goes into the root of the image, and nothing else.

    python3 assemble.py python /rootfs              the interpreter, its library and the users
    python3 assemble.py finish /rootfs [/bin/sh]    bytecode, and the libraries of the base that all programs there need

Standard library only. What comes of it depends on the base and on what was copied, not on when or where it ran.
"""

from __future__ import annotations

import compileall
import os
import py_compile
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

USERS = {"root": 0, "docuvault": 10001, "classifier": 10002, "nobody": 65534}
LEFT_OUT = frozenset(
    (
        *("__pycache__", "dist-packages", "ensurepip", "idlelib", "lib2to3", "pydoc_data", "site-packages", "test"),
        *("tests", "tkinter", "turtledemo", "turtle.py", "venv"),
    )
)
"""Of the standard library: what no service imports, and what installs or shows things."""
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
ELF = b"\x7fELF"
NOT_LINKED = re.compile(r"not a dynamic executable|statically linked")


def python(root: Path) -> None:
    """The interpreter as /usr/bin/python3, its standard library, certificates, users, and folders that are there."""
    for folder in ("etc", "run", "usr/bin", "usr/lib", "usr/lib64", "usr/sbin", "var/lib/dpkg/status.d"):
        (root / folder).mkdir(parents=True)
    for name in ("bin", "lib", "lib64", "sbin"):
        (root / name).symlink_to(f"usr/{name}")
    (root / "tmp").mkdir(mode=0o1777)
    (root / "tmp").chmod(0o1777)
    interpreter = Path(sys.executable).resolve()
    take(interpreter, root)
    if not (root / "usr/bin/python3").exists():
        (root / "usr/bin/python3").symlink_to(interpreter)
    library = Path(sysconfig.get_path("stdlib"))
    shutil.copytree(library, root / str(library).lstrip("/"), ignore=_left_out, symlinks=False)
    if Path(CERTIFICATES).exists():
        take(Path(CERTIFICATES), root)
    _users(root)


def _left_out(_: str, names: list[str]) -> set[str]:
    return {name for name in names if name in LEFT_OUT or name.startswith("config-") or name.endswith((".a", ".pyc"))}


def _users(root: Path) -> None:
    people = [f"{name}:x:{uid}:{uid}:{name}:/tmp:/nologin\n" for name, uid in USERS.items()]
    (root / "etc/passwd").write_text("".join(people))
    (root / "etc/group").write_text("".join(f"{name}:x:{uid}:\n" for name, uid in USERS.items()))
    (root / "etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n")


def finish(root: Path, programs: list[str]) -> None:
    """More programs of the base, the libraries that all in `root` need, bytecode, and whose packages those are."""
    for program in programs:
        take(Path(program), root)
    _libraries(root)
    _bytecode(root)
    for package in sorted(set(filter(None, map(_package_of, _of_the_base(root))))):
        _record(package, root)


def take(path: Path, root: Path) -> None:
    """Copies a file of the base with all links on the way to it, each where it is."""
    where = Path(os.path.realpath(path.parent)) / path.name
    target = root / str(where).lstrip("/")
    if os.path.lexists(target):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if where.is_symlink():
        target.symlink_to(where.readlink())
        take(where.parent / where.readlink(), root)
    else:
        shutil.copy2(where, target)


def _libraries(root: Path) -> None:
    """All that ldd names of the base, until nothing is missing; what wheels bring they find beside themselves."""
    seen: set[Path] = set()
    while fresh := sorted(set(_programs(root)) - seen):
        seen.update(fresh)
        for program in fresh:
            for library in _needed(program, root):
                if not str(library).startswith(str(root)):
                    take(library, root)
    subprocess.run(["ldconfig", "-r", str(root)], check=False, capture_output=True)  # noqa: S603, S607 - the base's own


def _programs(root: Path) -> Iterator[Path]:
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_size > len(ELF):
            with path.open("rb") as file:
                if file.read(len(ELF)) == ELF:
                    yield path


def _needed(program: Path, root: Path) -> list[Path]:
    """What a program needs of the base. What is elsewhere in `root` is loaded by whoever loads the program."""
    says = subprocess.run(["ldd", str(program)], check=False, capture_output=True, text=True)  # noqa: S603, S607 - the base's own
    if NOT_LINKED.search(says.stdout + says.stderr):
        return []
    missing = {name for name in re.findall(r"(\S+) => not found", says.stdout) if not any(root.rglob(name))}
    if missing:
        sys.exit(f"{program} needs {', '.join(sorted(missing))}, which is not there")
    return [Path(found) for found in re.findall(r"(?:=> )?(/\S+) \(0x", says.stdout)]


def _bytecode(root: Path) -> None:
    """Beside each module, and trusted unchecked: the root file system is read-only, and times are made equal."""
    places = [Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("purelib")), Path("/app")]
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    for place in places:
        folder = root / str(place).lstrip("/")
        if folder.is_dir():
            compileall.compile_dir(folder, quiet=2, stripdir=str(root), invalidation_mode=mode, force=True, workers=1)


def _of_the_base(root: Path) -> Iterator[str]:
    for path in _programs(root):
        inside = "/" + str(path.relative_to(root))
        if Path(inside).exists():
            yield inside


def _package_of(path: str) -> str | None:
    """Debian's package of a file; none where the base is not Debian's, or the file not of a package."""
    if shutil.which("dpkg-query") is None:
        return None
    for name in (path, path.removeprefix("/usr")):  # where packages say that a file is, before /usr was merged
        says = subprocess.run(["dpkg-query", "-S", name], check=False, capture_output=True, text=True)  # noqa: S603, S607 - the base's own
        if says.returncode == 0:
            return says.stdout.split(": ")[0].split(",")[0].strip()
    return None


def _record(package: str, root: Path) -> None:
    """A file a package, where scanners of images look for what is there without a package manager."""
    says = subprocess.run(["dpkg-query", "-s", package], check=True, capture_output=True, text=True)  # noqa: S603, S607 - the base's own
    folder = root / "var/lib/dpkg/status.d"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / package.split(":", maxsplit=1)[0]).write_text(says.stdout)


if __name__ == "__main__":
    what, where, *more = sys.argv[1:]
    if what == "python":
        python(Path(where))
    finish(Path(where), more)
