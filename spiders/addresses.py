"""Which addresses are public. Knows no resolver and no URL beyond its host.

`ipaddress.is_global` is not enough: Python 3.11 calls multicast, NAT64, 6to4, Teredo and site-local addresses
global, and each of them can lead to a private one.
"""

from __future__ import annotations

import ipaddress
import socket
import unicodedata
from functools import cache
from urllib.parse import unquote

import psutil

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Source: IANA special-purpose address registries for IPv4 and IPv6, read 2026-11; RFC 6052, 8215 (NAT64),
# 3056 and 7526 (6to4), 4380 (Teredo), 3879 (site-local), 4291 (IPv4-compatible), 9637 (documentation).
_NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23",
        "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10",
        "fec0::/10", "ff00::/8",
    )
)  # fmt: skip
_LOCAL_NAMES = ("localhost", "localdomain", "local", "internal", "home.arpa")


def literal_address(host: str) -> Address | None:
    """Return the address that `host` spells, in any spelling that a resolver would take for one; None for a name."""
    plain = unicodedata.normalize("NFKC", unquote(host)).strip().strip("[]").rstrip(".").partition("%")[0]
    try:
        return ipaddress.ip_address(plain)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(plain))  # 127.1, 0x7f000001, 017700000001, 2130706433
    except (OSError, UnicodeError):
        return None


def is_public(address: Address) -> bool:
    """Tell whether a request may go there: global unicast, not embedding another address, not one of our own."""
    if any(address in network for network in _NEVER if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast and address not in own_addresses()


def is_local_name(host: str) -> bool:
    """Tell whether a name means this machine or this network by definition.

    Source: RFC 6761 (localhost), RFC 6762 (local), RFC 8375 (home.arpa), ICANN resolution 2024.07.29.06 (internal).
    """
    return any(host == name or host.endswith(f".{name}") for name in _LOCAL_NAMES)


@cache
def own_addresses() -> frozenset[Address]:
    """Return the addresses of this machine's interfaces, public ones too, as they were at the first call."""
    found = (entry.address for entries in psutil.net_if_addrs().values() for entry in entries)
    return frozenset(address for address in map(literal_address, found) if address is not None)
