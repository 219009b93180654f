"""promtool's own word on the rules, where it has been built: `make alerts` does so, and runs this."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from deploy.local.bootstrap import cache_folder
from deploy.local.provision_prometheus import prometheus_at_hand
from deploy.observe.catalogue import instruments
from deploy.observe.prometheus import RULES, configuration
from services.chassis.metrics import REGISTRY

PROGRAMS = prometheus_at_hand(cache_folder())
TESTS = sorted((RULES.parent / "tests").glob("*.yml"))

pytestmark = pytest.mark.skipif(PROGRAMS is None, reason="no promtool is built here: `make alerts` does it")


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert PROGRAMS is not None
    return subprocess.run(  # noqa: S603 - our own
        [str(PROGRAMS / "promtool"), *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("tests", TESTS, ids=lambda path: path.stem)
def test_each_alert_fires_where_its_symptom_is_and_not_before(tests: Path) -> None:
    says = promtool("test", "rules", str(tests))
    assert says.returncode == 0, says.stdout + says.stderr


def test_rules_and_configuration_are_what_prometheus_takes(tmp_path: Path) -> None:
    config = tmp_path / "prometheus.yml"
    config.write_text(configuration({"upload-1": "http://127.0.0.1:1"}), "utf-8")
    says = promtool("check", "config", "--lint-fatal", str(config))
    assert says.returncode == 0, says.stdout + says.stderr


def test_what_the_services_show_is_named_as_prometheus_wants_it() -> None:
    assert PROGRAMS is not None
    assert list(instruments()), "all of them are declared by now"
    says = subprocess.run(  # noqa: S603 - likewise
        [str(PROGRAMS / "promtool"), "check", "metrics"],
        input=generate_latest(REGISTRY),
        capture_output=True,
        check=False,
    )
    ours = [line for line in says.stderr.decode().splitlines() if line.startswith("docuvault_")]
    assert ours == []
