"""At each connection: a name that leads elsewhere by then, a host that is a number, a proxy of the environment."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from yarl import URL

from services.classifier.addresses import NOT_PUBLIC, UrlChecker
from services.classifier.filing import Later
from services.classifier.guarded import Guard, GuardedResolver, NotAllowed, open_sessions
from services.classifier.networks import Allowance
from tests.unit.llm_endpoint import Names, choice, says, serving
from tests.unit.llm_world import LOOPBACK, living

NOT_ASKED = f"The language model is not asked. {NOT_PUBLIC}"
PUBLIC = "93.184.216.34"
TIMES = aiohttp.ClientTimeout(total=5)


async def test_a_name_that_turns_private_between_check_and_use_is_refused() -> None:
    """DNS rebinding."""
    names = Names(evil_test=[PUBLIC, "127.0.0.1"])
    assert await UrlChecker(names, Allowance()).check("https://evil.test/v1") is None
    async with living(names=names, allowance=Allowance()) as world:
        assert await world.refusal(url=f"https://evil.test:{world.endpoint.port}/v1") == NOT_ASKED
        assert world.endpoint.asked == []
    assert names.asked == ["evil.test", "evil.test"]


async def test_a_name_is_looked_up_for_each_connection() -> None:
    names = Names(llm_test=["127.0.0.1", "10.0.0.1"])
    async with living(names=names) as world:
        world.endpoint.script = [says(choice(1))]
        assert len(await world.topics()) == 1
        world.endpoint.script = [_and_closes]
        assert len(await world.topics()) == 1
        assert await world.refusal() == NOT_ASKED


async def _and_closes(request: web.Request) -> web.StreamResponse:
    response = await says(choice(1))(request)
    response.force_close()
    return response


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254"])
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_host_that_is_a_number_is_judged_though_nobody_looks_it_up(host: str, scheme: str) -> None:
    async with living(allowance=Allowance()) as world:
        assert await world.refusal(url=f"{scheme}://{host}:{world.endpoint.port}/v1") == NOT_ASKED
        assert world.names.asked == []


@pytest.mark.parametrize("found", [f"{PUBLIC} 127.0.0.1", f"{PUBLIC} fd00::1", "::ffff:10.0.0.1"])
async def test_one_private_address_among_public_ones_refuses_the_name(found: str) -> None:
    resolver = GuardedResolver(Names(llm_test=[found]), Guard(Allowance(), is_plain=False))
    with pytest.raises(NotAllowed):
        await resolver.resolve("llm.test", 443)


async def test_a_public_name_is_resolved_to_both_families() -> None:
    resolver = GuardedResolver(Names(llm_test=[f"{PUBLIC} 2606:4700::1"]), Guard(Allowance(), is_plain=False))
    assert [each["host"] for each in await resolver.resolve("llm.test", 443)] == [PUBLIC, "2606:4700::1"]
    assert [each["host"] for each in await resolver.resolve("llm.test", 443, socket.AF_INET)] == [PUBLIC]


async def test_no_key_travels_without_tls_outside_the_operators_networks() -> None:
    async with living(names=Names(llm_test=["127.0.0.1", PUBLIC])) as world:
        world.endpoint.script = [_and_closes]
        assert len(await world.topics()) == 1
        assert await world.refusal() == NOT_ASKED


def test_no_socket_is_made_for_an_address_that_is_not_allowed() -> None:
    for text, family in (("10.0.0.1", socket.AF_INET), ("fe80::1%1", socket.AF_INET6)):
        with pytest.raises(NotAllowed) as told:
            Guard(Allowance(), is_plain=False).socket((family, socket.SOCK_STREAM, 0, "", (text, 443)))
        assert text not in str(told.value)
    Guard(Allowance(), is_plain=False).check(ip_address(PUBLIC))


async def test_the_environments_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as proxy, living() as world:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        world.endpoint.script = [says(choice(1))]
        assert len(await world.topics()) == 1
        assert (proxy.asked, proxy.complaints) == ([], [])


async def test_no_cookie_goes_from_one_users_answer_into_the_next_request() -> None:
    async with living() as world:
        world.endpoint.script = [_sets_a_cookie]
        await world.topics()
        await world.topics()
        assert len(world.endpoint.asked) == 2  # the endpoint complains of cookies


async def _sets_a_cookie(request: web.Request) -> web.StreamResponse:
    response = await says(choice(1))(request)
    response.set_cookie("session", "of-user-1")
    return response


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    async with _tls_server(tmp_path) as (port, _), living() as world:
        reason = await world.refusal(url=f"https://llm.test:{port}/v1")
    assert reason == "The certificate of the language model's endpoint is not valid"


async def test_a_certificate_must_be_of_the_name_that_was_asked_for(tmp_path: Path) -> None:
    async with _tls_server(tmp_path) as (port, trust):
        names = Names(llm_test=["127.0.0.1"], other_test=["127.0.0.1"])
        async with open_sessions(names, LOOPBACK, TIMES, tls=trust) as sessions:
            url = URL(f"https://llm.test:{port}/")
            async with sessions.of(url).get(url, allow_redirects=False) as response:
                assert response.status == 204
            url = url.with_host("other.test")
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await sessions.of(url).get(url, allow_redirects=False)


async def test_what_speaks_no_tls_is_asked_later() -> None:
    async with living() as world:
        with pytest.raises(Later, match="could not be reached"):
            await world.file(url=world.endpoint.url.replace("http:", "https:"))


@asynccontextmanager
async def _tls_server(folder: Path) -> AsyncIterator[tuple[int, ssl.SSLContext]]:
    """Answers 204 as llm.test, with a certificate of its own; its port, and what trusts it."""
    pem = folder / "llm.pem"
    pem.write_bytes(_certificate("llm.test"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    async def answer(_: web.BaseRequest) -> web.Response:
        return web.Response(status=204)

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield runner.addresses[0][1], ssl.create_default_context(cafile=pem)
    finally:
        await runner.cleanup()


def _certificate(host: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + signed.public_bytes(serialization.Encoding.PEM)
