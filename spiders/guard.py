"""Where a request may go: schemes, ports, hosts, addresses, and whether by the proxy. Knows no HTTP.

Asked twice: about the URL before anything is sent, and about every resolved address before a connection to it is
opened, so that the checked address is the connected one. With a proxy, its own address is a trusted hop and names
are its to resolve; what a URL itself says stays refused.
"""

from __future__ import annotations

import base64
import ipaddress
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from earshot.model import CollectLimits
from spiders.addresses import is_local_name, is_public, literal_address

_PORTS = {"http": 80, "https": 443}
_ADVICE = "name the host in collect.allow_hosts if it is meant"


class Guard:
    """The decisions of one batch."""

    def __init__(self, limits: CollectLimits) -> None:
        self._allowed = tuple(pattern.lower().rstrip(".") for pattern in limits.allow_hosts if pattern)
        self._no_proxy = tuple(entry.lower().strip() for entry in limits.no_proxy if entry.strip())
        self._proxy = urlsplit(_with_scheme(limits.proxy)) if limits.proxy else None
        self._refused: dict[str, str] = {}

    def refusal(self, url: str) -> str:
        """Return why nothing may be sent to `url`, in words for operations; "" where it may be tried."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").rstrip("."), parts.port
        except ValueError:
            return f"not an address that can be asked: {url[:120]}"
        if parts.scheme not in _PORTS:
            return f"only http and https are asked, not {parts.scheme or 'nothing'}:"
        if not host:
            return f"not an address that can be asked: {url[:120]}"
        if self.is_allowed(host):
            return ""
        if port not in (None, 80, 443):
            return f"port {port} of {host} is neither 80 nor 443; {_ADVICE}"
        return self._host_refusal(host, url)

    def is_allowed(self, host: str) -> bool:
        """Tell whether the workspace allows that host to be private. `*.name` means every host below name."""
        plain = host.lower().rstrip(".")
        return any(
            plain.endswith(pattern[1:]) if pattern.startswith("*.") else plain == pattern.strip("[]")
            for pattern in self._allowed
        )

    def may_connect(self, host: str, port: int, address: str) -> bool:
        """Tell whether a connection may be opened to `address`, which `host` resolved to; remembers a refusal.

        port 0: asked by the tunnel to the proxy, which resolves before it knows the port.
        """
        found = literal_address(address)
        if self.is_allowed(host) or self._is_proxy(host, port) or (found is not None and is_public(found)):
            return True
        self._refused[host.lower()] = address
        return False

    def refused_address(self, host: str) -> str:
        """Return why every address of `host` was refused, or "" if none was."""
        address = self._refused.get(host.lower())
        return f"{host} resolves to {address}, which is not a public address; {_ADVICE}" if address else ""

    def proxy_for(self, url: str) -> str:
        """Return the proxy to ask `url` through, without credentials; "" for a direct connection."""
        if self._proxy is None or self._is_direct(urlsplit(url)):
            return ""
        return urlunsplit((self._proxy.scheme, self._proxy.netloc.rpartition("@")[2], "", "", ""))

    @property
    def proxy_authorization(self) -> str:
        """The value of Proxy-Authorization, or "" where the proxy's URL holds no user.

        Source: RFC 7617 section 2 (Basic).
        """
        if self._proxy is None or self._proxy.username is None:
            return ""
        user = f"{unquote(self._proxy.username)}:{unquote(self._proxy.password or '')}"
        return "Basic " + base64.b64encode(user.encode()).decode("ascii")

    def _host_refusal(self, host: str, url: str) -> str:
        address = literal_address(host)
        if address is not None and not is_public(address):
            return f"{host} is not a public address; {_ADVICE}"
        if is_local_name(host):
            return f"{host} is a name of this machine or network; {_ADVICE}"
        if self._proxy is not None and not self.proxy_for(url) and host == self._proxy.hostname:
            return f"{host} is the proxy; {_ADVICE}"
        return ""

    def _is_proxy(self, host: str, port: int) -> bool:
        if self._proxy is None or host.lower() != self._proxy.hostname:
            return False
        return port in (0, self._proxy.port or _PORTS.get(self._proxy.scheme, 80))

    def _is_direct(self, url: SplitResult) -> bool:
        host = (url.hostname or "").rstrip(".")
        port = url.port or _PORTS.get(url.scheme, 0)
        return any(_matches(entry, host, port) for entry in self._no_proxy)


def _with_scheme(proxy: str) -> str:
    return proxy if "://" in proxy else f"http://{proxy}"


def _matches(entry: str, host: str, port: int) -> bool:
    """Tell whether a no_proxy entry means this host: *, a name and all below it, an address, a network, name:port."""
    if entry == "*":
        return True
    address = literal_address(host)
    if address is not None and "/" in entry:
        try:
            return address in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    name, colon, asked = entry.rpartition(":")
    if colon and asked.isdigit() and "]" not in asked and ":" not in name.strip("[]"):
        if int(asked) != port:
            return False
        entry = name
    plain = entry.strip("[]").removeprefix("*").removeprefix(".")
    return host == plain or host.endswith(f".{plain}")
