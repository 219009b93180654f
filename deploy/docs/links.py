"""Follows every link of all Markdown to a file and an anchor, without a network: `python -m deploy.docs.links`.

Other sites are not asked: what is there today says nothing of tomorrow, and lint must not wait for them.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from deploy.docs.markdown import Text, read

CHECKOUT = Path(__file__).resolve().parents[2]
MADE = frozenset({"build", "dist", "node_modules", ".git", ".state", ".venv"})
"""Folders that a fresh checkout does not hold, wherever they are."""
_LINE = re.compile(r"L(?P<line>\d+)(?:-L\d+)?")


class Links:
    """The Markdown files of a folder, each read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._texts: dict[Path, Text] = {}

    def broken(self) -> Iterator[str]:
        """What leads nowhere, a line each: file, line, target and why."""
        for path in markdown_files(self._root):
            for line, target, label in self._text(path).links:
                why = f"nothing defines [{label}]" if target is None else self._why_broken(path, target)
                if why:
                    yield f"{path.relative_to(self._root)}:{line}: {target or label}: {why}"

    def _text(self, path: Path) -> Text:
        if path not in self._texts:
            self._texts[path] = read(path.read_text("utf-8"))
        return self._texts[path]

    def _why_broken(self, source: Path, target: str) -> str:
        parts = urlsplit(target)
        if parts.scheme or parts.netloc:
            return ""
        if parts.path.startswith("/"):
            return "a link begins at its own file, not at a root"
        aim = Path(os.path.normpath(source.parent / unquote(parts.path))) if parts.path else source
        if not aim.is_relative_to(self._root):
            return "this is outside of the checkout"
        if not aim.exists():
            return "there is no such file"
        if MADE.intersection(aim.relative_to(self._root).parts):
            return "this is made, and not there in a fresh checkout"
        return self._why_no_anchor(aim, unquote(parts.fragment)) if parts.fragment else ""

    def _why_no_anchor(self, aim: Path, anchor: str) -> str:
        if aim.is_dir():
            return "a folder has no anchors"
        if aim.suffix == ".md":
            return "" if anchor in self._text(aim).anchors else "there is no such heading"
        line = _LINE.fullmatch(anchor)
        if line is None:
            return "only #L<line> leads into such a file"
        lines = aim.read_bytes().count(b"\n")
        return "" if 1 <= int(line["line"]) <= lines else f"the file has {lines} lines"


def markdown_files(root: Path) -> Iterator[Path]:
    """All of a folder but what is made or hidden, in order."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in MADE and not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(files) if name.endswith(".md"))


def main(root: Path) -> int:
    """Says what is broken; the number of broken links is no exit code, 1 is."""
    broken = list(Links(root).broken())
    print(*broken, sep="\n", end="\n" if broken else "")  # noqa: T201 - the answer
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(CHECKOUT))
