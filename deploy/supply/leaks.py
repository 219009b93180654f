"""`make secrets`: gitleaks over the whole history. What it finds and is no key is a line of .gitleaksignore.

Exit 0: nothing. 1: something that looks like a key. 2: it could not be told.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from deploy.local.bootstrap import cache_folder, ensure_uv
from deploy.local.console import Steps
from deploy.local.errors import StackError, one_line
from deploy.local.provision_go import GoProgram, provision_go
from deploy.supply.packages import CHECKOUT

GITLEAKS = GoProgram(
    name="gitleaks",
    title="gitleaks",
    module="github.com/zricethezav/gitleaks/v8",
    version="v8.30.1",
    module_hash="h1:PmEvCfVI7ti9dV3s5aMZUY7sS2GxRvG3yzih7E+cS3w=",
)
FOUND, UNTOLD = 1, 2


def provision_gitleaks() -> Path:
    """The path of the binary, built where it is not there: a minute or two."""
    cache = cache_folder()
    with Steps() as steps:
        return provision_go(GITLEAKS, cache, lambda: ensure_uv(cache), steps)


def scan(gitleaks: Path, repository: Path) -> int:
    """Says what gitleaks says, without what it found; the exit code."""
    options = ("--no-banner", "--verbose", "--redact=100", f"--exit-code={FOUND}")
    says = subprocess.run([str(gitleaks), "git", *options, str(repository)], check=False)  # noqa: S603 - ours
    return says.returncode if says.returncode in {0, FOUND} else UNTOLD


if __name__ == "__main__":
    try:
        sys.exit(scan(provision_gitleaks(), CHECKOUT))
    except (StackError, OSError) as error:
        print(f"docuvault: {one_line(error)}", file=sys.stderr)  # noqa: T201 - the answer
        sys.exit(UNTOLD)
    except KeyboardInterrupt:
        sys.exit("docuvault: interrupted")
