"""Fields as other tools name them, and what to write for each of them here. Knows no tree and no meaning."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NAMES = {
    "author": "from by byline user username screen_name writer authors account",
    "title": "intitle allintitle headline hl subject ti titles",
    "lang": "language languages la",
    "after": "since from_date start startdate date_from newer newer_than",
    "before": "until to_date end enddate date_to older older_than",
    "source": "feed channel publication outlet publisher sources collection",
    "sentiment": "tone polarity mood",
    "category": "categories topic topics",
    "kind": "type doctype mediatype source_type sourcetype medium",
    "link": "links linkto linksto outlink",
    "severity": "priority level urgency",
    "flag": "rule rules alert alerts flags",
    "site": "url urls inurl allinurl domain domains host hostname website sites",
    "#": "hashtag hashtags tag tags",
    "@": "mention mentions handle handles at_mentions to",
    "=": "raw case casesensitive",
}
_FIELD = {other: name for name, others in _NAMES.items() for other in others.split()}
_TEXT = ("text", "body", "content", "intext", "allintext", "inbody", "fulltext", "message", "everywhere")
_DAY = ("date", "day", "published", "pubdate", "published_at", "timestamp")
_ADDRESS = ("http", "https")
_NEARNESS = ("near", "onear", "around", "within")


def advice_for(field: str, value: str, allowed: Sequence[str]) -> str:
    """Return what to write for a field that is none here.

    Args:
        field: lower case.
        value: what follows its colon, or empty.
        allowed: fields that the query may use.
    """
    own = _FIELD.get(field, "")
    if own in ("#", "@", "="):
        return f"write {own}{_bare(value) or {'#': 'recall', '@': 'halden', '=': 'Apple'}[own]}"
    if own == "kind" and own in allowed:
        return "write kind:article or kind:comment"
    if own in allowed or field in _ADDRESS:
        return _same_field(own or "site", field, value)
    if field in _TEXT:
        return f"write the words alone, they are looked for in title and text: {value or 'recall'}"
    if field in _DAY:
        return "write the first day and the day after the last: after:2026-11-20 before:2026-11-21"
    if field in _NEARNESS:
        return f"write NEAR/{value if value.isdecimal() else 5}"
    return f"fields are {', '.join(allowed)}; {_as_text(field, value)}"


def _as_text(field: str, value: str) -> str:
    return f'to find the text itself, write it in quotes: "{field}:{value or "..."}"'


def _same_field(own: str, field: str, value: str) -> str:
    if own == "site":
        host = re.sub(r"^(https?:)?//", "", _bare(value)).partition("/")[0]
        whole = f'"{field}:{value}"' if field in _ADDRESS else f'"{_bare(value)}"'
        return f"write site:{host or 'blog.example'}; to find the address as text, put it in quotes: {whole}"
    return f"write {own}:{value or '...'}"


def _bare(value: str) -> str:
    return value.strip('"“”„').lstrip("#＃@＠")
