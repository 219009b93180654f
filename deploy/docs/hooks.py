"""What mkdocs.yml adds to MkDocs: pages from all over the checkout, tables of contracts, diagrams without a guest."""

from __future__ import annotations

import json
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from deploy.docs import interfaces
from deploy.docs.links import CHECKOUT
from deploy.docs.pages import page_text, place, sources

CONTRACTS = CHECKOUT / "contracts" / "generated"
MERMAID = "mermaid.min.js"
SCRIPTS = "assets/javascripts"
GUEST = '"https://'
"""How the addresses begin from which the theme would fetch mermaid and a polyfill, were they not there."""
TABLES = {
    "<!-- the HTTP API -->": ("openapi.json", interfaces.http),
    "<!-- the events -->": ("asyncapi.json", interfaces.events),
}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Says who is to be called where somebody calls MkDocs by itself."""
    if "mermaid" not in config.extra:
        raise PluginError("the site is built by `make docs`, which brings mermaid")
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The theme's files, and ours by their paths from the checkout, so that their links are right as they are."""
    ours = Files([file for file in files if file.src_dir != config.docs_dir])
    for source in sources(CHECKOUT):
        ours.append(File(source, str(CHECKOUT), config.site_dir, config.use_directory_urls, dest_uri=place(source)))
    folder = config.extra["mermaid"]
    ours.append(File(MERMAID, folder, config.site_dir, config.use_directory_urls, dest_uri=f"{SCRIPTS}/{MERMAID}"))
    return ours


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - MkDocs' names
    """A file's text as a page of the site."""
    for mark, (name, table) in TABLES.items():
        if mark in markdown:
            markdown = markdown.replace(mark, table(json.loads((CONTRACTS / name).read_text("utf-8"))))
    return page_text(markdown, page.file.src_uri, lambda path: files.get_file_from_path(path) is not None)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:  # noqa: ARG001 - MkDocs' names
    """Pages with a diagram load mermaid, before the theme looks whether it is there."""
    if 'class="mermaid"' not in output:
        return output
    to_root = "../" * page.url.count("/") if page.url != "./" else ""
    script = f'<script src="{to_root}{SCRIPTS}/{MERMAID}"></script>'
    head, closing, tail = output.rpartition("</head>")
    return f"{head}{script}{closing}{tail}"


def on_post_build(config: MkDocsConfig) -> None:
    """The theme's script knows nobody but us."""
    scripts = [path for path in Path(config.site_dir, SCRIPTS).glob("bundle.*.js") if GUEST in path.read_text("utf-8")]
    if len(scripts) != 1:
        raise PluginError("the theme's script is not the one that is known to fetch mermaid; see deploy/docs/hooks.py")
    for path in scripts:
        path.write_text(path.read_text("utf-8").replace(GUEST, '"data:,https://'), "utf-8")
