"""What `make test` runs is every test there is, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.__main__ import LANES

ROOT = Path(__file__).parents[2]


def files_of(lane: Sequence[str]) -> set[Path]:
    """As pytest finds them."""
    ignored = {ROOT / part.removeprefix("--ignore=") for part in lane if part.startswith("--ignore=")}
    places = [ROOT / part for part in lane if not part.startswith("-")]
    assert all(place.exists() for place in [*places, *ignored]), lane
    found = {file for place in places for file in (place.rglob("test_*.py") if place.is_dir() else [place])}
    return {file for file in found if not ignored & {file, *file.parents}}


def test_each_file_of_tests_is_in_exactly_one_lane() -> None:
    found = Counter(file for lane in LANES for file in files_of(lane))
    every = set((ROOT / "tests").rglob("test_*.py"))
    assert found == Counter(every)
