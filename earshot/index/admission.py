"""What no engine takes, said before it is asked. Knows no engine."""

from __future__ import annotations

from earshot.index.cursors import ID
from earshot.ports import IndexWrite


def why_refused(write: IndexWrite) -> str:
    """Return why a write can never be done, or nothing."""
    if not ID.fullmatch(write.id):
        return f"id {write.id!r} is not made of up to 200 letters, digits, _ and -"
    if write.mention is not None and write.mention.id != write.id:
        return f"the mention has another id, {write.mention.id!r}"
    return ""
