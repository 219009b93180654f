"""Which few faults break it: found by leaving out halves, in as few runs as one is willing to wait for."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.campaign.shrink import Fails, shrink


@given(count=st.integers(1, 40), data=st.data())
async def test_what_breaks_it_alone_or_together_is_all_that_is_left(count: int, data: st.DataObject) -> None:
    guilty = data.draw(st.sets(st.integers(0, count - 1), min_size=1, max_size=3))
    found = await shrink(range(count), _breaks_with(guilty), most_runs=10_000)
    assert (set(found.left), found.least) == (guilty, True)


async def test_a_list_that_never_fails_again_is_told_as_it_is() -> None:
    found = await shrink([1, 2, 3, 4], _never, most_runs=100)
    assert [*found.left] == [1, 2, 3, 4]


async def test_no_more_runs_are_made_than_allowed() -> None:
    runs: list[Sequence[int]] = []

    async def breaks(items: Sequence[int]) -> bool:
        runs.append(items)
        return 7 in items

    found = await shrink(range(100), breaks, most_runs=5)
    assert len(runs) == found.runs == 5
    assert not found.least
    assert 7 in found.left
    assert len(found.left) < 100


def _breaks_with(guilty: set[int]) -> Fails[int]:
    async def breaks(items: Sequence[int]) -> bool:
        return guilty <= set(items)

    return breaks


async def _never(_: Sequence[int]) -> bool:
    return False
