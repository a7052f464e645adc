"""What no engine takes, said by all in the same words. Knows no engine."""

from __future__ import annotations

from earshot.errors import ConfigError
from earshot.index.cursors import ID
from earshot.ports import IndexWrite


def why_refused(write: IndexWrite) -> str:
    """Return why a write can never be done, or nothing."""
    if not ID.fullmatch(write.id):
        return f"id {write.id!r} is not made of up to 200 letters, digits, _ and -"
    if write.mention is not None and write.mention.id != write.id:
        return f"the mention has another id, {write.mention.id!r}"
    return ""


def nothing_kept(where: str) -> ConfigError:
    """Return what to say to somebody who wants to go back where there is no way back."""
    advice = "`earshot reindex` keeps the one it replaces, until somebody erases something"
    return ConfigError(f"no index is kept {where} that another has replaced", advice=advice)
