"""Where a URL of a user may lead: nowhere but to the public internet, however it is spelled."""

from __future__ import annotations

import pytest

from services.classifier.addresses import NOT_PLAIN, NOT_PUBLIC, UrlChecker
from services.classifier.lookup import Dns
from services.classifier.networks import Allowance, parse_networks
from tests.unit.llm_endpoint import Names

PUBLIC = "93.184.216.34"
TEN = Allowance(parse_networks("10.0.0.0/8"))

CREDENTIALS = "The URL must be without a user name and password: the key has a field of its own"
EXTRAS = "The URL must be without a query and a fragment"
SPACES = "The URL must be without spaces, backslashes and control characters"
HOST = "The URL's host is not a valid name"
PORT = "The URL's port must be 443, or 1024 to 65535"


async def reason_for(url: str, allowance: Allowance | None = None, **hosts: list[str]) -> str | None:
    names = Names(**{"api_test": [PUBLIC], **hosts})
    return await UrlChecker(names, allowance or Allowance()).check(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.test",
        "https://api.test/",
        "https://api.test/v1/",
        "https://API.test/openai/v1",
        "HTTPS://api.test:443/v1",
        "https://api.test:8443/v1",
    ],
)
async def test_a_public_endpoint_is_allowed(url: str) -> None:
    assert await reason_for(url) is None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://api.test/v1", NOT_PLAIN),
        ("ftp://api.test/v1", NOT_PLAIN),
        ("file:///etc/passwd", NOT_PLAIN),
        ("gopher://api.test:6379/_x", NOT_PLAIN),
        ("//api.test/v1", NOT_PLAIN),
        ("api.test/v1", NOT_PLAIN),
        ("https:api.test", NOT_PLAIN),
        ("https:/api.test", NOT_PLAIN),
        ("https:///api.test", NOT_PLAIN),
        ("", NOT_PLAIN),
        ("https://user:pass@api.test/", CREDENTIALS),
        ("https://user@api.test/", CREDENTIALS),
        ("https://@api.test/", CREDENTIALS),
        ("https://api.test@127.0.0.1/", CREDENTIALS),
        ("https://api.test#@127.0.0.1/", EXTRAS),
        ("https://api.test/#", EXTRAS),
        ("https://api.test/?key=1", EXTRAS),
        ("https://api.test?", EXTRAS),
        ("https://api.test\\@127.0.0.1/", SPACES),
        ("https://api .test/", SPACES),
        ("https://api\n.test/", SPACES),
        (" https://api.test/", SPACES),
        ("https://api.te\u200bst/", SPACES),
        ("https://api.test/\u00a0", SPACES),
        ("https://api.test:0/", PORT),
        ("https://api.test:22/", PORT),
        ("https://api.test:25/", PORT),
        ("https://api.test:65536/", "The URL is not a valid one"),
        ("https://api.test:-1/", "The URL is not a valid one"),
        ("https://api.test:x/", "The URL is not a valid one"),
        ("https://[::1/", "The URL is not a valid one"),
        ("https://[1.2.3.4]/", "The URL is not a valid one"),
        ("https://xn--a/", "The URL is not a valid one"),
        ("https://api%2etest/", HOST),
        ("https://[fe80::1%25eth0]/", HOST),
        ("https://a..test/", HOST),
        ("https://.test/", HOST),
        (f"https://{'a' * 64}.test/", HOST),
        ("https://" + "a." * 140 + "test/", HOST),
        ("https://api.test/" + "a" * 2000, "The URL must not be longer than 2000 characters"),
        ("https://nowhere.test/", NOT_PUBLIC),
    ],
)
async def test_a_url_that_is_none_is_refused_with_the_reason(url: str, reason: str) -> None:
    assert await reason_for(url) == reason


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "017700000001",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.0.0.1.",
        "127。0。0。1",
        "１２７.0.0.1",  # noqa: RUF001 - digits that IDNA makes plain
        "0",
        "0.0.0.0",  # noqa: S104 - to be refused
        "10.0.0.1",
        "0xa.1",
        "172.16.0.1",
        "192.168.1.1",
        "3232235777",
        "169.254.169.254",
        "0xa9fea9fe",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[::127.0.0.1]",
        "[0:0:0:0:0:ffff:10.0.0.1]",
        "[64:ff9b::10.0.0.1]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::808:808]",
        "[2002:7f00:1::]",
        "[2002:a9fe:a9fe::1]",
        "[2001:0:7f00:1::1]",
        "[2001:db8::1]",
        "[fe80::1]",
        "[fec0::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "[100::1]",
        "[5f00::1]",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "ⓛocalhost",
    ],
)
async def test_no_spelling_of_a_private_address_passes(host: str) -> None:
    """Names of numbers go to the system's own resolver, which knows all the spellings."""
    dns = Dns()
    try:
        reason = await UrlChecker(dns, Allowance()).check(f"https://{host}/v1")
    finally:
        dns.close()
    assert reason == NOT_PUBLIC


@pytest.mark.parametrize("found", ["10.0.0.1", f"{PUBLIC} 10.0.0.1", f"{PUBLIC} fd00::1", "::ffff:10.0.0.1", "fe80::1"])
async def test_a_name_is_refused_for_any_one_of_its_addresses(found: str) -> None:
    assert await reason_for("https://inner.test/", inner_test=[found]) == NOT_PUBLIC


@pytest.mark.parametrize(
    "found", ["8.8.8.8", "2606:4700::1", "64:ff9b::808:808", "::ffff:808:808", f"{PUBLIC} 2a00::1"]
)
async def test_a_name_of_public_addresses_passes(found: str) -> None:
    assert await reason_for("https://outer.test/", outer_test=[found]) is None


async def test_an_operators_network_is_open_also_without_tls() -> None:
    assert await reason_for("http://gpu.test:8080/v1", TEN, gpu_test=["10.1.2.3"]) is None
    assert await reason_for("https://gpu.test/v1", TEN, gpu_test=["10.1.2.3"]) is None
    assert await reason_for("https://gpu.test/v1", TEN, gpu_test=["::ffff:10.1.2.3"]) is None
    assert await reason_for("https://api.test/v1", TEN) is None


async def test_an_operators_network_opens_nothing_else() -> None:
    assert await reason_for("https://gpu.test/v1", TEN, gpu_test=["192.168.0.1"]) == NOT_PUBLIC
    assert await reason_for("https://gpu.test/v1", TEN, gpu_test=["64:ff9b::10.1.2.3"]) == NOT_PUBLIC
    assert await reason_for("http://gpu.test/v1", TEN, gpu_test=[f"10.1.2.3 {PUBLIC}"]) == NOT_PLAIN
    assert await reason_for("http://api.test/v1", TEN) == NOT_PLAIN


async def test_a_lookup_of_what_is_no_name_is_an_os_error() -> None:
    dns = Dns()
    try:
        for host in ("bücher.test", "a\0b", ""):
            with pytest.raises(OSError, match=r".*"):
                await dns.addresses(host)
    finally:
        dns.close()
