"""`docuvault upload`. What it does is imported when it is done, so that its help is quick."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

HELP = """\
Uploads files side by side and says of each what became of it. Of a path the server keeps the last component. Files of
100 MiB and more go in parts; interrupted, the next run goes on with them. A token says who uploads: that in the file of
--token-file (read for each request, so that it may be renewed) or in DOCUVAULT_TOKEN, never an argument. Where to is
--url, else DOCUVAULT_URL, else the stack of this checkout. Exit 0: all are stored. 1: some are not, for a reason of
their own such as the quota. 2: some are not since the API or the store is away, or the token is not good.

  docuvault upload report.pdf minutes.docx --token-file token.txt
  docuvault upload -r papers --parallel 8 --url https://docuvault.example --json
"""
PARALLEL, MOST_PARALLEL = 4, 32


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What, whose, and where to."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE", help="a file, or with -r a folder")
    parser.add_argument(
        "-r", "--recursive", action="store_true", help="take all files of folders, and of those in them"
    )
    parser.add_argument("--parallel", type=_parallel, default=PARALLEL, metavar="N", help="so many at once; default 4")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="the file that holds the token")
    parser.add_argument("--url", help="where docuvault is, such as https://docuvault.example")


def _parallel(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_PARALLEL:
        raise argparse.ArgumentTypeError(f"a number from 1 to {MOST_PARALLEL} is wanted")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Says what became of each file. Raises StackError where there is no token, no address or no file."""
    from deploy.ops.upload_command import upload  # noqa: PLC0415

    return asyncio.run(upload(options))
