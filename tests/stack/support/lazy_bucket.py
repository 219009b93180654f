"""A bucket of any size that is made as it is listed, and rows beside it that match, but for every thousandth."""

from __future__ import annotations

import time
from collections.abc import Sequence
from uuid import UUID

from services.chassis.postgres import Pool
from services.chassis.storage import MOST_KEYS, Listed, ObjectStat, Page

NONCE = UUID(int=9)
A_USER = 100
"""Objects of one user."""
SECOND = 1_000_000_000
ROWS = """
INSERT INTO objects (object_key, document_id, user_id, version, ledger, etag, size_bytes, changed_at)
SELECT format('%s/%s/%s.pdf', user_id, document_id, $2::uuid), document_id, user_id, 1, 'reserved',
       CASE WHEN number % 1000 = 7 THEN 'an earlier one' ELSE 'e' END, 5, now() - interval '1 day'
FROM generate_series(0, $1 - 1) AS number,
     LATERAL (SELECT lpad(to_hex(number), 32, '0')::uuid AS document_id,
                     lpad(to_hex(number / $3::int), 32, '0')::uuid AS user_id) AS made
"""


def lazy_key(number: int) -> str:
    """Keys ascend with their numbers."""
    return f"{UUID(int=number // A_USER)}/{UUID(int=number)}/{NONCE}.pdf"


def number_of(key: str) -> int:
    """The number of a key; -1 for what comes before all of them."""
    return UUID(key[37:73]).int if key else -1


async def fill(pool: Pool, objects: int) -> None:
    """Rows for so many objects; every thousandth remembers an earlier object of its key."""
    await pool.execute(ROWS, objects, NONCE, A_USER, timeout=120)


class LazyBucket:
    """So many objects, none of them kept."""

    def __init__(self, objects: int) -> None:
        self._objects = objects

    async def list_page(self, after: str) -> Page:
        """Made now."""
        first = number_of(after) + 1
        numbers = range(first, min(first + MOST_KEYS, self._objects))
        now = time.time_ns()
        found = [Listed(lazy_key(each), 5, "e", now - 3600 * SECOND) for each in numbers]
        return Page(found, now // SECOND * SECOND, first + MOST_KEYS < self._objects)

    async def stat_object(self, object_key: str) -> ObjectStat | None:
        """As the listing has it."""
        there = number_of(object_key) < self._objects
        return ObjectStat(5, "e", time.time_ns() - 3600 * SECOND) if there else None

    async def delete_objects(self, object_keys: Sequence[str]) -> None:
        """There is nothing to delete."""
        raise AssertionError(object_keys)
