"""Builds the site into build/site: `make docs`; with `--serve` it is shown at an address of this machine, too."""

from __future__ import annotations

import argparse
import logging
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort, BuildError, ConfigurationError

from deploy.docs.links import CHECKOUT
from deploy.docs.origins import foreign
from deploy.local.bootstrap import cache_folder, ensure_uv
from deploy.local.console import Steps, say
from deploy.local.errors import StackError
from deploy.local.provision_npm import NpmPackage, provision_npm

MERMAID = NpmPackage(
    name="mermaid",
    title="mermaid, for the diagrams of the site",
    version="11.17.2",
    integrity="sha512-V6K3C8EBdEsPFZXSKMJe6ppQOENxuHARr9GvHX4hh47lAbhMRD9qf4oEK7LoaRQxULMa80/qt5gHO73aCleBBg==",
    files=("dist/mermaid.min.js", "LICENSE"),
)


def make(site: Path) -> None:
    """Builds the site into a folder. Raises StackError for any warning, and for a page that asks another origin."""
    cache = cache_folder()
    with Steps() as steps:
        mermaid = provision_npm(MERMAID, cache, partial(ensure_uv, cache), steps)
        with steps.step(f"The site, in {site}"):
            _build(site, mermaid)
    if asked := list(foreign(site)):
        raise StackError(f"the site asks other origins: {'; '.join(asked)}")


def _build(site: Path, mermaid: Path) -> None:
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        config = load_config(str(CHECKOUT / "mkdocs.yml"), strict=True, site_dir=str(site))
        config.extra["mermaid"] = str(mermaid)
        build(config)
    except (Abort, BuildError, ConfigurationError) as error:
        raise StackError(f"the site was not built: {error}; what is wrong is above") from error


def serve(site: Path, port: int) -> None:
    """Shows the site on this machine alone until it is interrupted."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        say(f"http://localhost:{server.server_port}/ until Ctrl-C")
        server.serve_forever()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="deploy.docs", description=__doc__)
    parser.add_argument("--site", type=Path, default=CHECKOUT / "build" / "site", help="another folder (%(default)s)")
    parser.add_argument("--serve", action="store_true", help="shows it on this machine")
    parser.add_argument("--port", type=int, default=8001, help="where (%(default)s)")
    options = parser.parse_args()
    make(options.site.resolve())
    if options.serve:
        serve(options.site.resolve(), options.port)


if __name__ == "__main__":
    try:
        main()
    except (StackError, OSError) as error:
        sys.exit(f"docuvault: {error}")
    except KeyboardInterrupt:
        sys.exit("docuvault: interrupted")
