"""The invented sites: who they are and how they publish. Knows no posts."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML


@dataclass(frozen=True, slots=True)
class Site:
    """One invented site.

    id: also its host name, under .localhost. form: rss20, rdf, atom, json, sitemap or news-sitemap. feed: path of
    what is listened to. path: of a post, with {slug}. is_teaser: the feed shows only the beginning. is_raw: the feed
    holds whatever its authors typed, markup and all. trouble: how it misbehaves (gone, empty, not-a-feed, throttled,
    robots, unavailable), or empty.
    """

    id: str
    name: str
    tagline: str
    language: str
    form: str
    feed: str
    path: str
    color: str
    paper: str = "#ffffff"
    serif: bool = False
    is_teaser: bool = False
    is_raw: bool = False
    trouble: str = ""
    menu: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """Host name, without port; resolves to the loopback in browsers."""
        return f"{self.id}.localhost"

    @property
    def is_sitemap(self) -> bool:
        """True where posts are found through a sitemap, not a feed."""
        return self.form in ("sitemap", "news-sitemap")

    def post_path(self, slug: str) -> str:
        """Return the path of a post."""
        return self.path.format(slug=slug)


def load_sites() -> dict[str, Site]:
    """Return all sites by id, in the order of the file."""
    text = (files("earshot.demo") / "texts" / "sites.yaml").read_text(encoding="utf-8")
    raw: list[dict[str, Any]] = YAML(typ="safe").load(text)
    sites = [Site(**{**one, "menu": tuple(one.get("menu", ()))}) for one in raw]
    return {site.id: site for site in sites}
