"""Which addresses of the internet a user's URL may lead to. Pure; knows nothing of names.

The tables are IANA's registries of special-purpose addresses, read strictly. They are our own because
`ipaddress.is_global` changed its mind between patch releases of Python, and knows nothing of clouds.
Sources: RFC 6890 with its registries, RFC 6052 (NAT64), RFC 4291 (IPv4-mapped).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_CLOSED = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",  # this host
            "10.0.0.0/8",
            "100.64.0.0/10",  # carrier-grade NAT; Alibaba's metadata
            "127.0.0.0/8",
            "168.63.129.16/32",  # Azure's wire server: a public address that only its guests reach
            "169.254.0.0/16",  # link-local, the metadata of most clouds
            "172.16.0.0/12",
            "192.0.0.0/24",  # protocol assignments; Oracle's metadata
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",
            "198.18.0.0/15",  # benchmarking
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, broadcast
            "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4, which nobody needs any more and which holds an IPv4 address
            "3fff::/20",  # documentation
        ),
    )
)
_NEVER = tuple(map(ip_network, ("0.0.0.0/8", "224.0.0.0/4", "255.255.255.255/32", "::/128", "ff00::/8")))
"""What no list of an operator opens: nobody listens there, or this host does."""
_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that is given out to the world. Loopback, unique-local and link-local addresses are outside of it."""
_NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an operator allows: the public internet, and `networks` besides."""

    networks: tuple[Network, ...] = ()

    def allows(self, address: Address, *, is_plain: bool) -> bool:
        """Whether a request may go there. Without TLS (`is_plain`), only into the operator's networks."""
        end = unmapped(address)
        if _within(end, _NEVER):
            return False
        return _within(end, self.networks) or (not is_plain and is_public(end))


def is_public(address: Address) -> bool:
    """Whether it is anybody's on the internet, and none of a house, a host or a cloud."""
    end = unmapped(address)
    if isinstance(end, IPv6Address):
        if end in _NAT64:
            return is_public(IPv4Address(end.packed[-4:]))
        if end.scope_id is not None or end not in _UNICAST:
            return False
    return not _within(end, _CLOSED)


def unmapped(address: Address) -> Address:
    """The IPv4 address where an IPv6 one stands for it: a socket connects to that one."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped


def parse_networks(text: str) -> tuple[Network, ...]:
    """The networks of a list like "10.1.0.0/16, fd00:12::/64"; none of an empty one. Raises ValueError."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def _within(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)
