"""Whether a server speaks TLS or plain HTTP, found out by asking: a wrong scheme looks like silence to a client.

Knows no client and no product.
"""

from __future__ import annotations

import socket
import ssl
from urllib.parse import urlsplit

from earshot.errors import ConfigError

_PATIENCE_S = 2.0


def refuse_wrong_scheme(urls: tuple[str, ...], timeout_s: float) -> None:
    """Do nothing where no server is found to speak what its address does not say. Asked where none has answered.

    Raises:
        ConfigError: at an address with http: there is TLS, or none at one with https:.
    """
    for url in urls:
        said, spoken = urlsplit(url).scheme, _spoken(url, min(timeout_s, _PATIENCE_S))
        if said == "http" and spoken == "https":
            advice = f"write {url.replace('http:', 'https:', 1)}"
            raise ConfigError(f"says {url}, but TLS is spoken there", where="index.urls", advice=advice)
        if said == "https" and spoken == "http":
            advice = f"turn TLS on there, or write {url.replace('https:', 'http:', 1)} if nobody can listen in"
            raise ConfigError(f"says {url}, but no TLS is spoken there", where="index.urls", advice=advice)


def _spoken(url: str, timeout_s: float) -> str:
    """Return "https" or "http", or nothing where neither is answered."""
    parts = urlsplit(url)
    place = (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    try:
        if _speaks_tls(place, timeout_s):
            return "https"
        return "http" if _speaks_plainly(place, timeout_s) else ""
    except OSError:
        return ""


def _speaks_tls(place: tuple[str, int], timeout_s: float) -> bool:
    """Shake hands, whoever it is: nothing is sent after that."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(place, timeout_s) as raw:
        try:
            with context.wrap_socket(raw):
                return True
        except OSError:
            return False


def _speaks_plainly(place: tuple[str, int], timeout_s: float) -> bool:
    """Ask without a login."""
    with socket.create_connection(place, timeout_s) as raw:
        raw.sendall(b"HEAD / HTTP/1.0\r\n\r\n")
        return raw.recv(5) == b"HTTP/"
