"""The console program, `docuvault`, which starts it deaf to Ctrl-C: from here on that is one line and exit 130."""

from __future__ import annotations

import os
import sys

from deploy.ops.interrupts import INTERRUPTED, deafen, end, hear

try:
    hear()
    from deploy.ops.cli import main

    code = main(ending=deafen)
    deafen()  # what is left is the interpreter's own end
except KeyboardInterrupt:
    try:
        end()
    except KeyboardInterrupt:  # twice within microseconds, as `timeout` says it: to the process, and to its group
        end()
if code == INTERRUPTED:
    os._exit(code)  # as `end`, which has been said
sys.exit(code)
