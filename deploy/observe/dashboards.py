"""The Grafana dashboards as data: `python -m deploy.observe.dashboards` writes them, `--check` finds old ones.

A panel is a title, a unit and its queries; the JSON is that of Grafana's dashboard model, schema 41. Grafana itself is
in no package registry that this repository uses, so a file is held to what its queries speak of, not shown by Grafana.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.observe.boards import BOARDS
from deploy.observe.panels import Board, Panel

FOLDER = Path(__file__).parent / "grafana" / "dashboards"
SCHEMA = 41
WIDTH, HEIGHT, ACROSS = 12, 8, 2
SOURCE = {"type": "prometheus", "uid": "${source}"}


def model_of(board: Board) -> Mapping[str, Any]:
    """A dashboard as Grafana reads it."""
    return {
        "uid": f"docuvault-{board.name}",
        "title": board.title,
        "description": board.question,
        "tags": ["docuvault"],
        "schemaVersion": SCHEMA,
        "editable": False,
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {
            "list": [{"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}]
        },
        "links": [
            {"type": "dashboards", "title": "docuvault", "tags": ["docuvault"], "asDropdown": True, "keepTime": True}
        ],
        "panels": [_panel(panel, number) for number, panel in enumerate(board.panels)],
    }


def _panel(panel: Panel, number: int) -> Mapping[str, Any]:
    defaults: dict[str, Any] = {"unit": panel.unit, "min": 0, "custom": {"fillOpacity": 10, "showPoints": "never"}}
    if panel.limit is not None:
        steps = [{"color": "green", "value": None}, {"color": "red", "value": panel.limit}]
        defaults |= {"thresholds": {"mode": "absolute", "steps": steps}}
        defaults["custom"] |= {"thresholdsStyle": {"mode": "line"}}
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.meaning,
        "datasource": SOURCE,
        "gridPos": {
            "w": WIDTH, "h": HEIGHT, "x": number % ACROSS * WIDTH, "y": number // ACROSS * HEIGHT,
        },
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [
            {"refId": "ABCDEF"[place], "datasource": SOURCE, "expr": query.expression, "legendFormat": query.legend}
            for place, query in enumerate(panel.queries)
        ],
    }  # fmt: skip


def files() -> Iterator[tuple[Path, str]]:
    """Each file with what it has to hold."""
    for board in BOARDS:
        yield FOLDER / f"{board.name}.json", json.dumps(model_of(board), indent=1, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str]) -> int:
    """1 where `--check` finds a file that is not as it would be written."""
    parser = argparse.ArgumentParser(prog="deploy.observe.dashboards")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file is out of date")
    check = parser.parse_args(arguments).check
    stale = [path for path, text in files() if not path.is_file() or path.read_text("utf-8") != text]
    if not check:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for path, text in files():
            path.write_text(text, "utf-8")
        return 0
    for path in stale:
        sys.stderr.write(f"{path.name} is out of date: python -m deploy.observe.dashboards\n")
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
