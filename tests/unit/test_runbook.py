"""The runbook names what there is: each state, and only commands, metrics, log events and settings that exist."""

from __future__ import annotations

import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest

from deploy.ops.cli import COMMANDS, options_of
from deploy.ops.explain_heals import COMMANDS as MOVES
from deploy.ops.explain_rules import IN_ORDER
from deploy.ops.explain_states import State

CHECKOUT = Path(__file__).parents[2]
TEXT = (CHECKOUT / "docs" / "runbook.md").read_text("utf-8")
SPANS = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", TEXT)]
SOURCES = [
    path.read_text("utf-8")
    for folder in ("services", "deploy", "contracts")
    for path in (CHECKOUT / folder).rglob("*.py")
]
FILLED = {"ID": "01980a3e-7c5e-7c1a-9d3e-0242ac120002", "UUID": "5f3c9b1e-2f0a-4b8e-9a53-6f0d8e9b7a11", "TIME": "2h"}
TARGETS = set(re.findall(r"^([a-z]+):.*## ", (CHECKOUT / "Makefile").read_text("utf-8"), re.MULTILINE))


def words_of(line: str) -> list[str]:
    return [FILLED.get(word, word) for word in shlex.split(line)]


def rows() -> dict[str, list[str]]:
    """The table of states: each state's cells."""
    found = re.findall(r"^\| `([a-z_]+)` \|(.*)\|$", TEXT, re.MULTILINE)
    return {state: [cell.strip() for cell in rest.split("|")] for state, rest in found}


def test_each_state_of_the_rules_is_a_line_of_the_runbook_and_no_other_is() -> None:
    assert set(rows()) == set(State)


def test_the_states_with_which_nothing_is_wrong_come_first() -> None:
    assert set(list(rows())[: len(IN_ORDER)]) == IN_ORDER


@pytest.mark.parametrize("state", State)
def test_each_states_command_is_the_one_that_explain_tells(state: State) -> None:
    told = MOVES.get(state)
    assert told is None or " ".join(told.split()[:2]).replace("make -s", "make") in rows()[state][1].replace(
        "make -s", "make"
    )


CONSOLE = sorted({span for span in SPANS if span.startswith("docuvault ")})
MAKE = sorted({span for span in SPANS if span.startswith("make ")})


@pytest.mark.parametrize("line", CONSOLE)
def test_each_console_command_exists_and_takes_these_arguments(line: str) -> None:
    _, name, *rest = words_of(line)
    (command,) = (each for each in COMMANDS if each.name == name)
    module = import_module(f"deploy.ops.commands.{name}")
    needed = {"explain": ["--doc", FILLED["ID"]]}
    options_of(command, module, rest or needed.get(name, []))


@pytest.mark.parametrize("line", MAKE)
def test_each_make_target_exists(line: str) -> None:
    target = next(word for word in line.split()[1:] if not word.startswith("-"))
    assert target in TARGETS


@pytest.mark.parametrize("name", sorted({span for span in SPANS if span.startswith("docuvault_")}))
def test_each_metric_exists(name: str) -> None:
    counted = name.removesuffix("_total")
    assert any(f'"{counted}"' in source for source in SOURCES)


@pytest.mark.parametrize("name", sorted({span for span in SPANS if re.fullmatch(r"[a-z]+\.[a-z_]+", span)}))
def test_each_log_event_exists(name: str) -> None:
    assert any(f'"{name}"' in source for source in SOURCES)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)*_SECONDS\b|\bKAFKA_[A-Z_]+\b", TEXT))))
def test_each_setting_exists(name: str) -> None:
    assert any(re.search(rf"\b{name.lower()}\b", source) for source in SOURCES)


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", TEXT))))
def test_each_link_leads_somewhere(link: str) -> None:
    assert (CHECKOUT / "docs" / link).exists()


@pytest.mark.parametrize("anchor", sorted(set(re.findall(r"\]\(#([^)]+)\)", TEXT))))
def test_each_link_within_leads_somewhere(anchor: str) -> None:
    headings = re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    assert anchor in {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_readme_leads_to_it() -> None:
    assert "docs/runbook.md" in (CHECKOUT / "README.md").read_text("utf-8")
