"""A real browser at the real stack: the page as the gateway serves it, all services behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from deploy.local.bootstrap import cache_folder, ensure_uv
from deploy.local.console import Steps
from deploy.local.provision_node import provision_node
from deploy.local.provision_web import provision_modules
from deploy.local.stack import Stack
from deploy.local.waiting import run_async
from deploy.ops.users import access_token, register
from tests.browser.support.browsers import AS_IT_IS, launch
from tests.browser.support.visit import Visit
from tests.browser.support.way import Way

NewUser = Callable[..., tuple[UUID, str]]
NewVisit = Callable[..., Visit]


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole stack with its classifier, and URLs that live for a minute; its logs stay when a test failed."""
    folder = tmp_path_factory.mktemp("stack")
    stack = Stack.on_free_ports(folder, fault_proxy=True, without_services=(), service_env={"UPLOAD_URL_MINUTES": "1"})
    try:
        stack.up()
        yield stack
    finally:
        stack.down()
    if not request.session.testsfailed:
        stack.reset()


@pytest.fixture(scope="session")
def url(stack: Stack) -> str:
    """The page's origin, as the store knows it."""
    return stack.info.cors_origins[0]


@pytest.fixture(scope="session")
def to_the_store(stack: Stack) -> Way:
    """The browser's way to the store."""
    return Way(stack.info.fault_proxy_url, "clients_minio")


@pytest.fixture(scope="session")
def new_user(stack: Stack) -> NewUser:
    """Makes a user, with a limit in bytes or the default one. Returns their id and a token."""

    def make(limit_bytes: int | None = None) -> tuple[UUID, str]:
        user = uuid4()
        run_async(register(stack.info, user, limit_bytes))
        return user, access_token(stack.info, user)

    return make


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One for all tests; each test has contexts of its own."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, of the page's own packages."""
    cache = cache_folder()
    with Steps() as steps:
        modules = provision_modules(cache, provision_node(cache, partial(ensure_uv, cache), steps), steps)
    return (modules / "node_modules" / "axe-core" / "axe.min.js").read_text()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser of somebody in an English-speaking country, with a window of a laptop's size."""
    context = browser.new_context(
        locale="en-GB", viewport={"width": 1280, "height": 860}, accept_downloads=True, **AS_IT_IS
    )
    yield context
    context.close()


@pytest.fixture
def new_visit(context: BrowserContext, url: str) -> Iterator[NewVisit]:
    """Opens a tab, of the test's own context or of another one. What browsers have against the page fails the test."""
    visits: list[Visit] = []

    def make(other: BrowserContext | None = None) -> Visit:
        visit = Visit((other or context).new_page(), url)
        visit.watch()
        visits.append(visit)
        return visit

    yield make
    assert [one.complaints for one in visits] == [[] for _ in visits]


@pytest.fixture
def visit(new_visit: NewVisit) -> Visit:
    """One tab."""
    return new_visit()


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file and returns its path."""

    def write(name: str, content: bytes | str | int) -> Path:
        """Of a number, as many bytes that hold no text."""
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            bytes(content) if isinstance(content, int) else content.encode() if isinstance(content, str) else content
        )
        return path

    return write
