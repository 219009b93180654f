"""Races for the last bytes: many uploads of one size, room for some of them, all confirmed at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from tests.stack.support.api import Answer, Api, Client, Upload
from tests.stack.support.bucket import Bucket
from tests.stack.support.waiting import eventually


@dataclass(frozen=True, slots=True)
class Race:
    """`contenders` uploads of `size_bytes` each; `fits` of them fit, and one byte is missing for one more."""

    contenders: int
    fits: int
    size_bytes: int = 1000

    @property
    def limit_bytes(self) -> int:
        """The account's limit."""
        return (self.fits + 1) * self.size_bytes - 1

    @property
    def won_bytes(self) -> int:
        """What is used in the end."""
        return self.fits * self.size_bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """Who ran, and what each was told."""

    race: Race
    user: Client
    uploads: Sequence[Upload]
    answers: Sequence[Answer]

    def told(self, status: int) -> list[tuple[Upload, Answer]]:
        """Those who were told `status`."""
        pairs = zip(self.uploads, self.answers, strict=True)
        return [(upload, answer) for upload, answer in pairs if answer.status == status]


async def run(api: Api, race: Race) -> Outcome:
    """Puts all the bytes, then confirms all at once."""
    user = await api.user(race.limit_bytes)
    uploads = await asyncio.gather(*(user.put_new(b"x" * race.size_bytes) for _ in range(race.contenders)))
    answers = await asyncio.gather(*(user.confirm(upload.document_id) for upload in uploads))
    return Outcome(race, user, uploads, answers)


async def check(outcome: Outcome, bucket: Bucket) -> None:
    """As many were told 200 as fit, each with an account of its own; the rest left nothing behind."""
    race, user = outcome.race, outcome.user
    won, lost = outcome.told(200), outcome.told(413)
    assert (len(won), len(lost)) == (race.fits, race.contenders - race.fits), {a.status for a in outcome.answers}
    totals = [race.size_bytes * number for number in range(1, race.fits + 1)]
    assert sorted(answer.body["used_bytes"] for _, answer in won) == totals
    _check_refusals(race, [answer for _, answer in lost])
    assert await user.used_bytes() == race.won_bytes
    assert await _listed(user) == {upload.document_id for upload, _ in won}
    await eventually(lambda: bucket.of(user.user_id), becomes={upload.key for upload, _ in won})


def _check_refusals(race: Race, refusals: Sequence[Answer]) -> None:
    numbers = {
        "used_bytes": race.won_bytes,
        "limit_bytes": race.limit_bytes,
        "rejected_bytes": race.size_bytes,
        "over_by_bytes": race.won_bytes + race.size_bytes - race.limit_bytes,
    }
    assert all(answer.body == {"detail": numbers} for answer in refusals), refusals


async def _listed(user: Client) -> set[str]:
    page = (await user.list("limit=100")).body
    assert page["next_cursor"] is None
    return {item["id"] for item in page["items"]}


async def confirm_one_many_times(api: Api, times: int) -> None:
    """One document, confirmed `times` times at once, is charged once and answered alike."""
    user = await api.user()
    upload = await user.put_new(b"x" * 5000)
    answers = await asyncio.gather(*(user.confirm(upload.document_id) for _ in range(times)))
    body = {"id": upload.document_id, "size_bytes": 5000, "used_bytes": 5000, "status": "uploaded"}
    assert [(answer.status, answer.body) for answer in answers] == [(200, body)] * times
    assert await user.used_bytes() == 5000


async def refuse_one_many_times(api: Api, bucket: Bucket, times: int) -> None:
    """One document that does not fit, confirmed `times` times at once, is refused alike each time."""
    user = await api.user(limit_bytes=4999)
    upload = await user.put_new(b"x" * 5000)
    answers = await asyncio.gather(*(user.confirm(upload.document_id) for _ in range(times)))
    body = {"detail": {"used_bytes": 0, "limit_bytes": 4999, "rejected_bytes": 5000, "over_by_bytes": 1}}
    assert [(answer.status, answer.body) for answer in answers] == [(413, body)] * times
    await eventually(lambda: bucket.holds(upload.key), becomes=False)
