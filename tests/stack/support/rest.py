"""The oracle: at rest, every byte is accounted for."""

from __future__ import annotations

from deploy.local.info import StackInfo
from deploy.ops.audit import settled

REST_SECONDS = 30.0


async def assert_clean(info: StackInfo, within_seconds: float = REST_SECONDS) -> None:
    """Waits until nothing is under way and holds the stack to its invariants; AssertionError with all differences."""
    report = await settled(info, within_seconds)
    assert report.clean, "\n".join(
        f"{each.check}: {each.what} {each.key or each.user or ''}" for each in report.differences
    )
