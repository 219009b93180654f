"""The lines of one trace out of many logs: found by its id, a request's or a document's, in the order of time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploy.local.tracing_logs import lines_of
from deploy.ops.cli import main

TRACE, OTHER = "0af7651916cd43dd8448eb211c80319c", "1bf7651916cd43dd8448eb211c80319c"
REQUEST, DOCUMENT = "ffffffffffffffffffffffffffffffff", "01a21bc9-c253-73a0-b79e-c9baffe65f0b"


def line(second: int, event: str, **facts: object) -> str:
    return json.dumps({"time": f"2026-01-01T00:00:{second:02}.5Z", "event": event, **facts}) + "\n"


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a stack that is down; one of its logs was rotated."""
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "upload-1.log").write_text(
        line(5, "http.request", request_id=REQUEST, trace_id=TRACE, document_id=DOCUMENT)
        + line(1, "http.request", request_id="another", trace_id=OTHER)
    )
    (folder / "upload-1.log.1").write_text(line(2, "older", trace_id=TRACE))
    (folder / "quota-1.log").write_text(
        line(4, "consumer.batch", trace_ids=[OTHER, TRACE]) + line(6, "quota.rejected", trace_id=TRACE) + TRACE + "\n"
    )
    (folder / "classifier-1.log").write_text(line(9, "classifier.document_filed", document_id=DOCUMENT))
    (folder / "kafka.log").write_text(f"[2026] {TRACE}\n" + '["' + TRACE + '"]\n' + '{"x": "' + TRACE + '"}\n')
    return folder


def found(logs: Path, asked: str) -> list[tuple[str, str]]:
    return [
        (each.process, json.loads(each.text)["event"]) for each in lines_of(asked, sorted(logs.glob("*.log*")))
    ]  # fmt: skip


OF_TRACE = [
    ("upload-1", "older"),
    ("quota-1", "consumer.batch"),
    ("upload-1", "http.request"),
    ("quota-1", "quota.rejected"),
]


def test_a_trace_is_followed_through_all_services_in_the_order_of_time(logs: Path) -> None:
    assert found(logs, TRACE) == OF_TRACE


def test_a_request_is_followed_by_its_trace(logs: Path) -> None:
    assert found(logs, REQUEST) == OF_TRACE


def test_a_document_is_followed_by_its_traces_and_by_its_own_id(logs: Path) -> None:
    assert found(logs, DOCUMENT) == [*OF_TRACE, ("classifier-1", "classifier.document_filed")]


def test_a_batch_that_joins_many_leads_to_none_of_the_others(logs: Path) -> None:
    assert found(logs, OTHER) == [("upload-1", "http.request"), ("quota-1", "consumer.batch")]


@pytest.mark.usefixtures("logs")
def test_the_command_shows_each_line_after_its_process(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", "--trace", TRACE]) == 0
    assert [text.split()[0] for text in capsys.readouterr().out.splitlines()] == [process for process, _ in OF_TRACE]
    assert main(["logs", "--trace", TRACE, "--service", "quota", "--json"]) == 0
    assert {each["process"] for each in json.loads(capsys.readouterr().out)["lines"]} == {"quota-1"}


@pytest.mark.usefixtures("logs")
@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--trace", "e" * 31], 1, ""),
        (["--trace", "abc"], 2, "docuvault: 'abc' is too short for an id\n"),
        (["--trace", TRACE, "--follow"], 2, None),
        (["--trace", TRACE, "--service", "nobody"], 2, None),
        (["--debug"], 2, None),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_one_line(
    options: list[str], code: int, said: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["logs", *options]) == code
    shown = capsys.readouterr()
    assert (shown.out, shown.err.count("\n")) == ("", 0 if said == "" else 1)
    assert said is None or shown.err == said
