"""Feeds and pages written for these tests, as builders."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from earshot.model import Capture, Role
from tests.builders import make_capture

NAMESPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" '
    'xmlns:slash="http://purl.org/rss/1.0/modules/slash/" xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
)
LONG = "The new pump of Halden ran for two days, then it stopped, and nobody at the works could say why. " * 12


def rss(*items: str, head: str = "", version: str = "2.0", attributes: str = "") -> bytes:
    inside = "".join(f"<item>{item}</item>" for item in items)
    channel = f"<channel><title>A blog</title><link>http://blog.example/</link>{head}{inside}</channel>"
    return f'<?xml version="1.0"?>\n<rss version="{version}" {NAMESPACES} {attributes}>{channel}</rss>'.encode()


def item(title: str = "A title", link: str = "/one", text: str = LONG, more: str = "") -> str:
    said = f"<title>{escape(title)}</title>" if title else ""
    said += f"<link>{escape(link)}</link>" if link else ""
    return f"{said}<description>{escape(text)}</description>{more}"


def atom(*entries: str, attributes: str = "") -> bytes:
    inside = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return (
        f'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom" {attributes}>'
        f"<title>A blog</title>{inside}</feed>"
    ).encode()


def page(body: str, head: str = "", attributes: str = 'lang="en"') -> bytes:
    return f"<!doctype html><html {attributes}><head>{head}</head><body>{body}</body></html>".encode()


def article(paragraphs: int = 6) -> str:
    said = "".join(f"<p>Paragraph {n}: {LONG[:300]}</p>" for n in range(paragraphs))
    return f"<nav><a href='/menu'>Menu word</a></nav><article><h1>Halden answers</h1>{said}</article>"


def feed_capture(**changes: Any) -> Capture:
    return make_capture(**changes)


def page_capture(url: str = "http://blog.example/posts/halden", **changes: Any) -> Capture:
    changes = {"role": Role.PAGE, "headers": {"content-type": "text/html"}, **changes}
    return make_capture(url=url, final_url=url, **changes)


def sitemap_capture(**changes: Any) -> Capture:
    url = "http://blog.example/sitemap.xml"
    return make_capture(**{"url": url, "final_url": url, "role": Role.SITEMAP, "headers": {}, **changes})
