"""Signing in by a real OpenID provider: there and back, and whatever may come between."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest
from playwright.sync_api import BrowserContext, Request, Route, expect

from deploy.local.bootstrap import cache_folder, ensure_uv
from deploy.local.errors import StackError
from deploy.local.stack import Stack
from deploy.local.waiting import run_async
from deploy.ops.token import token
from services.chassis.auth_subject import derived
from tests.browser.conftest import NewVisit
from tests.browser.support.axe import violations
from tests.browser.support.provider import Provider, running_provider
from tests.browser.support.signing_in import (
    BUTTON,
    REDEMPTION,
    fresh,
    go,
    kept,
    redeem,
    renewed,
    sign_in,
    sign_out,
    until_in,
)
from tests.browser.support.visit import WAIT_MS, Visit

Files = Callable[..., Path]


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """The provider, which serves the stack's page."""
    cache = cache_folder()
    with running_provider(cache, partial(ensure_uv, cache)) as provider:
        yield provider


@pytest.fixture(scope="module")
def provided(
    provider: Provider, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """A stack whose people sign in by the provider; any name is a user of its own."""
    stack = Stack.on_free_ports(
        tmp_path_factory.mktemp("provided"),
        oidc_issuer=provider.issuer,
        oidc_client_id="docuvault",
        jwt_subject="derived",
        service_env={"OIDC_TIMEOUT_SECONDS": "1", "OIDC_MAX_AGE_SECONDS": "0.2", "JWT_LEEWAY_SECONDS": "0"},
    )
    try:
        stack.up()
        provider.serve(stack.settings.gateway_origin)
        yield stack
    finally:
        stack.down()
    if not request.session.testsfailed:
        stack.reset()


@pytest.fixture(scope="module")
def url(provided: Stack) -> str:
    """The page's origin."""
    return provided.settings.gateway_origin


@pytest.fixture(autouse=True)
def _long_lived(provider: Provider) -> None:
    provider.id_tokens_live(600)


def test_somebody_signs_in_uploads_and_signs_out(
    visit: Visit, provided: Stack, provider: Provider, files: Files
) -> None:
    visit.open()
    expect(visit.page.get_by_role("button", name=BUTTON)).to_be_visible()
    visit.shot("30-door-provider")
    sign_in(visit, "ada", "/topics")
    page = visit.page
    assert page.url == f"{visit.url}/topics", "back where one was, and no code in the address"
    page.get_by_role("link", name="Documents").click()
    expect(page.get_by_text("0 B of 100 MB used")).to_be_visible(timeout=WAIT_MS)
    visit.upload(files("by ada.txt", "by ada"))
    expect(page.get_by_text("6 B of 100 MB used")).to_be_visible(timeout=WAIT_MS)
    assert used_bytes(provided, derived(provider.issuer, "ada")) == 6

    sign_out(page)
    assert page.url == f"{visit.url}/"
    assert kept(page) == {}
    assert not [one for one in page.context.cookies() if one["name"] == "docuvault_renewal"]
    sign_in(visit, "bob")
    expect(page.get_by_text("No documents yet")).to_be_visible()


def used_bytes(stack: Stack, user: UUID) -> int:
    """What the ledger has of a user."""

    async def ask() -> int:
        connection = await asyncpg.connect(stack.info.databases["quota"])
        try:
            return int(await connection.fetchval("SELECT used_bytes FROM quota.accounts WHERE user_id = $1", user))
        finally:
            await connection.close()

    return run_async(ask())


def test_who_is_refused_reads_so_and_may_try_again(visit: Visit) -> None:
    page = go(visit, "/settings")
    page.get_by_role("button", name="Refuse").click()
    expect(page.get_by_text("You were not signed in: you or the provider said no.")).to_be_visible()
    assert page.url == f"{visit.url}/settings"
    visit.shot("31-denied")
    sign_in(visit, "carla", "/settings")
    assert page.url == f"{visit.url}/settings"


def test_an_answer_that_this_tab_did_not_ask_for_signs_nobody_in_and_nobody_out(visit: Visit) -> None:
    asked: list[str] = []
    visit.page.on("request", lambda one: asked.append(urlsplit(one.url).path))
    page = go(visit)
    visit.open("/signed-in?code=of-somebody-else&state=forged")
    expect(page.get_by_text("not the answer to a sign-in of this tab")).to_be_visible()
    assert page.url == f"{visit.url}/"
    assert kept(page) == {}, "nor does it count later"
    sign_in(visit, "dora")
    token = kept(page)["docuvault.token"]
    del asked[:]
    visit.open("/signed-in?code=of-somebody-else&state=forged")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert (page.url, kept(page)["docuvault.token"]) == (f"{visit.url}/", token)
    assert "/api/auth/oidc/token" not in asked


def test_a_code_is_good_once_and_for_who_asked_for_it(visit: Visit) -> None:
    sent: list[Request] = []
    visit.page.on("request", lambda one: sent.append(one) if one.url.endswith("/oidc/token") else None)
    sign_in(visit, "emil")
    [redeemed] = sent
    good = json.loads(redeemed.post_data or "")
    assert redeem(visit.page, good) == (401, "The sign-in is used up or too old: sign in again")

    for change, detail in (
        ({"code_verifier": "v" * 43}, "The sign-in is used up or too old: sign in again"),
        ({"nonce": "another sign-in's"}, "The sign-in was begun elsewhere: sign in again"),
        ({"redirect_uri": "http://localhost:1/signed-in"}, "The sign-in is used up or too old: sign in again"),
    ):
        assert redeem(visit.page, {**fresh(visit), **change}) == (401, detail)


def test_while_the_provider_is_away_the_page_says_so_and_goes_on_afterwards(visit: Visit, provider: Provider) -> None:
    page, away = visit.page, visit.page.get_by_text("The provider does not answer at the moment.")
    go(visit)
    page.get_by_label("Name").fill("frida")

    def hold(route: Route) -> None:
        stopped.enter_context(provider.hanging())
        route.continue_()

    with ExitStack() as stopped:
        page.route(REDEMPTION, hold)
        page.get_by_role("button", name="Continue").click()
        expect(away).to_be_visible(timeout=WAIT_MS)  # the code cannot be redeemed
        visit.shot("32-provider-away")
        assert kept(page) == {}
    page.unroute_all()
    page.get_by_role("button", name="Sign in").first.click()
    until_in(page)


def test_a_session_goes_on_by_itself_and_leads_back_when_it_cannot(
    visit: Visit, context: BrowserContext, provider: Provider, files: Files
) -> None:
    provider.id_tokens_live(3)
    sign_in(visit, "grete")
    page = visit.page
    first = kept(page)["docuvault.token"]
    for _ in range(2):
        renewed(page)
    assert kept(page)["docuvault.token"] != first
    visit.upload(files("later.txt", "later"))
    expect(page.get_by_text("5 B of 100 MB used")).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()

    page.get_by_role("link", name="Topics").click()
    context.clear_cookies(name="docuvault_renewal")
    expect(page.get_by_text("Your session has ended.")).to_be_visible(timeout=WAIT_MS)
    visit.shot("33-ended")
    assert page.url == f"{visit.url}/topics"
    provider.id_tokens_live(600)
    page.get_by_role("button", name=BUTTON).click()
    expect(page.get_by_role("heading", name="Topics")).to_be_visible()
    assert page.url == f"{visit.url}/topics"


def test_a_tab_that_slept_past_its_token_goes_on_without_asking(visit: Visit, provider: Provider) -> None:
    provider.id_tokens_live(2)
    sign_in(visit, "hugo")
    page = visit.page
    page.goto(f"{visit.url}/docs/")  # as good as asleep: no script of the page runs
    ends = page.evaluate("JSON.parse(atob(sessionStorage['docuvault.token'].split('.')[1])).exp")
    page.wait_for_function("(ends) => Date.now() / 1000 > ends + 0.2", arg=ends)
    provider.id_tokens_live(600)
    with page.expect_response("**/oidc/renew") as answer:
        visit.open("/topics")
    assert answer.value.status == 200
    expect(page.get_by_role("heading", name="Topics")).to_be_visible()
    assert page.url == f"{visit.url}/topics"


def test_a_provider_that_is_away_when_the_token_ends_ends_no_session(
    visit: Visit, provider: Provider, files: Files
) -> None:
    provider.id_tokens_live(3)
    sign_in(visit, "hanna")
    page = visit.page
    expect(page.get_by_text("0 B of 100 MB used")).to_be_visible(timeout=WAIT_MS)
    with provider.gone(), page.expect_response(lambda said: said.status == 401, timeout=WAIT_MS):
        pass
    provider.id_tokens_live(600)
    visit.upload(files("afterwards.txt", "afterwards"))
    assert page.get_by_text("Your session has ended.").count() == 0


def test_a_stack_whose_people_sign_in_prints_no_tokens(
    provided: Stack, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIR", str(provided.layout.state))
    with pytest.raises(StackError, match=f"made by {provider.issuer}"):
        token(str(uuid4()), "user", "1")


def test_tabs_share_one_renewal_and_do_not_become_somebody_else(
    new_visit: NewVisit, context: BrowserContext, provider: Provider
) -> None:
    provider.id_tokens_live(3)
    one, other = new_visit(), new_visit()
    sign_in(one, "ida")
    other.open()
    other.page.get_by_role("button", name=BUTTON).click()
    until_in(other.page)
    for visit in (one, other, one, other):  # each by what the other one left
        renewed(visit.page)
    for cookie in context.cookies():
        if cookie["name"] == "docuvault_renewal":
            assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/api/auth/oidc")
        else:
            context.clear_cookies(name=cookie["name"])  # the provider forgets who it is
    other.page.evaluate("sessionStorage.clear()")
    sign_in(other, "jon")
    expect(one.page.get_by_text("Your session has ended.")).to_be_visible(timeout=WAIT_MS)


def test_the_door_is_for_everybody_in_both_languages_and_calls_nobody_else(
    provided: Stack, visit: Visit, provider: Provider, axe: str
) -> None:
    called: set[str] = set()
    visit.page.on("request", lambda one: None if one.is_navigation_request() else called.add(origin_of(one.url)))
    sign_in(visit, "karl")
    sign_out(visit.page)
    assert called <= {visit.url, f"http://{provided.info.minio_public_endpoint}"}
    assert violations(visit.page, axe) == []
    visit.page.get_by_role("button", name="Deutsch").click()
    host = provider.issuer.removeprefix("http://")
    expect(visit.page.get_by_role("button", name=f"Anmelden mit {host}")).to_be_visible()
    visit.page.get_by_text("Stattdessen ein Zugangstoken verwenden").click()
    expect(visit.page.get_by_label("Zugangstoken")).to_be_visible()
    assert violations(visit.page, axe) == []


def origin_of(address: str) -> str:
    return "/".join(address.split("/", 3)[:3])


def test_no_code_and_no_token_is_in_any_log(provided: Stack, visit: Visit, context: BrowserContext) -> None:
    secrets: list[str] = []

    def note(one: Request) -> None:
        address = urlsplit(one.url)
        secrets.extend(value for name in ("code", "state") for value in parse_qs(address.query).get(name, []))
        if one.url.endswith("/oidc/token"):
            secrets.extend(json.loads(one.post_data or "").values())

    visit.page.on("request", note)
    sign_in(visit, "lena")
    secrets += [kept(visit.page)["docuvault.token"]]
    secrets += [one["value"] for one in context.cookies() if one["name"] == "docuvault_renewal"]
    logs = "".join(path.read_text(errors="replace") for path in provided.layout.logs.iterdir() if path.is_file())
    assert "oidc.signed_in" in logs
    hidden = {one for one in secrets if not one.endswith("/signed-in")}
    assert len(hidden) >= 6
    assert [one for one in hidden if one in logs] == []


def test_a_browser_whose_clock_is_wrong_by_an_hour_signs_in_and_stays_in(visit: Visit, provider: Provider) -> None:
    visit.page.clock.install(time=time.time() + 3600)
    provider.id_tokens_live(600)
    sign_in(visit, "mina")
    visit.page.reload()
    until_in(visit.page)
