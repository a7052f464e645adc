"""Times of mails that a clock wrote which ran ahead: none that lies beyond the longest wait is believed.

Knows no mail. A clock that was two hours ahead and was put right would else keep retries, holds, quiet hours and the
mail server's refusal for two hours more, and the count of a person's mails of this hour wrong.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from earshot.alerts.rules import RuleBook
from earshot.ports import Clock, Record

log = structlog.get_logger(__name__)

LONGEST_HOLD = timedelta(hours=25)
"""What a notice or a mail waits at most for quiet hours to end, on the longest day of the year; all else is shorter."""


def end_false_times(record: Record, book: RuleBook, clock: Clock) -> int:
    """Bring to now what has a time that it cannot have; return how many notices and mails. Writes only if there are."""
    now, longest = clock.now(), max((LONGEST_HOLD, *book.waits))
    with record.read() as reader:
        if not reader.has_times_to_come(now, longest):
            return 0
    with record.write() as writer:
        count = writer.end_times_to_come(now, longest)
    log.warning("the clock had run ahead: what it made wait is judged anew", notices_and_mails=count)
    return count
