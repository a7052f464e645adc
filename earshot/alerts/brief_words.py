"""What a brief says, in plain words: the most important thing of a day, changes, hours. Knows neither HTML nor mail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from earshot.alerts import wording
from earshot.alerts.letters import BriefLetter
from earshot.alerts.plain import one_line
from earshot.briefs import Figures, Gap, Hours, Missed
from earshot.model import Severity

_LONG_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LONG_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_FEW = 3
"""So many mentions more are no rise, whatever share of the day before they are."""

OUTCOMES = {
    "": "not tried yet",
    "throttled": "asks us to come more slowly",
    "blocked": "does not let us in",
    "gone": "the address is gone",
    "not a feed": "answers something that is no feed",
    "too large": "answers more than Earshot reads",
    "failed": "cannot be reached or read",
    "not the article": "answers something else than the article",
}


def number(value: int) -> str:
    """Return a number with its thousands set apart by a thin space that does not break."""
    return f"{value:,}".replace(",", "\u202f")


def many(count: int, one: str, more: str = "") -> str:
    """Return "1 mention" or "2 mentions"."""
    return f"{number(count)} {one if count == 1 else more or one + 's'}"


def change(now: int, before: int) -> str:
    """Return how a number moved: "+3", "−2", or "same"."""
    if now == before:
        return "same"
    return f"+{number(now - before)}" if now > before else f"−{number(before - now)}"


def has_risen(now: int, before: int) -> bool:
    """Tell whether a number rose by more than half, and by more than a few."""
    return now - before > max(_FEW, before / 2)


def short_day(on: date) -> str:
    """Return "Mon 23 Nov", the same wherever it is read."""
    return f"{_LONG_DAYS[on.weekday()][:3]} {on.day} {_LONG_MONTHS[on.month - 1][:3]}"


def long_day(on: date) -> str:
    """Return "Monday 23 November 2026"."""
    return f"{_LONG_DAYS[on.weekday()]} {on.day} {_LONG_MONTHS[on.month - 1]} {on.year}"


def whose_day(figures: Figures) -> str:
    """Say which day it is, by whose clock, and that it was longer or shorter than others."""
    hours = figures.day.hours
    odd = f", a day of {hours:g} hours: clocks changed" if hours != 24 else ""
    return f"{long_day(figures.date)}, by the clock of {figures.time_zone}{odd}"


def headline(letter: BriefLetter) -> str:
    """Return the most important thing of the day. Holds no word of a mention: the record keeps it as a subject."""
    figures = letter.figures
    now, before = figures.now, figures.before
    if figures.hours.is_deaf:
        return "Nothing was heard on this day"
    if figures.flagged:
        return _flagged(letter)
    if now.flagged:  # too old to alert when they were found
        return f"{many(now.flagged, 'flagged mention')}, found too late to alert"
    can_compare = not figures.hours_before.is_deaf
    if can_compare and has_risen(now.negative, before.negative):
        more = f"{number(now.negative - before.negative)} more than the day before"
        return f"{many(now.negative, 'negative mention')}, {more}"
    if can_compare and has_risen(now.mentions, before.mentions):
        return f"{many(now.mentions, 'mention')}, {number(now.mentions - before.mentions)} more than the day before"
    calm = f"A calm day: {many(now.mentions, 'mention') if now.mentions else 'no mentions'}, nothing flagged"
    return f"{calm}, but {many(figures.hours.unheard, 'hour')} not heard" if figures.hours.unheard else calm


def _flagged(letter: BriefLetter) -> str:
    """Name the rule with most mentions among the most severe incidents; say how many other incidents there are."""
    figures = letter.figures
    worst = max(figures.opened, key=lambda severity: severity.rank)
    mentions: Counter[str] = Counter()
    for told in figures.incidents:
        if told.severity is worst:
            mentions[told.rule_id] += told.mentions
    rule_id, count = max(mentions.items(), key=lambda pair: pair[1])
    rule = next((rule.name for rule in letter.brand.rules if rule.id == rule_id), "") or rule_id
    others = figures.flagged - sum(told.severity is worst and told.rule_id == rule_id for told in figures.incidents)
    more = f", {many(others, 'more incident', 'more incidents')}" if others else ""
    return f"{wording.SEVERITY[worst]}: {one_line(rule, 60)}, {many(count, 'mention')}{more}"


def lead(figures: Figures) -> str:
    """Say in a sentence or two what happened: how much, how it compares, where, and what changed most."""
    now, before = figures.now, figures.before
    if figures.hours.is_deaf or not now.mentions:
        return ""
    negative = f", {number(now.negative)} of them negative" if now.negative else ""
    can_compare = not figures.hours_before.is_deaf
    compared_with = (
        f"; the day before {number(before.mentions)}, {number(before.negative)} negative" if can_compare else ""
    )
    site = next((site for site in figures.sites if site.count > 1), None)
    where = f" Most on {one_line(site.name, 60)} ({number(site.count)})." if site else ""
    risen = [each for each in figures.categories if has_risen(each.count, each.before)]
    most = max(risen, key=lambda each: each.count - each.before, default=None)
    changed = f" {category(most.name)} rose from {number(most.before)} to {number(most.count)}." if most else ""
    return f"{many(now.mentions, 'mention')}{negative}{compared_with}.{where}{changed if can_compare else ''}"


def tone(figures: Figures) -> str:
    """Return the name of the stripe's colour: the worst severity, or Info where nothing was flagged."""
    worst = max(figures.opened, key=lambda severity: severity.rank, default=Severity.INFO)
    return "Warning" if figures.hours.is_deaf else wording.SEVERITY[worst]


