"""Spans: below what is under way, silent where nothing is, and free of the SDK where traces are off."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from services.chassis.tracing import below, continuing, current, serving, span
from services.chassis.tracing_s3 import s3_call
from services.chassis.tracing_sql import name_of, name_statements, traced
from tests.unit.spans import Memory, remembered, trace
from tests.unit.web_example import BEARER, running


@pytest.mark.parametrize("service", ["upload", "quota", "janitor", "classifier"])
def test_a_service_does_not_import_the_sdk(service: str) -> None:
    program = (
        f"import services.{service}.__main__, sys;"
        "sys.exit(any(name.startswith(('opentelemetry', 'requests', 'google.protobuf')) for name in sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)  # noqa: S603 - our own
    assert (ran.returncode, ran.stderr) == (0, "")


def test_with_traces_off_nothing_is_under_way_and_a_request_has_a_traceparent_all_the_same() -> None:
    with span("a"), continuing(trace(7), "b") as rested, serving(trace(7), "c", {}) as served:
        assert current() is None
        assert rested.traceparent == ""
        assert served.traceparent[:36] == trace(7)[:36]
        assert served.traceparent[-2:] == "00"


def test_a_span_is_below_the_one_under_way_and_none_where_none_is() -> None:
    with remembered() as memory:
        with span("nobody's"):
            pass
        with serving("", "GET /a", {}) as request, span("part", "client", {"rpc.system": "aws-api"}) as part:
            assert current() is part
        assert current() is None
    assert [each.name for each in memory.made] == ["GET /a", "part"]
    assert (memory.made[1].parent, memory.made[1].kind) == (request.traceparent, "client")
    assert all(each.ended for each in memory.made)


@pytest.mark.parametrize("given", ["", "garbage", trace(0)])
def test_a_request_without_a_trace_begins_one(given: str) -> None:
    with remembered() as memory, serving(given, "GET /a", {}):
        pass
    assert memory.made[0].parent is None


def test_a_request_that_is_not_sampled_makes_no_span_of_it_or_of_its_parts() -> None:
    with remembered(sampling=False) as memory, serving(trace(7), "GET /a", {}), span("part"):
        pass
    assert memory.made == []


@pytest.mark.parametrize("rested", [None, "garbage", trace(7, flags="00")])
def test_what_rested_unsampled_goes_on_silently(rested: str | None) -> None:
    with remembered() as memory, continuing(rested, "work"):
        pass
    assert memory.made == []


def test_what_rested_sampled_goes_on_below_where_it_was() -> None:
    with remembered() as memory, continuing(trace(7), "work"):
        assert below(trace(7, 5)) == memory.made[0].traceparent
        assert below(trace(8)) == trace(8)
        assert below(None) is None
    assert memory.made[0].parent == trace(7)
    assert below(trace(7)) == trace(7)


def test_an_error_is_told_by_its_class_and_goes_on_its_way() -> None:
    with remembered() as memory, pytest.raises(ValueError, match="secret"), serving("", "GET /a", {}):
        raise ValueError("secret")
    assert (memory.made[0].failed, memory.made[0].ended, current()) == ("ValueError", True, None)


async def test_tasks_that_are_begun_inside_are_below_and_others_are_not() -> None:
    async def part() -> None:
        with span("part"):
            await asyncio.sleep(0)

    with remembered() as memory:
        with serving("", "one", {}) as one:
            mine = asyncio.create_task(part())
        with serving("", "two", {}):
            await mine
    assert [each.parent for each in memory.named("part")] == [one.traceparent]


async def answers(memory: Memory, path: str, **headers: str) -> None:
    async with running() as client:
        await client.get(path, headers={**BEARER, **headers})
    assert current() is None
    assert all(each.ended for each in memory.made)


async def test_a_request_is_a_server_span_by_its_route_and_what_it_causes_is_below() -> None:
    with remembered() as memory:
        async with running() as client:
            shown = await (await client.get("/who?token=private", headers={**BEARER, "traceparent": trace(7)})).json()
    (made,) = memory.made
    assert (made.name, made.kind, made.parent) == ("GET /who", "server", trace(7))
    assert made.attributes == {
        "http.request.method": "GET",
        "http.route": "/who",
        "http.response.status_code": 201,
    }
    assert shown["trace"] == made.traceparent


async def test_a_request_that_breaks_has_failed_and_one_that_is_refused_has_not() -> None:
    with remembered() as memory:
        await answers(memory, "/bug")
        await answers(memory, "/nothing")
    assert [(each.attributes["http.response.status_code"], each.failed) for each in memory.made] == [
        (500, "500"),
        (404, None),
    ]


async def test_probes_are_no_spans() -> None:
    with remembered() as memory:
        for path in ("/healthz", "/readyz", "/metrics"):
            await answers(memory, path, traceparent=trace(7))
    assert memory.made == []


class Connection:
    """As asyncpg's: what was asked."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    async def fetch(self, *asked: object) -> str:
        self.asked.append(asked)
        return "rows"

    execute = executemany = fetchval = fetchrow = fetch

    async def copy_records_to_table(self, table: str, **options: object) -> str:
        self.asked.append((table, options))
        return "COPY 1"


async def test_a_statement_is_a_span_by_its_files_name_without_text_or_values() -> None:
    name_statements("services.quota", {"read_account": "SELECT secret"})
    connection = traced(Connection)()
    with remembered() as memory, serving("", "GET /a", {}):
        assert await connection.fetch("SELECT secret", 42) == "rows"
        await connection.execute("COMMIT;")
        await connection.copy_records_to_table("reservations", records=[42])
    assert connection.asked == [("SELECT secret", 42), ("COMMIT;",), ("reservations", {"records": [42]})]
    assert [(each.name, each.kind) for each in memory.made[1:]] == [
        ("quota.read_account", "client"),
        ("COMMIT", "client"),
        ("COPY reservations", "client"),
    ]
    assert memory.made[1].attributes == {"db.system.name": "postgresql", "db.query.summary": "quota.read_account"}


async def test_a_statement_of_nothing_under_way_is_no_span() -> None:
    with remembered() as memory:
        assert await traced(Connection)().fetch("SELECT 1") == "rows"
    assert memory.made == []


def test_a_statement_of_no_file_is_named_by_its_first_word() -> None:
    assert [name_of(text) for text in ("ROLLBACK;", "  select\n* from a", "SAVEPOINT x;")] == [
        "ROLLBACK",
        "SELECT",
        "SAVEPOINT",
    ]


async def test_a_call_of_the_store_is_a_span_by_its_operation() -> None:
    @s3_call("ListParts")
    async def call(key: str) -> str:
        return key

    with remembered() as memory, serving("", "GET /a", {}):
        assert await call("a/secret.pdf") == "a/secret.pdf"
    assert (memory.made[1].name, memory.made[1].attributes["rpc.method"]) == ("S3/ListParts", "ListParts")
    assert "secret" not in str(memory.made)
