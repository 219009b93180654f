"""Traces of a whole stack, sent to a collector of the tests' own: an upload is one, whatever happens on its way.

With COLLECTOR=1 (`make traces`) they go there through a real OpenTelemetry Collector, which takes minutes to build.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from secrets import token_hex

import pytest
from aiohttp import ClientSession, ClientTimeout

from deploy.local.stack import Stack
from deploy.observe.__main__ import provide_collector
from deploy.observe.collecting import collecting, traces_in
from deploy.observe.traces import read, tree
from tests.stack.support.api import Api, Client, Upload
from tests.stack.support.console import docuvault
from tests.stack.support.leaks import HandedOut
from tests.stack.support.otlp import Collector, Seen, open_collector
from tests.stack.support.waiting import eventually

pytestmark = pytest.mark.embedded("the collector is on this machine's loopback, failpoints in its files")

NAME = "my secret diary.txt"


REAL = "COLLECTOR" in os.environ


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found: int = free.getsockname()[1]
        return found


@pytest.fixture(scope="module")
def port() -> int:
    """Of the tests' own collector."""
    return free_port()


@pytest.fixture(scope="module")
def spans_go_to(port: int, collected: Path) -> Iterator[int]:
    """Of the collector that the services know."""
    if not REAL:
        yield port
        return
    with collecting(provide_collector(), collected, found := free_port(), onward=f"http://127.0.0.1:{port}"):
        yield found


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("collected")


@pytest.fixture(scope="module")
def triggers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("triggers")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, spans_go_to: int, triggers: Path) -> Iterator[Stack]:
    """A stack of this module's own: its services trace what its clients say is sampled, and nothing else."""
    environment = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{spans_go_to}",
        "OTEL_TRACES_SAMPLER_ARG": "0",
        "OTEL_BSP_SCHEDULE_DELAY": "200",
        "TRACES_TRUST_CLIENTS": "true",
        "FAILPOINTS_DIR": str(triggers),
    }
    stack = Stack.on_free_ports(tmp_path_factory.mktemp("stack"), without_services=(), service_env=environment)
    try:
        stack.up()
        yield stack
    finally:
        stack.reset()


@pytest.fixture
async def collector(port: int) -> AsyncIterator[Collector]:
    async with open_collector(port) as found:
        yield found


@pytest.fixture
async def api(stack: Stack) -> AsyncIterator[Api]:
    async with ClientSession(timeout=ClientTimeout(total=60)) as session:
        yield Api(session, stack.info, HandedOut())


class Traced:
    """A client all of whose requests are of one trace."""

    def __init__(self, client: Client, *, flags: str = "01") -> None:
        self.client = client
        self.trace = token_hex(16)
        self._flags = flags

    @property
    def headers(self) -> dict[str, str]:
        return {"traceparent": f"00-{self.trace}-{token_hex(8)}-{self._flags}"}

    async def store(self, data: bytes) -> Upload:
        """Uploads and confirms."""
        body = {"filename": NAME, "content_type": "text/plain"}
        answer = await self.client.send("POST", "/api/documents/upload-url", body, self.headers)
        upload = Upload(answer.body["document_id"], answer.body["upload_url"], "")
        assert await self.client.put(upload, data) == 200
        path, status = f"/api/documents/{upload.document_id}/confirm", 202
        while status == 202:
            status = (await self.client.call("POST", path, headers=self.headers)).status
        assert status == 200
        return upload

    async def classified(self, upload: Upload) -> None:
        """Waits until it is."""

        async def look() -> object:
            return (await self.client.get(upload.document_id)).body["status"]

        await eventually(look, becomes="classified")


