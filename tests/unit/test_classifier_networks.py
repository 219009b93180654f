"""Which addresses are public: none that any registry, or the standard library, calls special."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classifier.networks import Allowance, is_public, parse_networks


def test_no_list_opens_this_host_or_many_hosts() -> None:
    everything = Allowance(parse_networks("0.0.0.0/0, ::/0"))
    for text in ("0.1.2.3", "224.0.0.1", "255.255.255.255", "::", "ff02::1", "::ffff:0.1.2.3"):
        assert not everything.allows(ip_address(text), is_plain=False)


def test_a_list_of_networks_is_read_strictly() -> None:
    assert parse_networks("") == ()
    assert parse_networks(" 10.0.0.0/8 , fd00::/8,192.168.1.5") == tuple(
        map(ip_network, ("10.0.0.0/8", "fd00::/8", "192.168.1.5/32"))
    )
    for text in ("10.0.0.1/8", "10.0.0.0/33", "ten"):
        with pytest.raises(ValueError, match=r"network|bits"):
            parse_networks(text)


def _is_special(address: IPv4Address | IPv6Address) -> bool:
    """As the standard library has it, which calls some special addresses global."""
    return bool(
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address.is_reserved
        or getattr(address, "is_site_local", False)
    )


@given(st.ip_addresses(v=4))
def test_no_special_address_is_public(address: IPv4Address) -> None:
    assert not (is_public(address) and _is_special(address))


@given(st.ip_addresses(v=6))
def test_no_special_ipv6_address_is_public(address: IPv6Address) -> None:
    assert not (
        is_public(address) and (address.ipv4_mapped is None) and _is_special(address) and not _is_nat64(address)
    )


def _is_nat64(address: IPv6Address) -> bool:
    return address in ip_network("64:ff9b::/96")


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:0:0", "64:ff9b::", "::"]))
def test_an_address_in_another_is_judged_as_itself(address: IPv4Address, prefix: str) -> None:
    wrapped = IPv6Address(int(IPv6Address(prefix)) + int(address))
    assert is_public(wrapped) == (is_public(address) and prefix != "::")


@given(st.ip_addresses(v=4), st.integers(0, 2**80 - 1), st.integers(0, 2**64 - 1))
def test_no_tunnel_is_public(address: IPv4Address, rest: int, teredo: int) -> None:
    assert not is_public(IPv6Address((0x2002 << 112) + (int(address) << 80) + rest))
    assert not is_public(IPv6Address((0x20010000 << 96) + (int(address) << 64) + teredo))


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_without_tls_nothing_is_allowed_but_the_operators_networks(address: IPv4Address | IPv6Address) -> None:
    assert not Allowance().allows(address, is_plain=True)
