"""What a start does not look at: held by counting, as times say nothing here. More of it: test_stack_setup.py."""

from __future__ import annotations

import subprocess
import sys


def test_what_a_service_imports_is_not_searched_for_garbage_again_and_again() -> None:
    counted = "import gc, services.quota.__main__; print(sum(each['collections'] for each in gc.get_stats()))"
    command = (sys.executable, "-c", counted)
    collections = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)  # noqa: S603 - our own
    assert collections < 30, "by default they are hundreds"
