"""What is measured: named as the field does, with labels that hold few values, each one listed and none forgotten."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from deploy.observe.catalogue import MODULES, Instrument, instruments
from deploy.observe.labels import KNOWN, PATTERNS, is_known
from services.chassis.metrics import METRICS, REGISTRY, Metrics
from services.chassis.tally import Tally

SERVICES = Path(__file__).parents[2] / "services"
FOUND = list(instruments())
UNITS = re.compile(r"_(seconds|bytes|ratio)$")
NO_BASE_UNIT = re.compile(r"_(ms|milliseconds|minutes|hours|kilobytes|kb|mb|percent)(_|$)")
THINGS = {
    "records", "messages", "streams", "accounts", "differences", "work", "line", "halted", "partitions",
}  # fmt: skip
"""What a gauge may count, by the last word of its name."""


@pytest.mark.parametrize("each", FOUND, ids=lambda each: each.name)
def test_a_name_is_as_the_field_has_it(each: Instrument) -> None:
    assert re.fullmatch(r"docuvault(_[a-z]+)+", each.name)
    assert not NO_BASE_UNIT.search(each.name)
    assert not re.search(r"_(total|count|sum|bucket|info)$", each.name)
    if each.kind == "histogram":
        assert UNITS.search(each.name) or each.name.rpartition("_")[2] in THINGS
    if each.kind == "gauge":
        assert UNITS.search(each.name) or each.name.rpartition("_")[2] in THINGS
    assert each.meaning
    assert not {"job", "instance"} & set(each.labels), "Prometheus has these for what it scrapes"


@pytest.mark.parametrize("each", FOUND, ids=lambda each: each.name)
def test_each_label_has_few_values_that_are_known(each: Instrument) -> None:
    assert set(each.labels) <= KNOWN.keys() | PATTERNS.keys()


def test_no_two_instruments_have_one_name() -> None:
    assert len({each.name for each in FOUND}) == len(FOUND)


def test_what_makes_an_instrument_is_in_the_catalogue() -> None:
    listed = {module for modules in MODULES.values() for module in modules}
    makers = {
        ".".join(("services", *path.relative_to(SERVICES).with_suffix("").parts))
        for path in SERVICES.rglob("*.py")
        if re.search(r"^[A-Z_]+ = (Counter|Gauge|Histogram|Tally)\(", path.read_text("utf-8"), re.MULTILINE)
    }
    assert makers | {"services.chassis.metrics"} == listed


def test_a_scrape_shows_them_all_under_the_names_of_the_catalogue() -> None:
    with METRICS.outbox_shown():
        families = list(text_string_to_metric_families(generate_latest(REGISTRY).decode()))
    assert {each.name for each in FOUND} <= {family.name for family in families}


@pytest.mark.parametrize(
    ("label", "value"),
    [
        ("group", "evil"),
        ("route", "/documents/01980a3e-7c5e-7c1a-9d3e-0242ac120002"),
        ("route", "/documents/../../etc"),
        ("status", "200 OK"),
        ("user_id", "5f3c9b1e-2f0a-4b8e-9a53-6f0d8e9b7a11"),
        ("method", "BREW"),
    ],
)
def test_whatever_else_a_label_holds_is_strange(label: str, value: str) -> None:
    assert not is_known(label, value)


def test_a_tally_shows_what_a_histogram_of_the_library_shows() -> None:
    registry = CollectorRegistry()
    tally = Tally("seen_seconds", "so", (0.1, 1, 10), registry)
    tally.observe([0.05, 0.1, 0.5, 10, 11])
    tally.observe([])
    tally.observe([1.0])
    found = {
        (name, labels.get("le")): registry.get_sample_value(name, labels)
        for name, labels in (
            *(("seen_seconds_bucket", {"le": le}) for le in ("0.1", "1.0", "10.0", "+Inf")),
            ("seen_seconds_count", {}),
            ("seen_seconds_sum", {}),
        )
    }
    assert found == {
        ("seen_seconds_bucket", "0.1"): 2,
        ("seen_seconds_bucket", "1.0"): 4,
        ("seen_seconds_bucket", "10.0"): 5,
        ("seen_seconds_bucket", "+Inf"): 6,
        ("seen_seconds_count", None): 6,
        ("seen_seconds_sum", None): pytest.approx(22.65),
    }


def test_a_name_that_a_tally_has_is_taken() -> None:
    registry = CollectorRegistry()
    Tally("seen_seconds", "so", (1,), registry)
    with pytest.raises(ValueError, match="Duplicated"):
        Counter("seen_seconds", "so", registry=registry)


def test_a_service_without_an_outbox_shows_none_and_one_that_looks_again_shows_it_again() -> None:
    metrics = Metrics(CollectorRegistry())

    def shown() -> bool:
        return b"docuvault_outbox_messages" in generate_latest(metrics.registry)

    assert not shown()
    for _ in range(2):
        with metrics.outbox_shown():
            assert shown()
        assert not shown()
