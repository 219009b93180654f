"""`docuvault audit`."""

from __future__ import annotations

from deploy.ops.audit_command import add_arguments, run

__all__ = ["HELP", "add_arguments", "run"]

HELP = """\
Compares the bucket, the ledger and the documents of the running stack, read only. With --fix it says to the ledger what
holds of each key that differs, has totals repaired, looks again, and tells what is left and why. Exit 0: all holds. 1:
something does not. 2: it could not be told, a server is away.

  docuvault audit --wait 30
  docuvault audit --fix
"""
