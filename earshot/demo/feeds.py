"""Writes feeds and sitemaps of the invented sites, in every form that Earshot reads. Knows no HTTP and no time of day.

The same posts give the same bytes.

Source: RSS 2.0.11; RSS 1.0 with the Dublin Core and content modules; RFC 4287; JSON Feed 1.1; sitemaps.org 0.9 with
Google's news extension. Read 2026-11.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from email.utils import format_datetime
from html import escape as escape_html
from xml.sax.saxutils import escape

from earshot.demo.draws import draw
from earshot.demo.newsstand import Published
from earshot.demo.sites import Site

_BREAKS = {"\r": "&#13;", "\n": "&#10;", '"': "&quot;"}
_TEASER_WORDS = 32


def content_html(one: Published) -> str:
    """Return the text of a post as HTML paragraphs; `> ` begins a quotation."""
    return "\n".join(_paragraph(text) for text in one.post.paragraphs)


def teaser(one: Published) -> str:
    """Return the first words of a post as plain text, ending in an ellipsis."""
    words = " ".join(one.post.paragraphs).split()
    return " ".join(words[:_TEASER_WORDS]) + " […]"


def comments(one: Published) -> int:
    """Return how many comments a post has: the same number every time."""
    return int(draw("comments", one.post.key) ** 3 * 90)


def write_feed(site: Site, posts: Sequence[Published], base: Callable[[Site], str]) -> tuple[str, bytes]:
    """Return media type and body of what a site is listened to by.

    Args:
        site: whose feed or sitemap.
        posts: newest first.
        base: gives a site's origin, without a slash at the end.
    """
    media_type, write = _FORMS[site.form]
    return media_type, write(site, posts, base).encode()


def _paragraph(text: str) -> str:
    if text.startswith("> "):
        return f"<blockquote><p>{escape_html(text[2:], quote=False)}</p></blockquote>"
    return f"<p>{escape_html(text, quote=False)}</p>"


def _xml(text: str) -> str:
    return escape(text, _BREAKS)


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _url(one: Published, base: Callable[[Site], str]) -> str:
    return base(one.site) + one.path


def _rss20(site: Site, posts: Sequence[Published], base: Callable[[Site], str]) -> str:
    items = "".join(_rss20_item(site, one, base) for one in posts)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/">\n'
        f"<channel>\n<title>{_xml(site.name)}</title>\n<link>{base(site)}/</link>\n"
        f"<description>{_xml(site.tagline)}</description>\n<language>{site.language}</language>\n{items}</channel>\n</rss>\n"
    )


def _rss20_item(site: Site, one: Published, base: Callable[[Site], str]) -> str:
    url = _xml(_url(one, base))
    text = f"<description>{_xml(teaser(one))}</description>"
    if not site.is_teaser:
        content = "<br>".join(one.post.paragraphs) if site.is_raw else content_html(one)
        text += f"\n<content:encoded>{_xml(content)}</content:encoded>"
    # What an aggregator repeats says the same in both places, so that it does not matter which is read first.
    talk = "" if one.post.also else f"<slash:comments>{comments(one)}</slash:comments>\n"
    return (
        f'<item>\n<title>{_xml(one.post.title)}</title>\n<link>{url}</link>\n<guid isPermaLink="true">{url}</guid>\n'
        f"<dc:creator>{_xml(one.post.author)}</dc:creator>\n<pubDate>{format_datetime(one.published_at)}</pubDate>\n"
        f"{text}\n{talk}</item>\n"
    )


def _rdf(site: Site, posts: Sequence[Published], base: Callable[[Site], str]) -> str:
    names = "".join(f'<rdf:li rdf:resource="{_xml(_url(one, base))}"/>\n' for one in posts)
    items = "".join(
        f'<item rdf:about="{_xml(_url(one, base))}">\n<title>{_xml(one.post.title)}</title>\n'
        f"<link>{_xml(_url(one, base))}</link>\n<dc:creator>{_xml(one.post.author)}</dc:creator>\n"
        f"<dc:date>{_iso(one.published_at)}</dc:date>\n<description>{_xml(teaser(one))}</description>\n"
        f"<content:encoded>{_xml(content_html(one))}</content:encoded>\n</item>\n"
        for one in posts
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/">\n'
        f'<channel rdf:about="{base(site)}{site.feed}">\n<title>{_xml(site.name)}</title>\n<link>{base(site)}/</link>\n'
        f"<description>{_xml(site.tagline)}</description>\n<dc:language>{site.language}</dc:language>\n"
        f"<items>\n<rdf:Seq>\n{names}</rdf:Seq>\n</items>\n</channel>\n{items}</rdf:RDF>\n"
    )


def _atom(site: Site, posts: Sequence[Published], base: Callable[[Site], str]) -> str:
    updated = _iso(posts[0].published_at) if posts else "2020-01-01T00:00:00Z"
    entries = "".join(
        f"<entry>\n<title>{_xml(one.post.title)}</title>\n"
        f'<link rel="alternate" type="text/html" href="{_xml(_url(one, base))}"/>\n<id>{_xml(_url(one, base))}</id>\n'
        f"<author><name>{_xml(one.post.author)}</name></author>\n<published>{_iso(one.published_at)}</published>\n"
        f"<updated>{_iso(one.published_at)}</updated>\n"
        f'<content type="html">{_xml(content_html(one))}</content>\n</entry>\n'
        for one in posts
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{site.language}">\n'
        f"<title>{_xml(site.name)}</title>\n<subtitle>{_xml(site.tagline)}</subtitle>\n<id>{base(site)}/</id>\n"
        f'<link rel="alternate" href="{base(site)}/"/>\n<link rel="self" href="{base(site)}{site.feed}"/>\n'
        f"<updated>{updated}</updated>\n{entries}</feed>\n"
    )


def _json_feed(site: Site, posts: Sequence[Published], base: Callable[[Site], str]) -> str:
    items = [
        {
            "id": _url(one, base),
            "url": _url(one, base),
            "title": one.post.title,
            "content_html": content_html(one),
            "date_published": _iso(one.published_at),
            "authors": [{"name": one.post.author}],
            "language": site.language,
        }
        for one in posts
    ]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": site.name,
        "description": site.tagline,
        "home_page_url": f"{base(site)}/",
        "feed_url": base(site) + site.feed,
        "language": site.language,
        "items": items,
    }
    return json.dumps(feed, ensure_ascii=False, indent=1)


def _sitemap(_site: Site, posts: Sequence[Published], base: Callable[[Site], str]) -> str:
    urls = "".join(
        f"<url><loc>{_xml(_url(one, base))}</loc><lastmod>{_iso(one.published_at)}</lastmod></url>\n" for one in posts
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>\n'
    )


def _news_sitemap(site: Site, posts: Sequence[Published], base: Callable[[Site], str]) -> str:
    urls = "".join(
        f"<url><loc>{_xml(_url(one, base))}</loc><news:news><news:publication><news:name>{_xml(site.name)}</news:name>"
        f"<news:language>{site.language}</news:language></news:publication>"
        f"<news:publication_date>{_iso(one.published_at)}</news:publication_date>"
        f"<news:title>{_xml(one.post.title)}</news:title></news:news></url>\n"
        for one in posts
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">\n{urls}</urlset>\n'
    )


_FORMS: dict[str, tuple[str, Callable[[Site, Sequence[Published], Callable[[Site], str]], str]]] = {
    "rss20": ("application/rss+xml; charset=utf-8", _rss20),
    "rdf": ("application/rdf+xml; charset=utf-8", _rdf),
    "atom": ("application/atom+xml; charset=utf-8", _atom),
    "json": ("application/feed+json; charset=utf-8", _json_feed),
    "sitemap": ("application/xml; charset=utf-8", _sitemap),
    "news-sitemap": ("application/xml; charset=utf-8", _news_sitemap),
}
