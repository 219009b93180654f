from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from errno import ENOSPC
from typing import Any
from uuid import uuid4

import orjson
import pytest
import structlog
from hypothesis import example, given
from hypothesis import strategies as st

from services.chassis.logging import caused_by, configure
from services.chassis.redaction import HIDDEN, redact_keys, redact_line, redact_text

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
SIGNED = (
    "http://minio:9000/documents/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=key%2F20260101"
    "&X-Amz-Signature=0badc0de&X-Amz-Expires=900"
)


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    found = io.StringIO()
    configure("quota", "2", "INFO", stream=found)
    yield found
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_who_when_and_what_is_bound(stream: io.StringIO) -> None:
    with caused_by({"request_id": "r1", "traceparent": "00-1"}):
        structlog.get_logger("services.quota").info("quota.batch_settled", size=3)
    (line,) = lines(stream)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "event": "quota.batch_settled",
        "service": "quota",
        "replica": "2",
        "logger": "services.quota",
        "request_id": "r1",
        "traceparent": "00-1",
        "size": 3,
    }


def test_libraries_speak_the_same_language(stream: io.StringIO) -> None:
    logging.getLogger("aiokafka.consumer").warning("lost %s", "node 1")
    (line,) = lines(stream)
    assert (line["event"], line["logger"], line["service"]) == ("lost node 1", "aiokafka.consumer", "quota")


def test_chatty_libraries_are_heard_from_warnings_on(stream: io.StringIO) -> None:
    logging.getLogger("aiokafka.consumer.group_coordinator").info("heartbeat")
    assert lines(stream) == []


def test_a_library_that_repeats_itself_is_heard_once_in_a_while(stream: io.StringIO) -> None:
    for attempt in range(50):
        logging.getLogger("aiokafka").error("Unable connect to node %s", attempt)
        logging.getLogger("services.quota").error("quota.refused")
    logging.getLogger("aiokafka").error("another text")
    found = [line["event"] for line in lines(stream)]
    assert found.count("Unable connect to node 0") == 1
    assert found.count("quota.refused") == 50
    assert len(found) == 52


def test_a_traceback_is_one_line_without_secrets(stream: io.StringIO) -> None:
    try:
        int(SIGNED)
    except ValueError:
        structlog.get_logger().exception("quota.broken")
    (line,) = lines(stream)
    assert "ValueError" in line["exception"]
    assert "0badc0de" not in stream.getvalue()


def test_secrets_never_reach_the_log_whatever_way_they_take(stream: io.StringIO) -> None:
    log = structlog.get_logger()
    log.info("a", url=SIGNED, headers={"Authorization": f"Bearer {TOKEN}", "x": ["password=hunter2"]})
    log.info("b", dsn="postgresql://quota:hunter2@db:5432/docuvault", jwt_secret="hunter2", body=f'{{"t":"{TOKEN}"}}')
    logging.getLogger("asyncpg").error("postgres://u:hunter2@h/d refused Authorization: Bearer %s", TOKEN)
    logging.getLogger("aiohttp").warning("GET /k?X-Amz-Signature%%3D0badc0de %s", "AWS4 Signature=0badc0de")
    text = stream.getvalue()
    assert len(lines(stream)) == 4
    for secret in ("hunter2", "0badc0de", "c2lnbmF0dXJl", "key%2F2026"):
        assert secret not in text


@pytest.mark.parametrize("text", ["basic settings of the token bucket", "http://h/p?x=1#a@b", "a/b/c: 3 of 4", "key=v"])
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert redact_text(text) == text


PIECES = (
    *("X-Amz-Signature=", "X-Amz-Credential%3D", "signature=", "Credential=", "Bearer ", "basic ", "eyJhbGciOiJI", "."),
    *("scheme://", "user:", "@", "password=", "secret=", "SECRET_KEY=", "access_token=", "Refresh_Token=", "&", " "),
    *("pa\u017f\u017fword=", "to\u212aen=", "0badc0de", "A" * 16, '"', "\\", "%", "\u00e9"),
)


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=12).map("".join))
@example("pa\u017f\u017fword=hunter2")
@example("bEArer abc")
@example("X-Amz-Signature%3dabc")
def test_the_quick_look_lets_nothing_pass_that_the_patterns_would_hide(text: str) -> None:
    line = orjson.dumps({"event": text.encode(errors="replace").decode()})
    assert redact_line(line) == redact_text(line.decode()).encode()


@given(st.text())
def test_a_key_is_hidden_by_its_name_however_often_it_is_asked(name: str) -> None:
    log = structlog.wrap_logger(None)
    for key in ("jwt_secret", f"{name}Token", "Authorization"):
        assert [redact_keys(log, "info", {"a": 1, key: "hunter2"}) for _ in range(2)] == [{"a": 1, key: HIDDEN}] * 2
        assert redact_keys(log, "info", {"a": [{key: "hunter2"}]}) == {"a": [{key: HIDDEN}]}


def test_outside_of_what_it_is_caused_by_a_line_carries_nothing_of_it(stream: io.StringIO) -> None:
    log = structlog.get_logger()
    with caused_by({"request_id": "outer"}), caused_by({"request_id": "inner"}):
        log.info("within")
    log.info("after")
    assert [line.get("request_id") for line in lines(stream)] == ["inner", None]


@pytest.mark.parametrize("value", ["\ud800", 2**70, {uuid4(): "\ud800"}, {1: {2: object()}}])
def test_a_value_that_is_no_json_costs_no_line_and_no_work(stream: io.StringIO, value: object) -> None:
    structlog.get_logger().info("quota.odd", value=value, jwt_secret="hunter2")
    (line,) = lines(stream)
    assert (line["event"], line["jwt_secret"]) == ("quota.odd", HIDDEN)


def test_levels_below_the_least_one_are_not_said(stream: io.StringIO) -> None:
    structlog.get_logger().debug("quota.detail")
    assert lines(stream) == []


class FullDisk(io.RawIOBase):
    """Takes nothing, as a disk without room does."""

    asked = 0

    def writable(self) -> bool:
        return True

    def write(self, _: object) -> int:
        self.asked += 1
        raise OSError(ENOSPC, "No space left on device")


def test_a_log_that_cannot_be_written_does_not_fail_the_work(stream: io.StringIO) -> None:
    raw = FullDisk()
    configure("quota", "2", stream=io.TextIOWrapper(io.BufferedWriter(raw)))
    structlog.get_logger().info("quota.batch_settled")
    logging.getLogger("aiokafka").error("lost")
    assert raw.asked
    assert stream.getvalue() == ""
