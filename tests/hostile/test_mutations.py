"""Two thousand good documents with some of their bytes wrong; MUTATIONS_SEED and MUTATIONS choose others."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Sequence
from random import Random

from services.classifier.reading import Text
from services.classifier.sandbox.limits import MIB, Limits
from services.classifier.sandbox.pool import Pool
from tests.hostile.support.documents import GOOD
from tests.hostile.support.mutations import mutated
from tests.hostile.support.watching import reads_on, resident_bytes, source_of, workers

SEED = int(os.environ.get("MUTATIONS_SEED", "7"))
COUNT = int(os.environ.get("MUTATIONS", "2000"))
READERS = 2


async def test_two_thousand_documents_that_are_a_little_wrong_each_have_an_outcome() -> None:
    chance = Random(SEED)  # noqa: S311 - a seed that can be given again
    suffixes = chance.choices(list(GOOD), k=COUNT)
    documents = [(suffix, mutated(GOOD[suffix], chance)) for suffix in suffixes]
    before = resident_bytes()
    async with Pool(Limits(cpu_seconds=5, wall_seconds=45.0, starved_share=2.0), READERS) as pool:
        shares = (documents[number::READERS] for number in range(READERS))
        outcomes = sum(await asyncio.gather(*(_outcomes(pool, share) for share in shares)), Counter())
        assert await reads_on(pool)
    assert not workers()
    assert outcomes.total() == COUNT
    assert outcomes["text"] > COUNT / 3, outcomes
    assert outcomes["unreadable"] < COUNT / 100, outcomes
    assert resident_bytes() - before < 32 * MIB


async def _outcomes(pool: Pool, documents: Sequence[tuple[str, bytes]]) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    for suffix, document in documents:
        reading = await pool.read(source_of(document, suffix))
        outcomes["text" if isinstance(reading, Text) else reading.why] += 1
    return outcomes
