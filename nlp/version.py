"""The name of what judges. Knows no text."""

from __future__ import annotations

from nlp.lexicon import lexicon_digest

CODE_VERSION = 1
"""Raise it with any change of code that could change a verdict; a test reminds."""


def model_version() -> str:
    """Return a name that changes with the code version and with every lexicon."""
    return f"lexical-{CODE_VERSION}-{lexicon_digest()[:10]}"
