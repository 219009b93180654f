"""The browser that tests drive: a Chromium that is fetched for them, or the machine's own Firefox where asked for."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Playwright

from deploy.local.bootstrap import cache_folder, ensure_uv
from deploy.local.console import Steps
from deploy.local.errors import StackError
from deploy.local.provision_browser import provision_browser

CHOSEN: Final = os.environ.get("TEST_BROWSER", "chromium")
FIREFOX: Final = ("firefox", "firefox-esr")
RELAY: Final = Path(__file__).with_name("bidi_relay.py")
not_in_firefox: Final = pytest.mark.skipif(
    CHOSEN == "firefox", reason="WebDriver BiDi has no command for it, or does not tell of it"
)
AS_IT_IS: Final[Any] = dict.fromkeys(("color_scheme", "reduced_motion", "forced_colors", "contrast"), "null")
"""A context that pretends nothing about its user's wishes: Firefox cannot be made to."""


def launch(playwright: Playwright) -> Browser:
    """Starts the one that TEST_BROWSER names. Raises StackError where it is not to be had."""
    if CHOSEN == "chromium":
        return _chromium(playwright)
    if CHOSEN == "firefox":
        return _firefox(playwright)
    raise StackError(f"TEST_BROWSER is chromium or firefox, and not {CHOSEN}")


def _chromium(playwright: Playwright) -> Browser:
    cache = cache_folder()
    with Steps() as steps:
        chromium = provision_browser(cache, partial(ensure_uv, cache), steps)
    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--use-gl=angle", "--use-angle=swiftshader"]
    return playwright.chromium.launch(
        executable_path=chromium.program, env=dict(chromium.environment), args=arguments, chromium_sandbox=False
    )


def _firefox(playwright: Playwright) -> Browser:
    """As its makers ship it, driven by WebDriver BiDi, with the relay between."""
    program = next(filter(None, map(shutil.which, FIREFOX)), None)
    if program is None:
        raise StackError(f"TEST_BROWSER=firefox, but there is no {' or '.join(FIREFOX)} on PATH")
    with tempfile.TemporaryDirectory(prefix="docuvault-firefox-") as folder:
        script = Path(folder) / "firefox"
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{RELAY}" "{program}" "$@"\n')
        script.chmod(0o700)
        return playwright.firefox.launch(channel="moz-firefox", executable_path=script)
