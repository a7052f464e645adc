"""The header that names the mentions which a mail tells of, so that a ledger says who was told of what.

After a restore the record may not know a mail that was sent, and would bind the same mentions into another one.
"""

from __future__ import annotations

from collections.abc import Sequence

from earshot.alerts.letters import Telling

NAME = "X-Earshot-Mentions"
_LETTERS = 16
_MOST = 100
"""Of one incident the last so many are named, and those that the mail quotes."""


def short_name(mention_id: str) -> str:
    """Return by what a mention is called in the header."""
    return mention_id[:_LETTERS]


def mentions_header(tellings: Sequence[Telling]) -> tuple[str, str]:
    """Return the header's name and value."""
    ids = [
        name
        for telling in tellings
        for name in (telling.mention.id, *(each.id for each in telling.newest), *telling.incident.mention_ids[-_MOST:])
    ]
    return NAME, " ".join(dict.fromkeys(map(short_name, ids)))


def read_mentions(value: str) -> frozenset[str]:
    """Return the names in a header's value."""
    return frozenset(value.split())
