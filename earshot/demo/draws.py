"""Choices that look random and are the same every time. Knows nothing of what is chosen."""

from __future__ import annotations

import hashlib


def draw(*key: object) -> float:
    """Return a number in [0, 1) that depends on the key alone."""
    digest = hashlib.sha256("/".join(map(str, key)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
