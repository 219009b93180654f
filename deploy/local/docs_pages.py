"""The documentation that the gateway serves under /docs: written at each start, from this checkout's contracts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from deploy.local.asyncapi_page import render
from deploy.local.errors import StackError
from deploy.local.layout import Layout
from deploy.local.provision_docs import SCRIPT, local_script
from deploy.local.server_services import CHECKOUT

PAGES = CHECKOUT / "deploy" / "gateway" / "docs"
CONTRACTS = CHECKOUT / "contracts" / "generated"


def write_docs(layout: Layout, redoc: Path) -> Path:
    """Writes the pages, with what `redoc` (a folder) brings. Returns the folder that holds `docs`."""
    return write_docs_into(layout.gateway / "www", redoc)


def write_docs_into(root: Path, redoc: Path) -> Path:
    """Writes the pages into `root/docs`. Returns `root`."""
    folder = root / "docs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for source in (*PAGES.iterdir(), _described("openapi"), _described("asyncapi")):
        _put(folder / source.name, source.read_bytes())
    _put(folder / SCRIPT, local_script(redoc))
    document = json.loads(_described("asyncapi").read_text("utf-8"))
    _put(folder / "asyncapi.html", render(document).encode())
    return root


def _described(name: str) -> Path:
    path = CONTRACTS / f"{name}.json"
    if not path.is_file():
        raise StackError(f"{path} is missing; `make contracts` writes it")
    return path


def _put(path: Path, content: bytes) -> None:
    """Leaves what is as it should be alone: browsers that have it are told so."""
    if path.is_file() and path.read_bytes() == content:
        return
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(content)
    shutil.move(fresh, path)
