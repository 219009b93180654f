"""TLS by one setting: whose certificates, what browsers are told, and what becomes of plain requests."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, TCPConnector

from deploy.local.server_gateway import own_authority
from tests.stack.gateway_names import Here
from tests.stack.gateway_place import Place, gateway_place

pytestmark = pytest.mark.embedded("the gateway's process alone, with a configuration of its own; no stack")


def trusting(authority: Path) -> ClientSession:
    """A client that believes nobody else."""
    return ClientSession(connector=TCPConnector(ssl=ssl.create_default_context(cafile=authority), resolver=Here()))


@pytest.fixture(params=["internal", "files"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    tls = "internal" if request.param == "internal" else await asyncio.to_thread(own_files, tmp_path)
    async with gateway_place(tmp_path, gateway_tls=tls) as found:
        yield found


def own_files(folder: Path) -> str:
    """A certificate and its key, as an operator has them."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "1",
    ]
    command += ["-keyout", str(key), "-out", str(certificate), "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost,DNS:store.localhost,IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - the machine's own openssl
    return f"{certificate}:{key}"


def authority(place: Place) -> Path:
    tls = place.settings.gateway_tls
    return own_authority(place.layout) if tls == "internal" else Path(tls.partition(":")[0])


@pytest.mark.parametrize("path", ["/api/documents", "/nowhere", "/healthz", "/docs"])
async def test_every_answer_over_tls_tells_browsers_to_stay_with_it(place: Place, path: str) -> None:
    ages = {"internal": "max-age=600"}
    port = place.settings.gateway_port
    async with trusting(authority(place)) as session:
        for host in ("localhost", "127.0.0.1"):
            async with session.get(f"https://{host}:{port}{path}", allow_redirects=False) as response:
                await response.read()
                found = response.headers.getall("Strict-Transport-Security")
                assert found == [ages.get(place.settings.gateway_tls, "max-age=31536000")]
    assert place.upload.heard == (["GET /api/documents"] * 2 if path.startswith("/api") else [])


async def test_a_plain_request_is_sent_to_https_and_no_service_hears_of_it(place: Place) -> None:
    port = place.settings.gateway_port
    for method in ("GET", "POST"):
        request = f"{method} /api/documents?x=1 HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: Bearer x\r\n\r\n"
        head = (await place.raw(request.encode())).decode()
        assert head.startswith("HTTP/1.0 308 ")
        assert f"Location: https://localhost:{port}/api/documents?x=1\r\n" in head
    assert place.upload.heard == []


async def test_services_learn_that_the_client_spoke_tls(place: Place) -> None:
    async with trusting(authority(place)) as session:
        url = f"https://localhost:{place.settings.gateway_port}/api/documents"
        async with session.get(url, headers={"X-Forwarded-Proto": "gopher", "Forwarded": "proto=gopher"}) as response:
            headers = (await response.json())["headers"]
    assert headers["X-Forwarded-Proto"] == "https"
    assert "Forwarded" not in headers


async def test_the_store_has_a_name_of_its_own_and_no_administration(place: Place) -> None:
    async with trusting(authority(place)) as session:
        base = f"https://store.localhost:{place.settings.gateway_port}"
        async with session.get(f"{base}/minio/admin/v3/info") as response:
            assert (response.status, await response.json()) == (404, {"detail": "Not Found"})
        async with session.get(f"{base}/documents/key?X-Amz-Signature=sig-nature") as response:
            assert response.status == 200
            assert "sandbox" in response.headers["Content-Security-Policy"]
            assert response.headers["Strict-Transport-Security"]
    assert "sig-nature" not in await place.log()
    assert place.upload.heard == []
    assert place.upstreams["store"].heard == ["GET /documents/key"]
