"""Pseudonyms of people inside: the same person has the same one in this workspace, and nobody can tell whose it is.

Knows no source; `pipeline.reading` gives one to every author of an internal source, before the first row is written.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata


class Pseudonyms:
    """Makes pseudonyms with a workspace's key (`.secrets/pseudonyms.key`, made at init, mode 0600)."""

    def __init__(self, key: str) -> None:
        self._key = key.strip().encode("utf-8")

    def of(self, author: str) -> str:
        """Return the pseudonym of a name as written anywhere, in whatever case; "" for nobody."""
        name = " ".join(unicodedata.normalize("NFKC", author).casefold().split())
        if not name:
            return ""
        return f"person {hmac.new(self._key, name.encode('utf-8'), hashlib.sha256).hexdigest()[:12]}"
