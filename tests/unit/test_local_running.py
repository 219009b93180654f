"""What a stack was started with, and what is asked of it now: one of the two counts, or it is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.errors import StackError
from deploy.local.layout import Layout
from deploy.local.running import recall, recall_kind, remember
from deploy.local.settings import StackSettings
from deploy.local.settings_guests import Guest

GUESTS = {"idp": Guest(writes=frozenset({"users"}))}


@pytest.fixture
def guarded(layout: Layout) -> Layout:
    """Of a stack that was started secure, with an account for somebody else."""
    remember(layout, StackSettings(state_dir=layout.state, secure=True, kafka_guests=GUESTS))
    return layout


def test_what_contradicts_what_the_stack_was_started_with_is_refused_in_one_line(guarded: Layout) -> None:
    with pytest.raises(StackError, match="started with: settings: KAFKA_GUESTS needs SECURE=1") as refused:
        recall(guarded, StackSettings(state_dir=guarded.state, secure=False))
    assert "\n" not in str(refused.value)


def test_the_kind_of_a_stack_is_known_whatever_contradicts_whatever_else(guarded: Layout, tmp_path: Path) -> None:
    assert recall_kind(guarded, StackSettings(state_dir=guarded.state, secure=False)) == "embedded"
    remember(guarded, StackSettings(stack="containers"))
    assert recall_kind(guarded, StackSettings(state_dir=guarded.state)) == "containers"
    assert recall_kind(guarded, StackSettings(stack="auto")) == "auto"
    assert recall_kind(Layout(tmp_path / "none"), StackSettings()) == "embedded"
