"""The plots of the benchmarks: the same numbers make the same picture, and a good line points to the right."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from benchmarks.plot import bar, plot
from benchmarks.svg import Panel, bars, panels


def _record(**changed: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "line": "things/s <and more>",
        "value": 40.0,
        "ratio": 0.8,
        "goal": 1.0,
        "goal_is": "at least, of the ratio",
        "unit": "/s",
        "spread": {"value": [30, 50], "ratio": [0.5, 2.0]},
        "limits": [],
    }
    return made | changed


def test_a_speed_is_as_far_as_it_is_a_multiple_of_its_goal() -> None:
    found = bar(_record())
    assert (found.middle, found.least, found.most) == (0.8, 0.5, 2.0)
    assert found.note == "0.8 x, goal ≥ 1"


def test_a_cost_is_the_further_the_smaller_it_is() -> None:
    found = bar(_record(goal_is="at most, of the ratio", goal=1.6))
    assert (found.middle, found.least, found.most) == pytest.approx((2.0, 0.8, 3.2))


def test_a_goal_of_the_value_is_held_against_the_value() -> None:
    found = bar(_record(goal_is="at most, of the value", goal=80, unit="MB"))
    assert (found.middle, found.note) == (2.0, "40 MB, goal ≤ 80")


def test_a_goal_beside_the_ratio_that_is_missed_is_said() -> None:
    limits = [{"name": "p99 ms", "value": 70.0, "met": False}, {"name": "lag", "value": 1.0, "met": True}]
    assert bar(_record(limits=limits)).note == "0.8 x, goal ≥ 1, p99 ms 70"


def test_the_picture_is_well_formed_and_the_same_each_time() -> None:
    records = [_record(), _record(line="others", ratio=1e6, spread={"ratio": [0.0001, 1e9]})]
    picture = plot(records)
    assert picture == plot(list(records))
    root = ET.fromstring(picture)  # noqa: S314 - our own
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "things/s <and more>" in texts
    for rect in root.iter("{http://www.w3.org/2000/svg}rect"):
        assert 0 <= float(rect.get("x", "0")) <= 860


def test_a_picture_of_nothing_is_still_one() -> None:
    ET.fromstring(bars("nothing", []))  # noqa: S314 - our own


def test_curves_over_powers_of_ten_are_drawn_point_by_point() -> None:
    panel = Panel("cost", {"warm": [(1e3, 10.0), (1e7, 20.0)], "cold": [(1e3, 15.0), (1e7, 40.0)]})
    root = ET.fromstring(panels("growth", [panel, panel, panel]))  # noqa: S314 - our own
    assert len(list(root.iter("{http://www.w3.org/2000/svg}circle"))) == 12
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"10^3", "10^7", "— cold"} <= set(texts)