async def complete(collector: Collector, trace: str, *, unended: int = 0) -> list[Seen]:
    """The spans of a trace that ends with upload hearing of the classification; each has its parent in it.

    A process that was killed has not ended as many as `unended`: what was below them may have been told before.
    """
    wanted = {
        ("docuvault-upload", "process classification"),
        ("docuvault-quota", "process storage.events"),
        ("docuvault-janitor", "process quota"),
        ("docuvault-upload", "POST /api/documents/{id}/confirm"),
    }

    async def missing() -> set[tuple[str, str]]:
        spans = collector.of(trace)
        ids = {span.id for span in spans}
        alone = [span for span in spans if span.kind != "server" and span.parent not in ids]
        if len({span.parent for span in alone}) <= unended:
            alone = []
        return {(span.service, span.name) for span in alone} | wanted - {(span.service, span.name) for span in spans}

    await eventually(missing, becomes=set())
    return collector.of(trace)


async def test_an_upload_is_one_trace_from_its_url_through_the_store_to_its_topic(
    api: Api, collector: Collector
) -> None:
    traced = Traced(await api.user())
    await traced.classified(await traced.store(b"what I think"))
    spans = await complete(collector, traced.trace)
    ids = {span.id: span for span in spans}

    def path(span: Seen) -> list[tuple[str, str]]:
        above_it = ids.get(span.parent)
        return [(span.service.removeprefix("docuvault-"), span.name), *(path(above_it) if above_it else ())]

    told = [path(span) for span in spans if span.name == "process classification" and "upload" in span.service]
    begun = ("upload", "POST /api/documents/upload-url")
    confirmed = ("upload", "POST /api/documents/{id}/confirm")
    through_store = [("quota", "process storage.events"), begun]
    through_confirm = [("quota", "process documents"), ("upload", "send documents"), confirmed]
    filed = [
        ("upload", "process classification"),
        ("classifier", "send classification"),
        ("classifier", "classifier.record"),
        ("classifier", "classifier.document"),
        ("classifier", "process quota"),
        ("quota", "send quota"),
    ]
    assert told[0] in ([*filed, *through_store], [*filed, *through_confirm])
    assert through_store in [path(span) for span in spans]
    assert through_confirm in [path(span) for span in spans]
    seen = {(span.service.removeprefix("docuvault-"), span.name, span.kind) for span in spans}
    assert seen >= {
        ("upload", "upload.create_documents", "client"),
        ("upload", "confirm.wait", "internal"),
        ("upload", "S3/ListObjectsV2", "client"),
        ("classifier", "classifier.read", "internal"),
        ("classifier", "classifier.file", "internal"),
        ("classifier", "S3/GetObject", "client"),
        ("quota", "send quota", "producer"),
        ("quota", "process storage.events", "consumer"),
    }
    _holds_nothing_private(spans, traced)


@pytest.mark.skipif(not REAL, reason="a real Collector takes minutes to build: `make traces` does it, and runs this")
async def test_the_collectors_file_shows_the_whole_upload_as_a_tree(
    api: Api, collector: Collector, collected: Path
) -> None:
    traced = Traced(await api.user())
    await traced.classified(await traced.store(b"what I think"))
    await complete(collector, traced.trace)

    async def shown() -> set[str]:
        return {line.split("  ")[-1].strip() for line in tree(read(traces_in(collected)), traced.trace)}

    async def missing() -> set[str]:
        return {"process storage.events", "classifier.document", "commit quota"} - await shown()

    await eventually(missing, becomes=set())
    first, *_ = tree(read(traces_in(collected)), traced.trace)
    assert first.endswith("upload  POST /api/documents/upload-url")


def _holds_nothing_private(spans: list[Seen], traced: Traced) -> None:
    said = json.dumps([(span.name, span.attributes) for span in spans], default=str)
    for private in (
        NAME,
        "diary",
        "Signature",
        "SELECT",
        str(traced.client.user_id),
        traced.client.authorization["Authorization"],
    ):
        assert private not in said