def heard(figures: Figures) -> str:
    """Say in one line how well the day was listened to."""
    hours = figures.hours
    if hours.is_deaf and hours.before == hours.all:
        return "Earshot was not listening yet on this day."
    if hours.is_deaf:
        return "No source was heard in any hour of this day: the numbers below say nothing."
    if not hours.gaps:
        return f"All {hours.all} hours were heard, by at least half of the {many(figures.listened, 'source')}."
    parts = [
        f"{many(count, 'hour')} {what}"
        for count, what in (
            (hours.unheard, "not heard"),
            (hours.partly, "heard by less than half of the sources"),
            (hours.before, "before Earshot was listening"),
        )
        if count
    ]
    return f"{', '.join(parts)}. What was said then may be missing from these numbers."


def cautions(figures: Figures) -> Iterator[str]:
    """Yield what has to be known before the numbers are believed."""
    if figures.hours.gaps:
        yield heard(figures)
    if said := compared(figures.hours_before):
        yield said


def compared(before: Hours) -> str:
    """Warn where the day before is hardly fit to be compared with; else empty."""
    missing = before.all - before.heard
    if not before.all or missing * 4 < before.all:
        return ""
    return f"The day before was well heard in only {before.heard} of {many(before.all, 'hour')}: changes say little."


def gap(each: Gap, time_zone: str, on: date) -> str:
    """Return "03:00 to 07:00, not heard" by the reader's clock, with the date where it is another than `on`."""
    what = {"unheard": "not heard", "partly": "partly heard", "before": "not yet listening"}[each.state]
    begins_on = each.since.astimezone(zone(time_zone)).date()
    return f"{_clock(each.since, time_zone, on)} to {_clock(each.until, time_zone, begins_on, is_end=True)}, {what}"


def _clock(at: datetime, time_zone: str, on: date, *, is_end: bool = False) -> str:
    local = at.astimezone(zone(time_zone))
    if is_end and f"{local:%H:%M}" == "00:00" and (local.date() - on).days == 1:
        return "24:00"
    return f"{local:%H:%M}" if local.date() == on else f"{short_day(local.date())} {local:%H:%M}"


def missed(each: Missed, time_zone: str) -> str:
    """Say why a source was not heard, and since when."""
    why = OUTCOMES.get(each.outcome, "answers again")
    since = f"last heard {wording.when(each.last_heard_at, time_zone)}" if each.last_heard_at else "never heard"
    hours = f"heard in {each.heard} of {many(each.listening, 'hour')}"
    return f"{why}; {since}; {hours}"


def zone(time_zone: str) -> ZoneInfo:
    """Return a zone by its name, UTC where there is none."""
    try:
        return ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def category(value: str) -> str:
    """Return a category as a person reads it."""
    return value.replace("_", " ").capitalize()
