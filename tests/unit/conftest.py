"""A stack's folder and its secrets, for tests of what is made of them without a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.credentials import Credentials, ensure_credentials
from deploy.local.layout import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Its folders are there, with nothing in them."""
    layout = Layout(tmp_path / "s")
    layout.prepare()
    return layout


@pytest.fixture
def credentials(layout: Layout) -> Credentials:
    """Kept in the folder."""
    return ensure_credentials(layout)
