"""What is known against packages is told, and let pass only by who says why and until when; silence is not clean."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from deploy.local.errors import StackError
from deploy.supply.audit import EXCEPTIONS
from deploy.supply.findings import CLEAN, FOUND, UNREACHED, Finding, Unreached, Waiver, judge, read_waivers
from deploy.supply.packages import Package, jars, kafka_packages, pinned, python_packages

TODAY = date(2026, 11, 27)
ODD = Package("PyPI", "odd", "1.2")
BAD = Finding(ODD, ("GHSA-1", "CVE-2026-1"), "Reads what it should not")
AWAY = Unreached("OSV", "no route")


def waiver(until: date = TODAY, package: str = "odd", id: str = "CVE-2026-1") -> Waiver:  # noqa: A002 - its name
    return Waiver(id, package, "Only an operator reaches it", until)


def test_nothing_known_by_all_is_clean() -> None:
    assert (judge([], [], [], TODAY).code, judge([], [], [], TODAY).lines) == (CLEAN, [])


def test_a_finding_fails_and_is_told_by_all_its_names() -> None:
    verdict = judge([BAD], [], [], TODAY)
    assert verdict.code == FOUND
    assert verdict.lines == ["FOUND      odd 1.2 (PyPI): GHSA-1, CVE-2026-1: Reads what it should not"]


def test_an_exception_lets_it_pass_by_any_of_its_names_until_its_last_day() -> None:
    for each in ("GHSA-1", "CVE-2026-1"):
        verdict = judge([BAD], [], [waiver(id=each)], TODAY)
        assert (verdict.code, len(verdict.lines)) == (CLEAN, 1)
        assert "Only an operator reaches it" in verdict.lines[0]


@pytest.mark.parametrize("other", [waiver(package="even"), waiver(id="CVE-2026-2")])
def test_an_exception_of_another_package_or_vulnerability_lets_nothing_pass(other: Waiver) -> None:
    assert judge([BAD], [], [other], TODAY).code == FOUND


def test_an_expired_exception_fails_with_its_finding_and_without() -> None:
    late = waiver(TODAY - timedelta(days=1))
    assert judge([BAD], [], [late], TODAY).lines[0].startswith("FOUND")
    for findings in ([BAD], []):
        verdict = judge(findings, [], [late], TODAY)
        assert verdict.code == FOUND
        assert "ended on 2026-11-26" in verdict.lines[-1]


def test_an_exception_for_longer_than_a_year_is_none() -> None:
    verdict = judge([BAD], [], [waiver(TODAY + timedelta(days=367))], TODAY)
    assert (verdict.code, len(verdict.lines)) == (FOUND, 2)


def test_a_source_that_was_not_reached_is_never_clean() -> None:
    verdict = judge([], [AWAY], [], TODAY)
    assert (verdict.code, verdict.lines) == (UNREACHED, ["NOT ASKED  OSV: no route; what it knows is not known here"])
    assert judge([BAD], [AWAY], [waiver()], TODAY).code == UNREACHED
    assert judge([BAD], [AWAY], [], TODAY).code == FOUND


def test_an_exception_of_no_use_is_told_only_where_all_were_asked() -> None:
    assert judge([], [], [waiver()], TODAY).code == FOUND
    assert judge([], [AWAY], [waiver()], TODAY).code == UNREACHED


@pytest.mark.parametrize(
    "text",
    [
        "[[exception]]\nid = 'a'\npackage = 'b'\nreason = 'n/a'\nuntil = 2027-01-01",
        "[[exception]]\nid = 'a'\npackage = 'b'\nreason = 'long enough to be read'\nuntil = 'soon'",
        "[[exception]]\nid = 'a'\npackage = 'b'\nreason = 'long enough to be read'",
        "[[exception]]\nid = 'a",
    ],
)
def test_an_exception_without_a_reason_or_an_end_cannot_be_read(text: str) -> None:
    with pytest.raises(StackError, match="exceptions cannot be read"):
        read_waivers(text)


def test_our_own_exceptions_can_be_read() -> None:
    assert all(each.reason for each in read_waivers(EXCEPTIONS.read_text()))


def test_every_pin_of_the_locks_is_asked_about() -> None:
    text = "Odd.Name==1.2 ; sys_platform == 'linux' \\\n    --hash=sha256:00\n# no==1\nb[extra]==2\nb==2\n"
    assert list(pinned(text)) == [Package("PyPI", "odd.name", "1.2"), Package("PyPI", "b", "2")]
    assert list(jars("# a:b:1 sha256:0\norg.x:y-z:1.0 sha256:00\n")) == [Package("Maven", "org.x:y-z", "1.0")]
    assert {"aiohttp", "cryptography", "mkdocs", "uv"} <= {each.name for each in python_packages()}
    assert "org.apache.kafka:kafka_2.13" in {each.name for each in kafka_packages()}
