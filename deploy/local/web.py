"""Runs a script of web/package.json, with packages from the cache: `python -m deploy.local.web check|test|build`."""

from __future__ import annotations

import argparse
import sys
from functools import partial

from deploy.local.bootstrap import cache_folder, ensure_uv
from deploy.local.console import Steps
from deploy.local.errors import StackError
from deploy.local.provision_web import run, workplace

SCRIPTS = ("check", "test", "build")


def run_script(script: str) -> str:
    """What the script says. Raises StackError where it fails."""
    cache = cache_folder()
    with Steps() as steps, workplace(cache, partial(ensure_uv, cache), steps) as (node, place):
        return run(node, place, "run", "--silent", script)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="deploy.local.web", description=__doc__)
    parser.add_argument("script", choices=SCRIPTS)
    try:
        sys.stdout.write(run_script(parser.parse_args().script))
    except (StackError, OSError) as error:
        sys.exit(f"docuvault: {error}")
    except KeyboardInterrupt:
        sys.exit("docuvault: interrupted")
