"""One capture into one reading, by its role and by what it turns out to be. Knows no process: a child calls it."""

from __future__ import annotations

from datetime import UTC, datetime

from earshot.extract import pages
from earshot.extract.feeds import read_feed
from earshot.extract.json_feed import is_json, read_json_feed
from earshot.extract.not_feeds import is_html, is_sitemap
from earshot.extract.packed import unpacked
from earshot.extract.sitemaps import MAX_BYTES as MAX_SITEMAP_BYTES
from earshot.extract.sitemaps import read_sitemap
from earshot.model import NO_HINT, Capture, CaptureRef, Hint, Reading, Role

MAX_FEED_BYTES = 15 * 1024 * 1024
"""What a packed feed or page may unpack to: as much as may be fetched of an unpacked one."""

_WARM_FEED = (
    b'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>t</title><item><title>t</title>'
    b"<link>http://warm.example/</link><pubDate>Fri, 20 Nov 2026 12:00:00 GMT</pubDate>"
    b"<description>&lt;p&gt;text&lt;/p&gt;</description></item></channel></rss>"
)
_WARM_PAGE = b"<html lang=en><head><title>t</title></head><body><article>%s</article></body></html>" % (
    b"<p>Some sentences that are long enough to be taken for an article, caf\xe9 and all.</p>" * 5
)


def read_capture(capture: Capture, body: bytes, hint: Hint = NO_HINT) -> Reading:
    """Return what a capture says; a gzip file is unpacked, also one that no header announces.

    hint: what is known of its source.

    Raises:
        SourceError: the body is not what the role expects, or unpacks to too much.
    """
    body = unpacked(body, MAX_SITEMAP_BYTES if capture.role is Role.SITEMAP else MAX_FEED_BYTES)
    match capture.role:
        case Role.FEED:
            return read_json_feed(capture, body, hint) if is_json(body) else read_feed(capture, body, hint)
        case Role.SITEMAP:
            # A feed may serve as a sitemap. Source: sitemaps.org protocol, "Other Sitemap formats".
            may_be_feed = is_json(body) or b"<rss" in body[:2048] or b"<feed" in body[:2048]
            is_feed = may_be_feed and not is_html(body) and not is_sitemap(body)
            return read_feed(capture, body, hint) if is_feed else read_sitemap(capture, body, hint)
        case Role.PAGE:
            return pages.read_page(capture, body, hint)


def warm_up() -> None:
    """Read one small feed and page, so that what parsers load late is loaded before the first fork."""
    pages.warm_up()
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    url = "http://warm.example/page"
    for role, body in ((Role.FEED, _WARM_FEED), (Role.PAGE, _WARM_PAGE)):
        capture = Capture(CaptureRef("", 0, 0, ""), url, url, 200, {}, at, "", "", role)
        read_capture(capture, body)
