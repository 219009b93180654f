"""Makes the Python environment the make targets run in, and prints its interpreter.

Run by the Makefile with the machine's own python3, so it needs nothing but the standard library:
`python3 deploy/local/bootstrap.py stack|runtime|classifier|images|dev|bench|docs`. Everything lands in the cache folder
($DOCUVAULT_CACHE, else $XDG_CACHE_HOME/docuvault, else ~/.cache/docuvault), keyed by the lock file and the interpreter;
nothing is installed into the machine or the checkout. A finished environment costs one hash and one stat.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

OLDEST = (3, 11)
REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements"
LOCKS = {name: f"{name}.lock" for name in ("stack", "runtime", "classifier", "images", "dev", "bench", "docs")}

TRUST = {"UV_SYSTEM_CERTS": "true"}
"""uv trusts what the machine trusts, as pip does; it brings certificates of its own, which know no company's proxy."""


class BootstrapError(Exception):
    """Why there is no environment, in one line."""


def cache_folder() -> Path:
    """The folder everything provisioned lives in; made when missing."""
    own = os.environ.get("DOCUVAULT_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")  # noqa: PTH111, PTH118
    folder = Path(own) if own else Path(base) / "docuvault"
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def say(text: str) -> None:
    """One line of progress; standard output is for the interpreter's path alone."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - the progress a person watches


def run(*command: str, **extra_environment: str) -> None:
    """A child whose words are progress; raises BootstrapError with the command when it fails."""
    environment = dict(TRUST, **dict(os.environ, **extra_environment))
    environment.pop("VIRTUAL_ENV", None)
    outcome = subprocess.run(command, env=environment, stdout=sys.stderr.fileno(), check=False)  # noqa: S603 - own
    if outcome.returncode != 0:
        raise BootstrapError(f"`{' '.join(command)}` failed with exit {outcome.returncode}; its words are above")


def key_of(lock: Path) -> str:
    """What an environment depends on, as a short hash: the lock, the interpreter and the machine."""
    interpreter = f"{sys.version} {os.path.realpath(sys.executable)} {platform.machine()}"
    return hashlib.sha256(lock.read_bytes() + interpreter.encode()).hexdigest()[:16]


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Holds a file lock: a second bootstrap waits until the first is done."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("  another process prepares the same environment; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def environment(folder: Path, build: Callable[[Path], None]) -> Path:
    """The interpreter of the environment in `folder`, built with `build(python)` unless a complete one is there."""
    python, marker = folder / "bin" / "python", folder / ".complete"
    if marker.exists() and python.exists():
        return python
    with alone(folder.parent.parent / "locks" / f"{folder.name}.lock"):
        if not (marker.exists() and python.exists()):
            shutil.rmtree(folder, ignore_errors=True)
            build(python)
            marker.touch()
    return python


def build_uv(python: Path) -> None:
    """An environment with nothing but uv, installed by pip against the hashes of bootstrap.lock."""
    say("- uv, the installer (once)")
    try:
        run(sys.executable, "-m", "venv", str(python.parent.parent))
    except BootstrapError as error:
        raise BootstrapError(f"python's venv module does not work here ({error}); install python3-venv") from error
    lock = str(REQUIREMENTS / "bootstrap.lock")
    pip = (str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir")
    run(*pip, "--require-hashes", "-r", lock)


def ensure_uv(cache: Path) -> Path:
    """The uv of the cache folder, installed when missing."""
    folder = cache / "uv" / ("uv-" + key_of(REQUIREMENTS / "bootstrap.lock"))
    return environment(folder, build_uv).parent / "uv"


def build_environment(python: Path, lock: Path, cache: Path) -> None:
    """An environment that holds exactly what `lock` names, each file checked against its hash."""
    uv = str(ensure_uv(cache))
    own_cache = {"UV_CACHE_DIR": str(cache / "uv-cache"), "UV_PYTHON_DOWNLOADS": "never", "UV_NO_CONFIG": "1"}
    say(f"- Python packages of {lock.name} (once)")
    run(uv, "venv", "--quiet", "--python", sys.executable, str(python.parent.parent), **own_cache)
    quiet = () if sys.stderr.isatty() else ("--quiet",)  # a log wants no list of packages
    wanted = ("--require-hashes", "--compile-bytecode", "--python", str(python))
    run(uv, "pip", "sync", *quiet, *wanted, str(lock), **own_cache)


def ensure_environment(name: str, cache: Path) -> Path:
    """The interpreter of an environment of LOCKS in the cache folder, made when missing."""
    lock = REQUIREMENTS / LOCKS[name]
    folder = cache / "venv" / f"{name}-{key_of(lock)}"
    return environment(folder, lambda python: build_environment(python, lock, cache))


def main(arguments: list[str]) -> str:
    """The path of the interpreter for the set of packages named on the command line."""
    if sys.version_info < OLDEST:
        raise BootstrapError("docuvault needs Python 3.11 or newer, this is " + platform.python_version())
    if len(arguments) != 1 or arguments[0] not in LOCKS:
        raise BootstrapError("usage: bootstrap.py " + "|".join(LOCKS))
    return str(ensure_environment(arguments[0], cache_folder()))


if __name__ == "__main__":
    try:
        print(main(sys.argv[1:]))  # noqa: T201 - the answer
    except (BootstrapError, OSError) as error:
        sys.exit(f"bootstrap: {error}")
    except KeyboardInterrupt:
        sys.exit("bootstrap: interrupted; the next run goes on from here")
