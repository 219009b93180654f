"""How the benchmarks are asked: what the command line takes and refuses."""

from __future__ import annotations

import pytest

from benchmarks.options import DEFAULTS, LEAST_ROUNDS, Options, parse


def test_without_a_word_all_is_measured_in_full() -> None:
    found, options = parse([])
    assert (found.only, found.strict) == ("", False)
    assert options == DEFAULTS == Options(rounds=LEAST_ROUNDS)


def test_each_size_can_be_named() -> None:
    _, options = parse(["--rounds", "1", "--records", "1500", "--soak-minutes", "0.1", "--rows", "1000", "--profile"])
    assert options == Options(rounds=1, records=1500, soak_minutes=0.1, rows=1000, profile=True)


def test_the_nightly_outage_is_asked_for_and_counts_as_in_full() -> None:
    _, options = parse(["--outage-seconds", "600", "--uploads", "100000"])
    assert (options.outage_seconds, options.in_full) == (600, True)
    assert not parse(["--outage-seconds", "5"])[1].in_full


@pytest.mark.parametrize(
    "arguments",
    [
        ["--rounds", "0"],
        ["--rounds", "1.5"],
        ["--seconds", "-1"],
        ["--seconds", "nan"],
        ["--records", "many"],
        ["--all"],
    ],
    ids=" ".join,
)
def test_what_makes_no_measure_is_refused_with_its_name(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse(arguments)
    assert arguments[0] in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "in_full"),
    [
        ([], True),
        (["--rounds", "9"], True),
        (["--rounds", "4"], False),
        (["--rows", "1000000"], False),
        (["--profile"], False),
    ],
    ids=str,
)
def test_only_what_was_measured_in_full_may_stand_in_the_docs(arguments: list[str], in_full: bool) -> None:  # noqa: FBT001 - a case
    assert parse(arguments)[1].in_full is in_full
