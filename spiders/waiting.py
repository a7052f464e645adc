"""What a server's Retry-After asks for. Knows no clock; the caller says what time it is."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_S = 24 * 3600.0


def retry_after_s(value: str, now: datetime) -> float | None:
    """Return how many seconds to wait, 0 to 24 h; None where the header is missing or says nothing usable.

    Source: RFC 9110 section 10.2.3: seconds, or a date; a date without a zone is taken as GMT.
    """
    text = value.strip()
    if re.fullmatch(r"\d{1,12}(\.\d+)?", text, re.ASCII):
        return min(float(text), LONGEST_S)
    if not re.search(r"\d", text) or len(text) > 100:
        return None
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    try:
        seconds = (aware - now).total_seconds()
    except OverflowError:
        return None
    return min(max(seconds, 0.0), LONGEST_S)
