"""Decides what each address of the invented web answers, trouble included. Knows no sockets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from earshot.demo.feeds import write_feed
from earshot.demo.newsstand import Newsstand, Published
from earshot.demo.pages import article_page, directory_page, front_page, notice_page, style_sheet
from earshot.demo.sites import Site

_HTML = "text/html; charset=utf-8"
_TEXT = "text/plain; charset=utf-8"
_RETRY_AFTER_S = 900
_ROBOTS = {
    "robots": "User-agent: *\nDisallow: /\n",
    "": "User-agent: *\nDisallow: /search\nAllow: /\n",
}
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="{}"/></svg>'
)

Base = Callable[[Site], str]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response before conditions and codings. changed_at: for Last-Modified, None where nobody says."""

    status: int
    media_type: str
    body: bytes
    changed_at: datetime | None = None
    headers: dict[str, str] = field(default_factory=dict)


def answer_for(newsstand: Newsstand, host: str, path: str, base: Base) -> Answer:
    """Return the answer to a GET.

    Args:
        newsstand: what is out by now.
        host: asked for, lower case, without port.
        path: decoded, without query.
        base: gives a site's origin.
    """
    site = newsstand.sites.get(host.removesuffix(".localhost"))
    if site is None:
        if host in ("127.0.0.1", "localhost", "") and path == "/":
            return _html(200, directory_page(list(newsstand.sites.values()), base))
        return Answer(404, _TEXT, b"There is no such site in the invented web.\n")
    if path == "/robots.txt":
        return Answer(200, _TEXT, (_ROBOTS.get(site.trouble, _ROBOTS[""]) + _sitemap_line(site, base)).encode())
    if path == "/style.css":
        return Answer(200, "text/css; charset=utf-8", style_sheet(site).encode())
    if path == "/favicon.ico":
        return Answer(200, "image/svg+xml", _ICON.format(site.color).encode())
    return _trouble(site, path) or _content(newsstand, site, path, base)


def _content(newsstand: Newsstand, site: Site, path: str, base: Base) -> Answer:
    posts = newsstand.posts(site.id)
    if path == site.feed:
        media_type, body = write_feed(site, posts, base)
        return Answer(200, media_type, body, _newest(posts))
    if path == "/":
        return _html(200, front_page(site, posts, base), _newest(posts))
    own = [one for one in posts if one.site.id == site.id]
    for at, one in enumerate(own):
        if one.path == path:
            others = (own[at + 1 :] + own[:at])[:4]
            return _html(200, article_page(one, others, base), one.published_at)
    return _html(404, notice_page(site, "Not found", "There is no page under this address."))


def _trouble(site: Site, path: str) -> Answer | None:
    """Return how a misbehaving site answers, or None where it behaves."""
    is_feed = path == site.feed
    match site.trouble:
        case "gone":
            return _html(410, notice_page(site, "Closed", "We had a good ride. This site has closed for good."))
        case "not-a-feed" if is_feed:
            return _html(
                200, notice_page(site, "We have moved house", "Our new site is lovely. Feeds are on the list.")
            )
        case "throttled" if is_feed:
            headers = {"Retry-After": str(_RETRY_AFTER_S)}
            return Answer(429, _TEXT, b"Too many visitors. Please come back later.\n", None, headers)
        case "unavailable":
            return Answer(503, _TEXT, b"Service unavailable.\n")
    return None


def _newest(posts: Sequence[Published]) -> datetime | None:
    return posts[0].published_at if posts else None


def _sitemap_line(site: Site, base: Base) -> str:
    return f"Sitemap: {base(site)}{site.feed}\n" if site.is_sitemap else ""


def _html(status: int, text: str, changed_at: datetime | None = None) -> Answer:
    return Answer(status, _HTML, text.encode(), changed_at)
