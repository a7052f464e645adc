"""Canonical URLs: the form under which one page is one document. Knows no network and no brand.

Trackers are dropped by name only; an unknown parameter may be what tells two pages apart.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlencode, urlsplit, urlunsplit

from w3lib.url import safe_url_string

from earshot.errors import SourceError
from earshot.model import Outcome

MAX_LENGTH = 2048
_PORTS = {"http": 80, "https": 443}
# Source: url_tracking_params lists of ClearURLs and AdGuard, read 2026-11; only names that never choose content.
_TRACKERS = re.compile(
    r"^(utm_\w+|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid|igshid|mc_[ce]id|_hs(enc|mi)|mkt_tok|"
    r"oly_(anon|enc)_id|vero_id|wickedid|ml_subscriber(_hash)?|at_(medium|campaign)|pk_(campaign|kwd|source|medium)|"
    r"piwik_(campaign|kwd)|matomo_\w+|_ga|_gl|cmpid|ref_src|ref_url|__twitter_impression)$",
    re.IGNORECASE,
)
_UNRESERVED = "-._~"


def canonical_url(url: str, /, *, keep_fragment: bool = False) -> str:
    """Return the form of `url` under which one page is one document. Idempotent.

    Scheme and host in lower case, host in ASCII, default port, credentials and known trackers dropped, dot
    segments resolved, escapes normalised, an empty path written as "/". The scheme is kept, since the other one may
    not answer (`other_scheme` is for who looks a document up), and so is the order of parameters: some sites mean
    something by it.

    Args:
        url: absolute http(s) URL as found; at most 2048 characters.
        keep_fragment: the feed itself gave the fragment (`#comment-7`), so it names something.

    Raises:
        SourceError: not an absolute http(s) URL, or too long.

    Source: RFC 3986 section 6.2 (normalisation).
    """
    text = url.strip()
    if len(text) > MAX_LENGTH:
        raise SourceError(Outcome.FAILED, f"URL longer than {MAX_LENGTH} characters: {text[:80]}...")
    try:
        parts = urlsplit(safe_url_string(text, encoding="utf-8"))
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError as error:
        raise SourceError(Outcome.FAILED, f"not a URL: {text[:120]}") from error
    if scheme not in _PORTS or not host:
        raise SourceError(Outcome.FAILED, f"not an absolute http(s) URL: {text[:120]}")
    host = host.rstrip(".")
    netloc = f"[{host}]" if ":" in host else host
    if port and port != _PORTS[scheme]:
        netloc += f":{port}"
    path = _without_dots(_escapes(parts.path)) or "/"
    fragment = _escapes(parts.fragment) if keep_fragment else ""
    return urlunsplit((scheme, netloc, path, _query(parts.query), fragment))


def other_scheme(url: str, /) -> str:
    """Return a URL under https where it is under http and the other way round; "" for any other scheme."""
    if url.startswith("http://"):
        return f"https://{url[7:]}"
    return f"http://{url[8:]}" if url.startswith("https://") else ""


def site_of(url: str, /) -> str:
    """Return the host of a URL in lower case without "www."; "" where there is none."""
    return host_of(url).removeprefix("www.")


def host_of(url: str, /) -> str:
    """Return the host of a URL in lower case, without port; "" where there is none."""
    try:
        return (urlsplit(url).hostname or "").lower().rstrip(".")
    except ValueError:
        return ""


def origin_of(url: str, /) -> str:
    """Return scheme://host[:port] of an http(s) URL, default ports left out."""
    parts = urlsplit(canonical_url(url))
    return f"{parts.scheme}://{parts.netloc}"


def _query(query: str) -> str:
    if not query:
        return ""
    if not _has_tracker(query):
        return _escapes(query)
    kept = [pair for pair in parse_qsl(query, keep_blank_values=True) if not _TRACKERS.match(pair[0])]
    return urlencode(kept)


def _has_tracker(query: str) -> bool:
    return any(_TRACKERS.match(part.partition("=")[0]) for part in query.split("&"))


def _escapes(text: str) -> str:
    """Decode what needs no escape, write the others in upper case."""

    def one(match: re.Match[str]) -> str:
        char = unquote_to_bytes(match[0])
        plain = char.decode("latin-1")
        return plain if plain.isascii() and (plain.isalnum() or plain in _UNRESERVED) else match[0].upper()

    return quote(re.sub(r"%[0-9A-Fa-f]{2}", one, text), safe="!#$%&'()*+,/:;=?@[]~-._|\\^`{}\"<> ".replace(" ", ""))


def _without_dots(path: str) -> str:
    """Resolve "." and ".." (RFC 3986 section 5.2.4)."""
    kept: list[str] = []
    parts = path.split("/")
    for i, part in enumerate(parts):
        is_last = i == len(parts) - 1
        if part == "..":
            if len(kept) > 1:
                kept.pop()
        elif part != ".":
            kept.append(part)
            continue
        if is_last:
            kept.append("")
    return "/".join(kept)
