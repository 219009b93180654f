# noqa: INP001 - a script, not a package
"""Generates contracts/generated from the models, or checks it: `python contracts/generate.py [--check | --publish]`.

Without an option the files are written. `--check` writes nothing and fails for each file that is stale. Both fail for
what the standards' own tools refuse, and for a change that breaks those who rely on what was published last.
`--publish` freezes the schemas as they are as the ones published last.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))  # so that it runs from anywhere, with nothing installed of ours

from generator import asyncapi, compat, openapi, validate  # noqa: E402
from generator.asyncapi_tool import ToolFailed  # noqa: E402
from generator.files import Documents, read_tree, stale, write_tree  # noqa: E402
from generator.schemas import schemas  # noqa: E402

GENERATED = ROOT / "generated"
PUBLISHED = ROOT / "published"


def documents() -> Documents:
    """Everything that is generated, by its path."""
    return schemas() | {openapi.PATH: openapi.openapi(), asyncapi.PATH: asyncapi.asyncapi()}


def frozen(current: Documents) -> Documents:
    """What of it is published: all that the compatibility check reads."""
    return {path: document for path, document in current.items() if path != asyncapi.PATH}


def main(arguments: list[str]) -> int:
    """The exit status: 0, or 1 where something was said on standard error."""
    options = _options(arguments)
    current = documents()
    if not options.check:
        write_tree(GENERATED, current)
    found = [*stale(GENERATED, current), *_problems(current)]
    broken = [] if options.accept_breaks else _broken(read_tree(PUBLISHED), current)
    for line in (*found, *broken):
        sys.stderr.write(f"contracts: {line}\n")
    if found or broken:
        return 1
    if options.publish:
        write_tree(PUBLISHED, frozen(current))
    sys.stdout.write(f"contracts: {len(current)} files are fresh, valid and compatible\n")
    return 0


def _problems(current: Documents) -> list[str]:
    try:
        return list(validate.problems(current))
    except ToolFailed as error:
        return [str(error)]


def _broken(published: Documents, current: Documents) -> list[str]:
    if not published:
        return [f"{PUBLISHED} is empty, so nothing can be compared: restore it, or `--publish --accept-breaks`"]
    found = [*compat.breaks(published, current), *compat.api_breaks(published[openapi.PATH], current[openapi.PATH])]
    return [f"breaks: {line}" for line in found]


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="contracts/generate.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing, fail where a file is stale")
    parser.add_argument("--publish", action="store_true", help="freeze the schemas as published")
    parser.add_argument("--accept-breaks", action="store_true", help="with --publish: break old readers knowingly")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
