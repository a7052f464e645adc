"""Words that say nothing by themselves, by language: "the", "und", "les". Knows no index and no page.

They are spaCy's lists, read as files: importing spaCy takes half a second and 84 MB, which the pages have no other
use for.
"""

from __future__ import annotations

import runpy
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from earshot.query.words import find_words

_NAMES = {"no": "nb"}
"""Languages that spaCy keeps under another code."""


@cache
def stop_words(language: str) -> frozenset[str]:
    """Return the folded stop words of a language in two or three letters; none where there is no list of it.

    Source: `spacy.lang.*.stop_words`, spaCy 3.8; the files import nothing.
    """
    name = _NAMES.get(language, language)
    path = _folder() / name / "stop_words.py"
    if not (name.isascii() and name.isalpha() and path.is_file()):
        return frozenset()
    return frozenset(word.text for listed in runpy.run_path(str(path))["STOP_WORDS"] for word in find_words(listed))


@cache
def _folder() -> Path:
    found = find_spec("spacy")
    assert found is not None
    assert found.submodule_search_locations is not None
    return Path(found.submodule_search_locations[0]) / "lang"
