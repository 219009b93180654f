"""Redoc, which draws the HTTP API's description for /docs: one script of its npm package."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from deploy.local.console import Steps
from deploy.local.errors import StackError
from deploy.local.provision_npm import NpmPackage, provision_npm

SCRIPT = "redoc.standalone.js"
REDOC = NpmPackage(
    name="redoc",
    title="Redoc, for /docs",
    version="2.5.4",
    integrity="sha512-M6jWhG1qoBnH6TFmzJnstyCZ87HmOY/UzDm78mHiYihEdlV/YcS9ogOo1NlElnJMeLsyxHFe2yFc4sNjHTrABQ==",
    files=(f"bundles/{SCRIPT}", f"bundles/{SCRIPT}.LICENSE.txt", "LICENSE"),
)
_LOGO = b'alt:"redocly logo",onError:()=>t(!1),src:"https://'
_NO_LOGO = b'alt:"redocly logo",onError:()=>t(!1),src:"data:,https://'


def provision_docs(cache: Path, uv: Callable[[], Path], steps: Steps) -> Path:
    """The folder with Redoc's script and licences."""
    return provision_npm(REDOC, cache, uv, steps)


def local_script(folder: Path) -> bytes:
    """The script, without the one picture that it would fetch from its makers: it asks nobody but us."""
    script = (folder / SCRIPT).read_bytes()
    if script.count(_LOGO) != 1:
        raise StackError(f"{SCRIPT} is not the one that is known to fetch one picture; delete {folder}")
    return script.replace(_LOGO, _NO_LOGO)
