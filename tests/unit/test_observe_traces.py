"""What the Collector wrote is shown as a tree; what it is told to do; who is told why it has ended."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from deploy.local.errors import StackError
from deploy.local.provision_collector import COLLECTOR
from deploy.observe.__main__ import main
from deploy.observe.collecting import configuration, traces_in
from deploy.observe.processes import running
from deploy.observe.traces import read, tree

MS = 1_000_000


def span(span_id: str, parent: str, name: str, at: int, took: int, **more: Any) -> dict[str, Any]:
    times = {"startTimeUnixNano": str(at * MS), "endTimeUnixNano": str((at + took) * MS)}
    return {"traceId": "t1", "spanId": span_id, "parentSpanId": parent, "name": name, **times, **more}


def export(service: str, *spans: dict[str, Any]) -> str:
    attributes = [{"key": "service.name", "value": {"stringValue": f"docuvault-{service}"}}]
    resource = {"resource": {"attributes": attributes}, "scopeSpans": [{"spans": list(spans)}]}
    return json.dumps({"resourceSpans": [resource]})


FAILED = {"status": {"code": 2}, "attributes": [{"key": "error.type", "value": {"stringValue": "KeyError"}}]}


@pytest.fixture
def collected(tmp_path: Path) -> Path:
    """Two files, of which one was put aside; the last line is not all there yet."""
    now = traces_in(tmp_path)
    aside = now.with_name(f"{now.stem}-2026-11-27{now.suffix}")
    aside.write_text(export("quota", span("b", "a", "process storage.events", 1040, 20, **FAILED)) + "\n")
    other = {**span("x", "", "GET /other", 5000, 1), "traceId": "t2"}
    lines = [export("upload", span("a", "", "POST /url", 1000, 5), span("c", "gone", "late", 1001, 1), other)]
    now.write_text("\n".join([*lines, lines[0][:-20]]))
    return now


def test_a_trace_is_a_tree_by_parents_and_by_time_and_says_what_failed(collected: Path) -> None:
    assert [" ".join(line.split()) for line in tree(read(collected), "t1")] == [
        "0.0 5.0 upload POST /url",
        "40.0 20.0 quota process storage.events FAILED KeyError",
        "1.0 1.0 upload late",
    ]
    assert "  upload" in tree(read(collected), "t1")[0]
    assert "    quota" in tree(read(collected), "t1")[1], "it is below"
    assert tree(read(collected), "nobody") == []


def test_the_console_shows_a_trace_by_its_id_or_the_last_that_began(
    collected: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state = collected.parent
    monkeypatch.setenv("STATE_DIR", str(state))
    (state / "observe").mkdir()
    for path in list(state.glob("traces*")):
        path.rename(state / "observe" / path.name)
    for asked, found in (("t1", "POST /url"), ("last", "GET /other")):
        assert main(["--trace", asked]) == 0
        assert found in capsys.readouterr().out
    with pytest.raises(StackError, match="is it sampled"):
        main(["--trace", "f00"])


def test_with_no_trace_collected_the_console_says_where_to_read_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    with pytest.raises(StackError, match=r"docs/how-to/traces\.md"):
        main(["--trace", "last"])


def test_the_collector_listens_on_this_machine_alone_and_writes_a_file_and_to_another(tmp_path: Path) -> None:
    told = json.loads(configuration(4318, tmp_path / "t.jsonl"))
    assert told["receivers"] == {"otlp": {"protocols": {"http": {"endpoint": "127.0.0.1:4318"}}}}
    assert told["service"]["pipelines"]["traces"]["exporters"] == ["file"]
    told = json.loads(configuration(4318, tmp_path / "t.jsonl", onward="http://127.0.0.1:1"))
    assert told["service"]["pipelines"]["traces"]["exporters"] == ["file", "otlp_http"]
    assert told["exporters"]["otlp_http"]["endpoint"] == "http://127.0.0.1:1"


def test_another_choice_of_parts_is_another_build(tmp_path: Path) -> None:
    copied = dataclasses.replace(COLLECTOR, folder=tmp_path)
    for name in COLLECTOR.made_of:
        (tmp_path / name).write_bytes((COLLECTOR.folder / name).read_bytes())
    assert copied.key == COLLECTOR.key
    (tmp_path / "main.go").write_text("package main")
    assert copied.key != COLLECTOR.key


def test_a_program_that_has_ended_is_told_with_its_last_words(tmp_path: Path) -> None:
    with running("It", [sys.executable, "-c", "print('first'); print('why')"], tmp_path / "log") as found:
        found.process.wait()
        with pytest.raises(StackError, match="It has ended: why"):
            found.check_alive()


def test_a_program_is_ended_with_its_block(tmp_path: Path) -> None:
    with running("It", [sys.executable, "-c", "import time; time.sleep(600)"], tmp_path / "log") as found:
        found.check_alive()
        began = time.monotonic()
    assert found.process.returncode is not None
    assert time.monotonic() - began < 60