async def test_statements_belong_to_a_batch_that_is_linked_to_each_of_its_records_traces(
    api: Api, collector: Collector
) -> None:
    several = [Traced(await api.user()) for _ in range(8)]
    await asyncio.gather(*(each.store(b"x") for each in several))
    traces = {each.trace for each in several}

    def batches() -> list[Seen]:
        return [span for span in collector.spans if span.name == "batch quota"]

    def joined() -> set[str]:
        return {trace for span in batches() for trace, _ in span.links} | {span.trace for span in batches()}

    async def look() -> bool:  # a record's span may be sent before its batch's, which ends after it
        return traces <= {span.trace for span in collector.spans if span.name == "process quota"} & joined()

    await eventually(look, becomes=True)
    ids = {span.id for span in collector.spans}
    for batch in batches():
        below = [span for span in collector.spans if span.parent == batch.id]
        assert {"quota.lock_accounts", "COMMIT"} <= {span.name for span in below}
        if not batch.parent:
            assert all(link in ids for _, link in batch.links)


async def test_a_batch_that_is_handled_again_after_a_kill_goes_on_in_its_trace(
    api: Api, collector: Collector, stack: Stack, triggers: Path
) -> None:
    client = await api.user()
    (triggers / "quota-1.consumer.after_handle").write_text("1")
    traced = Traced(client)
    storing = asyncio.create_task(traced.store(b"x"))
    reached = triggers / "quota-1.consumer.after_handle.reached"

    async def stopped() -> bool:
        return reached.exists()

    await eventually(stopped, becomes=True)
    os.kill((await asyncio.to_thread(stack.status))["quota-1"].pid, signal.SIGKILL)
    try:
        await traced.classified(await storing)
    finally:
        reached.unlink()
    spans = await complete(collector, traced.trace, unended=1)
    handled = [span for span in spans if span.name == "process storage.events"]
    assert handled
    assert {span.service for span in handled} == {"docuvault-quota"}


async def test_what_is_not_sampled_leaves_no_span_and_is_one_trace_in_the_logs(
    api: Api, collector: Collector, stack: Stack
) -> None:
    hidden, shown = Traced(await api.user(), flags="00"), Traced(await api.user())
    await hidden.classified(await hidden.store(b"x"))
    await shown.classified(await shown.store(b"x"))
    await complete(collector, shown.trace)
    assert collector.of(hidden.trace) == []
    logs = {path.stem: path.read_text() for path in stack.layout.logs.glob("*-1.log")}
    assert {name for name, text in logs.items() if hidden.trace in text} >= {
        "upload-1", "quota-1", "classifier-1", "janitor-1",
    }  # fmt: skip


async def test_the_console_follows_a_request_through_all_services_by_the_id_of_its_answer(
    api: Api, stack: Stack
) -> None:
    traced = Traced(await api.user(), flags="00")
    upload = await traced.store(b"x")
    await traced.classified(upload)
    confirmed = await traced.client.call("POST", f"/api/documents/{upload.document_id}/confirm", headers=traced.headers)

    async def services() -> set[str]:
        ran = await docuvault(stack, "logs", "--trace", confirmed.headers["X-Request-Id"])
        return {line.split()[0] for line in ran.lines}

    await eventually(services, becomes={"upload-1", "quota-1", "classifier-1", "janitor-1"})


async def test_the_console_makes_a_process_log_more_and_less_again_while_it_runs(
    client: ClientSession, stack: Stack
) -> None:
    log = stack.layout.log("upload-1")

    async def probes() -> bool:
        async with client.get(f"http://127.0.0.1:{stack.settings.service_port_base + 1}/healthz") as answer:
            assert answer.status == 200
        return '"level":"debug"' in log.read_text()

    async def changes() -> int:
        return log.read_text().count('"log.level_changed"')

    assert not await probes()
    for times, seen in ((1, probes), (2, None)):
        ran = await docuvault(stack, "logs", "--service", "upload", "--debug")
        assert (ran.code, ran.err) == (0, "")
        await eventually(changes, becomes=times)
        if seen:
            await eventually(seen, becomes=True)
