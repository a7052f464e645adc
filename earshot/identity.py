"""Identities: SHA-256 over content, never over a run, a time of fetching or a model version. None ever changes.

Knows only strings and times: who calls has already made the URL canonical (`earshot.urls`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime


def digest(*parts: str) -> str:
    """Return 64 hex digits over `parts`; no two different lists of parts give the same bytes."""
    joined = "".join(f"{len(part)}:{part};" for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()


def document_id(own_url: str, own_id: str = "") -> str:
    """Return the id of a document.

    Args:
        own_url: canonical URL of the entry's own link; empty where it has none.
        own_id: the source's own id; given only where there is no URL of its own, or two entries of one feed
            share it.
    """
    return digest("document", own_url, own_id)


def mention_id(document: str, brand: str) -> str:
    """Return the id of document x brand."""
    return digest("mention", document, brand)


def incident_id(brand: str, rule: str, first_mention: str) -> str:
    """Return the id of the incident that a flagged mention opens."""
    return digest("incident", brand, rule, first_mention)


def notice_key(incident: str, occasion: str, channel: str, recipient: str) -> str:
    """Return the key under which one person is told of one incident once on one occasion."""
    return digest("notice", incident, occasion, channel, recipient)


def brief_id(brand: str, since: datetime, until: datetime) -> str:
    """Return the id of a brand's account of a period; times aware."""
    return digest("brief", brand, *(at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for at in (since, until)))


def delivery_key(notice_keys: Iterable[str]) -> str:
    """Return the key of the message that carries these notices, in whatever order they are given."""
    return digest("delivery", *sorted(notice_keys))
