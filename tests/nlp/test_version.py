"""The model version changes with whatever judges; a changed room without a raised version is told here."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path

import nlp
from nlp.lexicon import lexicon_digest
from nlp.version import CODE_VERSION, model_version

JUDGED_BY = (1, "05a16ff3c1ec6fdd")
"""CODE_VERSION and the digest of the code it stands for."""


def code_digest() -> str:
    """Return a digest of the room's code."""
    digest = hashlib.sha256()
    for path in sorted(Path(nlp.__file__).parent.glob("*.py")):
        if path.name != "version.py":
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def test_changed_code_raises_the_version() -> None:
    assert (CODE_VERSION, code_digest()) == JUDGED_BY, (
        f"nlp/*.py has changed: if a verdict could differ, raise CODE_VERSION in nlp/version.py; then write "
        f"({CODE_VERSION}, {code_digest()!r}) here"
    )


def test_the_version_names_code_and_lexicons() -> None:
    assert model_version() == f"lexical-{CODE_VERSION}-{lexicon_digest()[:10]}"


def test_lexicons_are_part_of_the_package() -> None:
    names = {path.name for path in (files("nlp") / "lexicons").iterdir()}
    assert {"common.toml", "en.toml", "de.toml", "es.toml", "fr.toml"} <= names
