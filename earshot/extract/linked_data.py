"""What a page says for machines in JSON-LD. Knows no field's meaning beyond type and order.

Source: JSON-LD 1.1 (W3C, 2020), section 7 "Embedding JSON-LD in HTML Documents"; schema.org.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from lxml import etree

from earshot.extract import loose_json

Thing = dict[str, Any]

_MAX_JSON = 1 << 19
_MAX_THINGS = 5_000
ARTICLES = frozenset(
    {"article", "newsarticle", "blogposting", "reportagenewsarticle", "analysisnewsarticle", "opinionnewsarticle",
     "backgroundnewsarticle", "reviewnewsarticle", "advertisercontentarticle", "techarticle", "scholarlyarticle",
     "report", "liveblogposting", "socialmediaposting", "discussionforumposting", "review", "recipe", "videoobject",
     "podcastepisode", "question", "qapage"}
)  # fmt: skip
"""Types of things that are read, in lower case."""


def things(root: etree._Element) -> tuple[Thing, ...]:
    """Return every object of the page's JSON-LD, outermost first, at most 5,000."""
    queue: deque[object] = deque(_scripts(root))
    found: list[Thing] = []
    while queue and len(found) < _MAX_THINGS:
        value = queue.popleft()
        if isinstance(value, dict):
            found.append(value)
            queue.extend(value.values())
        elif isinstance(value, list):
            queue.extend(value)
    return tuple(found)


def types_of(thing: Thing) -> frozenset[str]:
    """Return the thing's types in lower case and without their vocabulary ("newsarticle")."""
    said = thing.get("@type")
    names = said if isinstance(said, list) else [said]
    return frozenset(name.rpartition("/")[2].lower() for name in names if isinstance(name, str))


def words_of(value: object) -> str:
    """Return a text, or the name of a thing or of several ("Ada, Bo"); empty where it is neither."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return words_of(value.get("name") or value.get("@value") or "")
    if isinstance(value, list):
        return ", ".join(name for item in value[:20] if (name := words_of(item)))
    return ""


def strings(found: Iterable[Thing], key: str) -> list[str]:
    """Return the texts that things give under `key`, in order."""
    return [thing[key] for thing in found if isinstance(thing.get(key), str)]


def _scripts(root: etree._Element) -> list[object]:
    found = []
    for script in root.iter("script"):
        text = script.text or ""
        kind = (script.get("type") or "").lower()
        if ("ld+json" in kind or ("json" in kind and "datePublished" in text)) and len(text) <= _MAX_JSON:
            try:
                found.append(loose_json.loads(text))
            except ValueError:
                continue
    return found
