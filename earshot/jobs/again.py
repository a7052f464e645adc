"""Jobs that go over what is there again: reclassify and replay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from earshot import choices, jobbook, leases
from earshot.days import day_span, day_start
from earshot.errors import ConfigError
from earshot.jobs.opening import counted, noted, opened
from earshot.pipeline import replay as replaying
from earshot.pipeline.account import account
from earshot.pipeline.pace import checked_share
from earshot.pipeline.reclassified import Reclassified
from earshot.pipeline.reclassify import Reclassify, Scope
from earshot.pipeline.replay import Replayed
from earshot.wiring import Parts


def reclassify(
    workspace: str,
    brand: str = "",
    since: str = "",
    until: str = "",
    write: bool = False,
    share: float = 0.5,
    on_progress: Callable[[Reclassified], None] | None = None,
) -> dict[str, Any]:
    """Judge documents of the record anew; say what enters, leaves and changes, and with `write` do it.

    Args:
        workspace: its folder.
        brand: id of the one whose mentions are judged; empty means all.
        since: first day, and `until` the day after the last: ISO dates in the workspace's zone, by date of
            publication; empty means no end.
        write: False only says what would be.
        share: of the time that it works; the rest is left to the live run. Above 0, at most 1.
        on_progress: called after each batch with the report as it stands.

    Raises:
        ConfigError: no such brand, date or share.
        StorageError: the brand is being reclassified already.
    """
    with opened(workspace) as parts:
        zone = parts.workspace.settings.time_zone
        scope = Scope(brand, day_start(since, zone, "since"), day_start(until, zone, "until"))
        if scope.since and scope.until and scope.since >= scope.until:
            raise ConfigError(f"nothing lies between {since} and {until}", where="until", advice="name a later day")
        if brand not in stale_mentions(parts):  # what is left of a brand that was taken out is judged too: it leaves
            choices.check_brand(parts.workspace.brands, brand)
        stage = Reclassify(
            parts.record, parts.reader, parts.book, parts.workspace, parts.clock, parts.model_version, leases.me(),
            share=share,
        )  # fmt: skip
        with noted(parts, "reclassify", brand) as entry:
            entry.is_tried = not write
            report = (stage.write if write else stage.look)(scope, on_progress)
            told = account(parts.record, report)
            entry.count(told)
            return told


def stale(workspace: str) -> dict[str, int]:
    """Return how many mentions of each brand were judged by an older version of it or of the model, by brand."""
    with opened(workspace) as parts:
        return stale_mentions(parts)


def replay(
    workspace: str,
    day: str = "",
    collection: str = "",
    source: str = "",
    share: float = 0.5,
    on_capture: Callable[[Replayed], None] | None = None,
    *,
    quarantined: bool = False,
) -> dict[str, Any]:
    """Read captures again: those that were fetched on a day, or without `day` those in quarantine.

    Args:
        workspace: its folder.
        day: ISO date in the workspace's zone.
        collection: only sources of this collection.
        source: only this source.
        share: of the time that it works; the rest is left to the live run. Above 0, at most 1.
        on_capture: called after each capture with the report as it stands.
        quarantined: with `day`, only what of it is quarantined.

    Raises:
        ConfigError: no such day, collection, source or share.
    """
    with opened(workspace) as parts:
        checked_share(share)
        names = choices.chosen_sources(parts.workspace.sources, collection, source)
        if day:
            since, until = day_span(day, parts.workspace.settings.time_zone, "day")
            waiting = replaying.of_time(parts.record, since, until, names, is_quarantined=quarantined)
        else:
            waiting = replaying.quarantined(parts.record, names if collection or source else None)
        with noted(parts, "replay", " ".join(filter(None, (day, collection or source)))) as entry:
            return _replay(parts, entry, waiting, share, on_capture)


def replay_one(workspace: str, quarantine_id: str) -> dict[str, Any]:
    """Try one quarantined capture again; one that has left the quarantine meanwhile is not tried."""
    with opened(workspace) as parts, noted(parts, "replay") as entry:
        waiting = replaying.quarantined(parts.record, quarantine_id=quarantine_id or "none")
        return _replay(parts, entry, waiting, 1.0, None)


def _replay(
    parts: Parts,
    entry: jobbook.Entry,
    waiting: list[replaying.Waiting],
    share: float,
    on_capture: Callable[[Replayed], None] | None,
) -> dict[str, Any]:
    report = replaying.replay(
        parts.record, parts.lake, parts.ingest, parts.clock, waiting, share=share, on_capture=on_capture
    )
    numbers = {"tried": report.tried, "lost": report.lost}
    entry.count(numbers)
    return numbers | counted(entry, report.ingested)


def stale_mentions(parts: Parts) -> dict[str, int]:
    """Return how many mentions of each brand an older version of it or of the model judged, by brand."""
    versions = {brand.id: brand.version for brand in parts.workspace.brands}
    with parts.record.read() as reader:
        return reader.stale(versions, parts.model_version)
