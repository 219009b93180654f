"""`docuvault audit`."""

from __future__ import annotations

from deploy.ops.audit import add_arguments, run

__all__ = ["HELP", "add_arguments", "run"]

HELP = """\
Compares the bucket, the ledger and the documents of the running stack, read only. Exit 0: all holds. 1: something does
not. 2: it could not be told, a server is away.

  docuvault audit --wait 30
"""
