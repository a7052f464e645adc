"""What a person names at the prompt or in a form: brands, sources, collections. Names that are none get a hint."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from earshot.errors import ConfigError
from earshot.model import Brand, Source

_MOST_NAMED = 12


def check_brand(brands: Sequence[Brand], brand: str) -> None:
    """Accept a brand's id, or an empty one.

    Raises:
        ConfigError: there is none of this id.
    """
    _check(brand, [each.id for each in brands], "brand")


def chosen_sources(sources: Sequence[Source], collection: str = "", source: str = "") -> list[str]:
    """Return ids of the sources that are meant: of a collection, the one, or all.

    Raises:
        ConfigError: there is no such collection or source, or both are given.
    """
    if collection and source:
        raise ConfigError("give a collection or a source, not both", where="source")
    _check(collection, {each.collection for each in sources}, "collection")
    _check(source, [each.id for each in sources], "source")
    return [each.id for each in sources if collection in ("", each.collection) and source in ("", each.id)]


def _check(name: str, known: Iterable[str], what: str) -> None:
    names = sorted(known)
    if not name or name in names:
        return
    near = get_close_matches(name, names, n=1)
    some = ", ".join(names[:_MOST_NAMED]) + (", ..." if len(names) > _MOST_NAMED else "")
    advice = f"did you mean {near[0]}?" if near else f"there are: {some}" if names else f"there is no {what} yet"
    raise ConfigError(f"there is no {what} {name!r}", where=what, advice=advice)
