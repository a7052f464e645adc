"""Writes the pages of the invented sites as real sites do. Knows no HTTP.

Jinja2 escapes everything: some titles are hostile on purpose.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from earshot.demo.feeds import comments, content_html, teaser
from earshot.demo.newsstand import Published
from earshot.demo.sites import Site

_WORDS = {
    "en": {
        "by": "By",
        "more": "More from",
        "comments": "comments",
        "feed": "Feed",
        "read": "Read on",
        "about": "About",
    },
    "de": {
        "by": "Von",
        "more": "Mehr aus",
        "comments": "Kommentare",
        "feed": "Feed",
        "read": "Weiter",
        "about": "Über",
    },
    "es": {"by": "Por", "more": "Más de", "comments": "comentarios", "feed": "Canal", "read": "Seguir", "about": "De"},
    "fr": {"by": "Par", "more": "Plus de", "comments": "commentaires", "feed": "Flux", "read": "Lire", "about": "De"},
}


def article_page(one: Published, others: Sequence[Published], base: Callable[[Site], str]) -> str:
    """Return the page of a post, with links to some others of its site."""
    site, post = one.site, one.post
    url = base(site) + one.path
    linked = {
        "@context": "https://schema.org",
        "@type": "NewsArticle" if site.serif else "BlogPosting",
        "headline": post.title,
        "datePublished": one.published_at.isoformat(),
        "author": {"@type": "Person", "name": post.author},
        "mainEntityOfPage": url,
    }
    return (
        _templates()
        .get_template("article.html")
        .render(
            site=site,
            post=post,
            one=one,
            url=url,
            teaser=teaser(one),
            content=Markup(content_html(one)),  # noqa: S704 (escaped paragraph by paragraph)
            linked=Markup(_script_safe(linked)),  # noqa: S704
            comments=comments(one),
            others=others,
            words=_WORDS[site.language],
        )
    )


def front_page(site: Site, posts: Sequence[Published], base: Callable[[Site], str]) -> str:
    """Return the front page of a site: its posts, newest first, those it only links to with the whole address."""
    rows = [(one, one.path if one.site.id == site.id else base(one.site) + one.path, teaser(one)) for one in posts]
    return (
        _templates()
        .get_template("front.html")
        .render(site=site, rows=rows, url=f"{base(site)}/", words=_WORDS[site.language])
    )


def notice_page(site: Site, title: str, text: str) -> str:
    """Return a page that only says something: closed, moved, not found."""
    return (
        _templates()
        .get_template("notice.html")
        .render(site=site, title=title, text=text, url="", words=_WORDS[site.language])
    )


def directory_page(sites: Sequence[Site], base: Callable[[Site], str]) -> str:
    """Return the list of all sites, for somebody who opens the bare address."""
    return _templates().get_template("directory.html").render(rows=[(site, f"{base(site)}/") for site in sites])


def style_sheet(site: Site) -> str:
    """Return a site's style sheet."""
    return _templates().get_template("style.css").render(site=site)


def _script_safe(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c").replace("&", "\\u0026")


@cache
def _templates() -> Environment:
    folder = files("earshot.demo") / "texts" / "pages"
    return Environment(
        loader=FunctionLoader(lambda name: (folder / name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
