"""Rules, alerts and dashboards speak only of what the services show, and each alert leads to a section of the runbook.

That an expression is right in itself is promtool's to say (`make alerts`); here it is held to names and labels alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.observe import dashboards, table
from deploy.observe.boards import BOARDS
from deploy.observe.catalogue import labels_by_series
from deploy.observe.labels import is_known
from deploy.observe.prometheus import RULES, configuration
from deploy.observe.promql import groupings, selectors
from deploy.observe.store_metrics import StoreMetrics

CHECKOUT = Path(__file__).parents[2]
TEXTS = {path.name: path.read_text("utf-8") for path in RULES.glob("*.yml")}
RULE = re.compile(r"^      - (alert|record): (\S+)\n        expr: (.+)\n((?:        .+\n?)*)", re.MULTILINE)
FOUND = [rule for text in TEXTS.values() for rule in RULE.findall(text)]
ALERTS = [(name, expression, rest) for kind, name, expression, rest in FOUND if kind == "alert"]
RECORDED = {name: expression for kind, name, expression, _ in FOUND if kind == "record"}
QUERIES = [query.expression for board in BOARDS for panel in board.panels for query in panel.queries]
LEGENDS = [(query.expression, query.legend) for board in BOARDS for panel in board.panels for query in panel.queries]
SERIES = labels_by_series()
SCRAPED = {"job", "instance", "replica"}
"""Labels that Prometheus gives to whatever it scrapes here."""


def problems(expression: str) -> Iterator[str]:
    """What an expression asks for that is nowhere."""
    known: set[str] = set(SCRAPED)
    for name, asked in selectors(expression):
        if name in RECORDED:
            known |= groupings(RECORDED[name])
            continue
        if name not in SERIES:
            yield f"there is no {name}"
            continue
        known |= SERIES[name]
        yield from (f"{name} has no label {label}" for label in asked.keys() - SERIES[name] - SCRAPED)
        for label, value in asked.items():
            if label not in SCRAPED | {"route"} and not all(
                is_known(label, each) for each in value.replace("5..", "500").split("|")
            ):
                yield f"{name}: {label} is never {value}"
    yield from (f"grouped by {label}, which is nowhere" for label in groupings(expression) - known)


def test_no_rule_is_written_in_a_way_that_these_tests_overlook() -> None:
    assert len(FOUND) == sum(text.count("expr:") for text in TEXTS.values())


@pytest.mark.parametrize("expression", sorted({rule[2] for rule in FOUND} | set(QUERIES)))
def test_each_metric_and_label_that_is_asked_for_is_shown_by_a_service(expression: str) -> None:
    assert list(problems(expression)) == []


@pytest.mark.parametrize(("expression", "legend"), LEGENDS)
def test_a_legend_names_labels_that_its_query_keeps(expression: str, legend: str) -> None:
    named = set(re.findall(r"\{\{(\w+)\}\}", legend))
    kept = groupings(expression) | {"instance"}
    for name, _ in selectors(expression):
        kept |= groupings(RECORDED.get(name, ""))
    assert named <= kept


@pytest.mark.parametrize(
    "expression",
    [
        "rate(docuvault_no_such_total[5m])",
        'docuvault_group_oldest_age_seconds{user_id="1"}',
        'docuvault_group_oldest_age_seconds{group="cuota"}',
        "sum by (color) (docuvault_outbox_messages)",
    ],
)
def test_what_is_nowhere_is_found_out(expression: str) -> None:
    assert list(problems(expression))


@pytest.mark.parametrize(("name", "expression", "rest"), ALERTS)
def test_each_alert_says_how_bad_it_is_what_is_seen_and_where_to_read_on(name: str, expression: str, rest: str) -> None:
    assert expression
    assert re.search(r"labels: \{severity: (page|ticket)[,}]", rest)
    assert re.search(r"^          summary: .+$", rest, re.MULTILINE)
    assert re.search(rf"^          runbook_url: docs/runbook\.md#{name.lower()}$", rest, re.MULTILINE)


def test_the_runbook_has_a_section_for_each_alert_and_for_no_other() -> None:
    text = (CHECKOUT / "docs" / "runbook.md").read_text("utf-8")
    sections = re.findall(r"^### (\S+)$", text.partition("\n## Alerts\n")[2].partition("\n## ")[0], re.MULTILINE)
    assert len(sections) == len(set(sections))
    assert set(sections) == {name for name, _, _ in ALERTS}


def test_each_alert_has_a_unit_test_in_which_it_fires() -> None:
    texts = [path.read_text("utf-8") for path in (RULES.parent / "tests").glob("*.yml")]
    fires = {name for text in texts for name in re.findall(r"^      - alertname: (\w+)$", text, re.MULTILINE)}
    assert fires == {name for name, _, _ in ALERTS}


def test_the_objective_has_a_bucket_of_its_own() -> None:
    text = (RULES / "objective.yml").read_text("utf-8")
    assert set(re.findall(r'le="([^"]+)"', text)) == {"10.0"}


def test_dashboards_are_written_as_their_code_has_them() -> None:
    assert dashboards.main(["--check"]) == 0
    for path, text in dashboards.files():
        model = json.loads(text)
        assert path.stem == model["uid"].removeprefix("docuvault-")
        assert len({panel["id"] for panel in model["panels"]}) == len(model["panels"])
        places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in model["panels"]}
        assert len(places) == len(model["panels"])


def test_the_documentation_names_every_metric_as_it_is() -> None:
    assert table.page() == table.PAGE.read_text("utf-8"), "python -m deploy.observe.table"


def test_each_replica_is_scraped_as_one_of_its_service() -> None:
    urls = {"upload-1": "http://127.0.0.1:1", "upload-2": "http://127.0.0.1:2", "quota-1": "http://127.0.0.1:3"}
    jobs = {each["job_name"]: each["static_configs"] for each in json.loads(configuration(urls))["scrape_configs"]}
    assert [target["targets"] for target in jobs["upload"]] == [["127.0.0.1:1"], ["127.0.0.1:2"]]
    assert jobs["quota"][0]["labels"] == {"replica": "1"}


def test_the_store_is_scraped_by_its_token_which_no_one_else_is_given() -> None:
    urls = {"upload-1": "http://127.0.0.1:1"}
    store = StoreMetrics("127.0.0.1:9000", "secret")
    upload, told = json.loads(configuration(urls, store=store))["scrape_configs"]
    assert "authorization" not in upload
    assert told["authorization"] == {"type": "Bearer", "credentials": "secret"}
    assert told["static_configs"] == [{"targets": ["127.0.0.1:9000"]}]
    assert "secret" not in repr(store)
