"""Tells addresses that only their own machine or network can follow. Knows no name service."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

_INNER = (".localhost", ".local", ".lan", ".internal", ".intranet", ".home.arpa", ".localdomain")
"""Source: RFC 6761, RFC 6762, RFC 8375; ICANN resolution 2024.07.29.06 (internal)."""


def at_public_host(url: str, base: str) -> str:
    """Return `url` at the host of `base` where `url` names a private host and `base` a public one; else `url` itself.

    Publishing programs behind a proxy write their inner address into feeds.
    """
    host = urlsplit(url).hostname or ""
    if not host or not is_private(host) or is_private(urlsplit(base).hostname or ""):
        return url
    public = urlsplit(base)
    return urlsplit(url)._replace(scheme=public.scheme, netloc=public.netloc).geturl()


def is_private(host: str) -> bool:
    """Tell whether a host's name or number means nothing, or another machine, elsewhere."""
    if not host:
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.rstrip(".").endswith(_INNER)
