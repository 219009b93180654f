"""Which licences may be in an image, whatever words a package has for its own."""

from __future__ import annotations

import pytest

from deploy.local.errors import StackError
from deploy.supply import licences
from deploy.supply.licence_terms import UnknownLicence, allowed, spdx
from deploy.supply.licences import Row, kafka_rows, main, refuse


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("MIT License", "MIT"),
        ("Apache 2.0", "Apache-2.0"),
        ("(MIT OR CC0-1.0)", "MIT OR CC0-1.0"),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", "MPL-2.0 AND (Apache-2.0 OR MIT)"),
    ],
)
def test_a_packages_words_become_an_expression(words: str, expected: str) -> None:
    assert spdx(words) == expected


@pytest.mark.parametrize("words", ["", "See LICENSE", "Other/Proprietary License", "free for some"])
def test_words_that_nobody_has_looked_at_are_not_guessed(words: str) -> None:
    with pytest.raises(UnknownLicence):
        spdx(words)


@pytest.mark.parametrize(
    ("expression", "is_allowed"),
    [
        ("MIT", True),
        ("AGPL-3.0-only", False),
        ("GPL-2.0-only OR MIT", True),
        ("GPL-2.0-only AND MIT", False),
        ("MIT AND GPL-2.0-only OR BSD-3-Clause", True),
        ("MIT AND (GPL-2.0-only OR SSPL-1.0)", False),
        ("(GPL-2.0-only OR MIT) AND Apache-2.0", True),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False),
    ],
)
def test_all_of_what_and_joins_must_be_allowed_and_one_of_what_or_does(expression: str, *, is_allowed: bool) -> None:
    assert allowed(expression) is is_allowed


def test_a_package_that_may_not_be_in_an_image_is_refused_by_its_name() -> None:
    refuse([Row("fine", "1", "MIT")])
    with pytest.raises(StackError, match=r"odd 1 is under AGPL-3.0-only"):
        refuse([Row("fine", "1", "MIT"), Row("odd", "1", "AGPL-3.0-only")])


def test_the_page_is_what_the_locks_say_and_another_lock_makes_it_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    main(["--check"])
    rows = list(kafka_rows())
    monkeypatch.setattr(licences, "kafka_rows", lambda: [Row(rows[0].name, "9.9", rows[0].licence), *rows[1:]])
    with pytest.raises(StackError, match="make licences"):
        main(["--check"])
