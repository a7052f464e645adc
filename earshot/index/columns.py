"""Which field of the index a facet or a filter means; the same on every engine. Knows no engine."""

from __future__ import annotations

from earshot.errors import ConfigError

FACETS = {
    name: name
    for name in (
        "brand",
        "sentiment",
        "category",
        "site",
        "author",
        "source",
        "source_kind",
        "collection",
        "scope",
        "language",
        "flag",
        "severity",
        "status",
        "own_voice",
    )
} | {"story": "story_id"}
"""The fields that may be counted by, as the port names them, and their names in the index."""

FILTERS = {
    "brands": "brand",
    "sentiments": "sentiment",
    "categories": "category",
    "sites": "site",
    "authors": "author",
    "sources": "source",
    "source_kinds": "source_kind",
    "collections": "collection",
    "scopes": "scope",
    "languages": "language",
    "stories": "story_id",
    "flags": "flag",
    "severities": "severity",
    "statuses": "status",
}
"""The fields of `earshot.model.Filters` that list values, and their names in the index."""


def field_of(facet: str) -> str:
    """Return the index's name of a facet.

    Raises:
        ConfigError: there is no such facet.
    """
    try:
        return FACETS[facet]
    except KeyError:
        raise ConfigError(f"mentions cannot be counted by {facet!r}", advice=f"one of {', '.join(FACETS)}") from None
