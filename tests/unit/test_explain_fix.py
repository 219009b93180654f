"""FIX=1 refuses before it touches anything, where there is nothing to say or the store is not to be believed."""

from __future__ import annotations

import pytest

from deploy.ops import explain_fix
from deploy.ops.explain_fix import fix
from deploy.ops.explain_model import Explained, Facts
from deploy.ops.explain_rules import judge
from deploy.ops.explaining import Explainer
from tests.unit.explain_facts import TIMING, facts, waiting


class Untouched(Explainer):
    """Of no stack: whoever asks it for more than what was explained fails."""

    def __init__(self) -> None:
        """None of what an Explainer has."""


def explained(found: Facts) -> Explained:
    return Explained(found, judge(found, TIMING))


async def test_what_rests_is_left_alone() -> None:
    fixed = await fix(Untouched(), explained(facts()), 0)
    assert (fixed.said, fixed.refused) == (None, "nothing is to be done")


async def test_what_is_not_safe_is_left_alone_and_says_why() -> None:
    fixed = await fix(Untouched(), explained(facts(document=None)), 0)
    assert fixed.said is None
    assert "no document shows" in str(fixed.refused)


async def test_bytes_are_not_given_back_on_the_word_of_an_empty_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    async def empty(_: Explainer) -> tuple[int, bool]:
        return 1, True

    monkeypatch.setattr(explain_fix, "_moment_of", empty)
    fixed = await fix(Untouched(), explained(facts(stored=None)), 0)
    assert fixed.said is None
    assert "the whole bucket is empty" in str(fixed.refused)


async def test_a_url_that_lives_is_the_clients_turn() -> None:
    assert (await fix(Untouched(), explained(waiting()), 0)).refused is not None
