"""`docuvault demo`."""

from __future__ import annotations

import argparse
import time

from rich.console import Console

from deploy.ops.demo import main, tell
from deploy.ops.output import say_json

HELP = """\
Brings the stack up and shows the main job, with every event as it happens; ends with the audit.

  docuvault demo
"""


def add_arguments(_: argparse.ArgumentParser) -> None:
    """None of its own."""


def run(options: argparse.Namespace) -> int:
    """1 where a step did not do what it must."""
    if not options.json:
        return main([])
    started = time.monotonic()
    code = tell(Console(stderr=True, highlight=False, soft_wrap=True))
    say_json({"as_it_must_be": code == 0, "seconds": round(time.monotonic() - started, 1)})
    return code
