"""Cron expressions of five fields: when they come next, in a time zone, meaning what Airflow means by them.

Airflow's DAGs and `earshot run` follow the same expressions, so both ask croniter, and both treat the hour that a
change of the clocks skips or repeats alike. Knows no job.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter
from pydantic import AfterValidator

_FIELD = re.compile(r"[0-9a-z*,/#-]+", re.IGNORECASE)
_BY_CHANCE = re.compile(r"[hr]", re.IGNORECASE)
_NAMES = re.compile(r"\b(mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\b", re.IGNORECASE)
_EXAMPLE = "write five fields (minute hour day month weekday), for example '*/15 * * * *' or '30 3 * * mon-fri'"


@dataclass(frozen=True, slots=True)
class Cron:
    """An expression that `check_cron` took, in an IANA time zone."""

    expression: str
    time_zone: str = "UTC"

    def next_after(self, time: datetime) -> datetime:
        """Return the first time after `time`, in UTC.

        A time of day that the clocks skip comes an hour later on the wall; one that they repeat, the second time;
        but what comes every hour goes on coming every hour.

        Source: Airflow 3.3.2, `airflow/timetables/_cron.py`, `CronMixin._get_next`; a test holds both together.
        """
        zone = ZoneInfo(self.time_zone)
        wall = time.astimezone(zone).replace(tzinfo=None, fold=0)
        coming = croniter(self.expression, start_time=wall)
        found: datetime = coming.get_next(datetime)
        if coming.expanded[1] == ["*"]:
            return time.astimezone(UTC) + (found - wall)
        return _on_the_wall(found, zone)

    def iter_after(self, time: datetime) -> Iterator[datetime]:
        """Yield the times after `time`, in UTC, without end."""
        while True:
            time = self.next_after(time)
            yield time


def _on_the_wall(naive: datetime, zone: ZoneInfo) -> datetime:
    early, late = naive.replace(tzinfo=zone, fold=0), naive.replace(tzinfo=zone, fold=1)
    is_skipped = (late.utcoffset() or 0) > (early.utcoffset() or 0)  # type: ignore[operator]
    return (early if is_skipped else late).astimezone(UTC)


@lru_cache(maxsize=256)
def check_cron(expression: str) -> str:
    """Return the expression with single spaces.

    Raises:
        ValueError: not five fields, by chance (croniter's H and R), or never; says what would be right.
    """
    fields = expression.split()
    if len(fields) != 5 or not all(_FIELD.fullmatch(field) for field in fields):
        raise ValueError(f"not a cron expression of five fields; {_EXAMPLE}")
    if any(_BY_CHANCE.search(_NAMES.sub("", field)) for field in fields):
        raise ValueError(f"not a cron expression: H and R would mean another time in every process; {_EXAMPLE}")
    try:
        croniter(expression, start_time=datetime(2026, 1, 1)).get_next(datetime)  # noqa: DTZ001 (any day will do)
    except CroniterError as error:
        said = " ".join(str(error).split())
        what = "not a day that ever comes" if "next date" in said else f"not a cron expression ({said})"
        raise ValueError(f"{what}; {_EXAMPLE}") from error
    return " ".join(fields)


CronText = Annotated[str, AfterValidator(check_cron)]
