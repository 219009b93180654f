"""Shows the main job on real servers, step by step, with every event as it happens: `make demo`.

Exit 0 where each step did what it must, 1 with a one-line reason where one did not.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Sequence

from aiohttp import ClientError, ClientSession, ClientTimeout
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.markup import escape

from deploy.local.errors import StackError, one_line
from deploy.local.info import StackInfo
from deploy.local.settings import StackSettings, load_settings
from deploy.local.stack import stack_of
from deploy.ops.audit import TROUBLE, settled
from deploy.ops.audit_text import as_text
from deploy.ops.demo_client import Api, DemoError, Person
from deploy.ops.demo_events import watching
from deploy.ops.demo_filing import Filing
from deploy.ops.demo_stage import Stage
from deploy.ops.demo_story import Story
from deploy.ops.demo_suggesting import Suggesting

CLASSIFIER = "classifier"
"""A stack may do without; then nothing is filed, and that act is left out."""
SETTLE_SECONDS = 20.0
"""How long the last notifications may take to arrive before the audit counts what is left as a difference."""


async def play(info: StackInfo, console: Console) -> None:
    """Tells the story and proves its end. Raises DemoError, StackError, or one of the audit's TROUBLE."""

    def tell(line: str) -> None:
        console.print(f"    [dim]{escape(line)}[/dim]")

    async with watching(info, tell) as watcher, ClientSession(timeout=ClientTimeout(total=60)) as session:
        api, stage = Api(session, info), Stage(console)
        people = Person("Ada", 100_000), Person("Ben", 100_000), Person("Cleo", 50_000)
        await Story(info, api, watcher, stage, *people).play()
        if f"{CLASSIFIER}-1" in info.service_urls:
            await Filing(info, api, watcher, stage, Person("Dora", 200_000)).play()
            await Suggesting(info, api, watcher, stage, Person("Emil", 200_000)).play()
        console.print("\n[bold]The audit: does everything agree, to the byte?[/bold]")
        report = await settled(info, SETTLE_SECONDS)
    console.print(escape(as_text(report)))
    if not report.clean:
        raise DemoError("the audit found differences")


def demo(settings: StackSettings, console: Console) -> None:
    """Brings the stack up, plays, and says what a person can do next. Raises what `play` raises."""
    stack = stack_of(settings)
    stack.up()
    started = time.monotonic()
    asyncio.run(play(stack.info, console))
    console.print(
        f"\n[bold green]All as it must be[/bold green], in {time.monotonic() - started:.0f} s.\n"
        "The stack goes on running:\n"
        f"  API    {stack.settings.gateway_origin} (README.md walks through it with curl)\n"
        "  token  make -s token USER=<any uuid> ROLE=user\n"
        "  logs   make logs SERVICE=quota\n"
        "  stop   make down (keeps the data; make reset removes it)"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the demo; the exit code says how it went."""
    argparse.ArgumentParser(prog="python -m deploy.ops.demo", description=__doc__).parse_args(arguments)
    logging.getLogger().addHandler(logging.NullHandler())  # else the drivers' own laments go to stderr
    return tell(Console(highlight=False, soft_wrap=True))


def tell(console: Console) -> int:
    """Runs the demo on the stack that the environment names; 1 where it went wrong, one line says why."""
    try:
        demo(load_settings(), console)
    except (DemoError, StackError, ClientError, KafkaError, *TROUBLE) as error:
        reason = str(error) if isinstance(error, DemoError) else one_line(error)
        sys.stderr.write(f"demo: {reason}; `make status` and `make logs` say more\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("demo: interrupted; the stack goes on running, `make down` ends it\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
