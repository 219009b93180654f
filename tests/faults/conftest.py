"""A stack of its own that is broken on purpose, and what must hold after each test whatever was broken in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector

from deploy.local.stack import Stack
from deploy.observe.asking import Prometheus
from tests.faults.support.crashes import Crashes
from tests.faults.support.eyes import Eyes, open_eyes
from tests.faults.support.processes import Processes
from tests.faults.support.report import LINES
from tests.faults.support.site import Site
from tests.faults.support.stacks import own_stack
from tests.faults.support.watching import watched
from tests.stack.support.api import Api
from tests.stack.support.bucket import open_bucket
from tests.stack.support.leaks import HandedOut

SERVICE_ENV = {
    # A process that was killed cannot leave its group: the others wait this long for it. The default is 15 s.
    "KAFKA_SESSION_TIMEOUT_SECONDS": "4",
    # Small batches, so that there is a middle to be killed in.
    "KAFKA_MAX_BATCH": "50",
}


@pytest.fixture(scope="session")
def triggers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the files that stop the services' processes at a failpoint."""
    return tmp_path_factory.mktemp("triggers")


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, triggers: Path) -> Iterator[Stack]:
    """The whole stack, up for all tests of the folder; its logs stay when one of them failed."""
    environment = {**SERVICE_ENV, "FAILPOINTS_DIR": str(triggers)}
    with own_stack(request, tmp_path_factory.mktemp("faults"), service_env=environment) as stack:
        yield stack


@pytest.fixture
def patience() -> float:
    """Seconds after which a caller breaks off a request."""
    return 60.0


@pytest.fixture
async def site(stack: Stack, patience: float) -> AsyncIterator[Site]:
    """The stack with all its services ready; what a failed test left stopped is started for the next one.

    Every connection of the callers is new: a kept one may be cut by what the test breaks.
    """
    connector = TCPConnector(limit=0, force_close=True)
    processes = Processes(stack)
    async with (
        ClientSession(connector=connector, timeout=ClientTimeout(total=patience)) as session,
        open_bucket(stack.info) as bucket,
    ):
        yield Site(stack, processes, Api(session, stack.info, HandedOut()), bucket)
    await processes.restore()


@pytest.fixture
async def crashes(site: Site, triggers: Path) -> AsyncIterator[Crashes]:
    """Stops and kills at failpoints; none of them is left behind."""
    crashes = Crashes(triggers, site.processes)
    try:
        yield crashes
    finally:
        await crashes.clear()


@pytest.fixture
async def eyes(site: Site) -> AsyncIterator[Eyes]:
    """What can be seen of the services' effects from outside."""
    async with open_eyes(site) as eyes:
        yield eyes


@pytest.fixture
async def prometheus(site: Site, tmp_path: Path) -> AsyncIterator[Prometheus]:
    """One that watches the stack in a hurry; its tests are marked `where_it_is_built`."""
    async with watched(site.info, tmp_path) as found:
        yield found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says what the tests of faults measured."""
    if LINES:
        terminalreporter.section("faults: what was measured, and how long after each a new document was decided")
        for line in LINES:
            terminalreporter.line(line)
