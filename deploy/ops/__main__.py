"""The console program, `docuvault`, which starts it deaf to Ctrl-C: from here on that is one line and exit 130."""

from __future__ import annotations

import sys

try:
    import signal

    signal.signal(signal.SIGINT, signal.default_int_handler)
    from deploy.ops.cli import main

    code = main()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is left is the interpreter's own end
except KeyboardInterrupt:
    sys.stderr.write("docuvault: interrupted\n")
    code = 130
sys.exit(code)
