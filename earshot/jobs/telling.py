"""Jobs that tell people: judge, alert, brief, and the pauses of brands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from earshot import jobbook, leases
from earshot.briefs import Day, last_day
from earshot.errors import ConfigError
from earshot.jobs.opening import counted, noted, opened
from earshot.pipeline.alert import AlertReport
from earshot.pipeline.alert import alert as tell_what_is_due
from earshot.pipeline.alert import judge as judge_what_is_late
from earshot.pipeline.brief import Due, figures_of
from earshot.pipeline.brief import briefs_due as due_briefs
from earshot.pipeline.brief import make_brief as make_one_brief
from earshot.pipeline.calling import begin, call_up
from earshot.wiring import Parts


def waiting(workspace: str) -> dict[str, Any]:
    """Return what a scheduler is to start now: brands with something to tell (`alert`), or with a brief due.

    A brand that was named before in this minute of the clock, and whose run has not begun, is left out. `brief_held`
    says what due briefs wait for, as `briefs_due` does.
    """
    with opened(workspace) as parts:
        due, telling = _briefs_due(parts), _judged(parts)
        called = {
            job: call_up(parts.record, job, brands, parts.clock.now())
            for job, brands in (("alert", telling), ("brief", due.brands))
        }
    return {**called, "brief_held": due.held}


def judge(workspace: str) -> dict[str, Any]:
    """Judge late teasers; return the brands that have something to tell now, for a scheduler to start `alert` for."""
    with opened(workspace) as parts:
        return {"brands": _judged(parts)}


def alert(workspace: str, brand: str = "") -> dict[str, Any]:
    """Judge late teasers and send what is due: one brand's, or, where `brand` is empty, every brand's.

    Of a paused brand nobody is told; where it was named, "skipped" says why.

    Raises:
        ConfigError: neither the workspace nor a notice in the record knows this brand.
    """
    with opened(workspace) as parts, noted(parts, "alert", brand) as entry:
        if brand:
            _known(parts, brand)
            begin(parts.record, "alert", brand)
        return _alerted(entry, run_alert(parts, brand=brand), brand)


def brief(workspace: str, brand: str = "", day: str = "") -> dict[str, Any]:
    """Make a brand's brief of a day and mail it, each recipient's once. A brief made twice is one mail.

    Args:
        workspace: its folder.
        brand: id; empty means every brand of the workspace, one after another, and the answer holds `briefs`.
        day: like 2026-11-23, a day of the workspace's time zone that is over; empty means the last whole one.

    Raises:
        ConfigError: there is no such brand, or the day is none or not over.
    """
    if not brand:
        with opened(workspace) as parts:
            names = [each.id for each in parts.workspace.brands]
        return {"briefs": [brief(workspace, name, day) for name in names]}
    with opened(workspace) as parts, noted(parts, "brief", brand) as entry:
        which, on = parts.brand(brand), brief_day(parts, day)
        begin(parts.record, "brief", brand)
        if not parts.workspace.settings.mail.host:
            entry.skipped = "no mail server is set (mail.host)"
            return {"brand": brand, "day": str(on.date), "skipped": entry.skipped}
        made = make_one_brief(parts.record, parts.workspace.brands, which, on, parts.clock)
        told: dict[str, Any] = {"brand": brand, "day": str(on.date), "made": int(made.is_new), "notices": made.notices}
        entry.count(told)
        if made.skipped:
            entry.skipped = made.skipped
            return told | {"skipped": made.skipped}
        report = _alerted(entry, run_alert(parts, brand=brand), brand)
        return report | told | {"brief": made.brief.id if made.brief else ""}


def briefs_due(workspace: str) -> dict[str, Any]:
    """Return the brands whose brief of the last whole day is due and not made yet, for a scheduler to start.

    `held` says what they wait for, where they do: after an outage what was due meanwhile is heard first.
    """
    with opened(workspace) as parts:
        due = _briefs_due(parts)
        return {"brands": list(due.brands), "held": due.held}


def preview_brief(workspace: str, brand: str, day: str = "") -> str:
    """Return the plain text of a brand's brief as its first recipient would get it. Nothing is written or sent.

    One that was made already is shown with the figures it was made with.

    Raises:
        ConfigError: as for `brief`.
    """
    from earshot.alerts.previews import preview

    with opened(workspace) as parts:
        which, on = parts.brand(brand), brief_day(parts, day)
        with parts.record.read() as reader:
            figures = figures_of(reader, parts.workspace.brands, which, on)
            return preview(reader, figures, which, parts.book, parts.workspace.settings)


def brief_day(parts: Parts, day: str) -> Day:
    """Return a day of the workspace's time zone; empty means the last whole one.

    Raises:
        ConfigError: it is no day, or not over yet.
    """
    last = last_day(parts.clock.now(), ZoneInfo(parts.workspace.settings.time_zone))
    if not day:
        return last
    try:
        on = date.fromisoformat(day)
    except ValueError:
        raise ConfigError(f"{day!r} is no day", advice="write it like 2026-11-23") from None
    if on > last.date:
        raise ConfigError(f"{on} is not over yet", advice=f"the last whole day is {last.date}")
    return Day(on, last.zone)


def pause(workspace: str, brand: str, by: str = "at the prompt") -> dict[str, Any]:
    """Pause a brand: it is heard and shown as ever, and nobody is told until `resume`. Twice is once.

    Raises:
        ConfigError: there is no such brand.
    """
    with opened(workspace) as parts, noted(parts, "pause", brand):
        which = parts.brand(brand)
        with parts.record.write() as writer:
            writer.pause_brand(which.id, by, parts.clock.now())
        return {"brand": which.id, "paused": True}


def resume(workspace: str, brand: str) -> dict[str, Any]:
    """End a brand's pause: what is still news is told by the next run. Twice is once.

    Returns "paused": True where the brand's file says `paused: true` all the same.

    Raises:
        ConfigError: there is no such brand.
    """
    with opened(workspace) as parts, noted(parts, "resume", brand):
        which = parts.brand(brand)
        with parts.record.write() as writer:
            writer.resume_brand(which.id)
        return {"brand": which.id, "paused": which.is_paused}


def run_briefs(parts: Parts, *, is_heard: bool = False) -> int:
    """Make the briefs that are due, each noted as a job of its own; return how many. The alert stage mails them.

    is_heard: what was due has just been heard.
    """
    settings, brands = parts.workspace.settings, parts.workspace.brands
    due = _briefs_due(parts, is_heard=is_heard).brands
    for brand_id in due:
        with noted(parts, "brief", brand_id) as entry:
            day = last_day(parts.clock.now(), ZoneInfo(settings.time_zone))
            made = make_one_brief(parts.record, brands, parts.brand(brand_id), day, parts.clock)
            entry.skipped = made.skipped
            entry.count({"made": int(made.is_new), "notices": made.notices})
    return len(due)


def run_alert(parts: Parts, is_stopping: Callable[[], bool] = lambda: False, *, brand: str = "") -> AlertReport:
    """Run the alert stage once, for one brand or for all; `is_stopping` is asked before each mail."""
    return tell_what_is_due(
        parts.record,
        parts.mailer,
        parts.ledger,
        parts.renderer,
        parts.book,
        parts.workspace.settings,
        parts.clock,
        leases.me(),
        is_stopping,
        brand_id=brand,
    )


def _judged(parts: Parts) -> list[str]:
    """Judge late teasers; return the brands that have something to tell now."""
    with noted(parts, "judge") as entry:
        judged, brands = judge_what_is_late(parts.record, parts.book, parts.workspace.settings, parts.clock)
        entry.count({"incidents": judged.incidents, "notices": judged.notices, "brands": len(brands)})
        return brands


def _briefs_due(parts: Parts, *, is_heard: bool = False) -> Due:
    return due_briefs(parts.record, parts.workspace.brands, parts.workspace.settings, parts.clock, is_heard=is_heard)


def _known(parts: Parts, brand: str) -> None:
    """Take a brand of the workspace, or one that left it with notices behind.

    Raises:
        ConfigError: neither.
    """
    if any(each.id == brand for each in parts.workspace.brands):
        return
    with parts.record.read() as reader:
        if not any(notice.brand_id == brand for notice in reader.all_notices()):
            parts.brand(brand)


def _alerted(entry: jobbook.Entry, report: AlertReport, brand: str) -> dict[str, Any]:
    plain = counted(entry, report)
    plain.pop("why_paused")
    if not brand or not report.why_paused:
        return plain
    entry.skipped = report.why_paused
    return plain | {"skipped": report.why_paused}
