"""Who is not heard: sources, collections, brands, or everything. Pure: told what the record knows, it names alarms.

One cause is one alarm. Where half of all sources are silent, it is the pipeline's alarm and not one a source; likewise
for a collection. What has an alarm of its own already keeps it until it is heard again, and a group's alarm stays
until fewer than a quarter are silent, so that nothing flaps at a border.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from math import ceil

from earshot.config.cron import Cron
from earshot.config.settings import FreshnessSettings
from earshot.model import Brand, Source
from earshot.operating import Alarm
from earshot.pipeline.maintain.kinds import Kind, in_words, make_alarm
from earshot.upkeep import Listening

FEW, MANY = 3, 10
"""Fewer than FEW sources are named one by one, unless they are all there are; MANY silent ones are never."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known. silent: those of `listening` that were not heard for too long (`silent_sources`).

    spoke: by brand the sources that spoke of it lately. open_keys: of the alarms that are open.
    """

    listening: Sequence[Listening]
    silent: Sequence[Listening]
    sources: Mapping[str, Source]
    brands: Sequence[Brand]
    spoke: Mapping[str, Collection[str]]
    open_keys: Collection[str]
    settings: FreshnessSettings
    now: datetime


def silent_sources(
    listening: Sequence[Listening], sources: Mapping[str, Source], settings: FreshnessSettings, now: datetime
) -> list[Listening]:
    """Return the sources that were not heard for too long, those of the workspace only."""
    known = (each for each in listening if each.source_id in sources)
    return [each for each in known if _is_silent(sources[each.source_id], each.heard_at, settings, now)]


def _is_silent(source: Source, heard_at: datetime, settings: FreshnessSettings, now: datetime) -> bool:
    """Tell whether a source was not heard for too long. With a schedule, its times are counted, not hours."""
    if now - heard_at <= settings.floor:
        return False
    if not source.schedule:
        return now - heard_at > timedelta(seconds=source.pace_s) * settings.times
    missed = islice(Cron(source.schedule, source.time_zone).iter_after(heard_at), ceil(settings.times))
    return all(at + settings.floor < now for at in missed)


def stopped(listening: Sequence[Listening], settings: FreshnessSettings, now: datetime) -> Alarm | None:
    """Return the alarm that sources are due and none is looked at, or None."""
    due = [each.next_due_at for each in listening if each.next_due_at <= now]
    if not due:
        return None
    looks = [each.last_run_at for each in listening if each.last_run_at]
    since = max(max(looks, default=min(due)), min(due))
    if now - since <= settings.stopped:
        return None
    are = "source is" if len(due) == 1 else "sources are"
    what = f"{len(due)} {are} due, and none was looked at for {in_words(now - since)}."
    return make_alarm(Kind.PIPELINE_STOPPED, "", what, now)


def silence(known: Known) -> list[Alarm]:
    """Return the alarms of what is not heard, the widest first; what a wider one covers only if it is open already."""
    active = [each for each in known.listening if each.source_id in known.sources]
    silent = known.silent
    found: list[Alarm] = []
    if stop := stopped(active, known.settings, known.now):
        found.append(stop)
    elif _is_group(len(silent), len(active), str(Kind.PIPELINE_NOT_HEARD) in known.open_keys):
        what = f"{len(silent)} of {len(active)} sources have not been heard for too long, {_last(active, known.now)}."
        found.append(make_alarm(Kind.PIPELINE_NOT_HEARD, "", what, known.now))
    is_covered = bool(found)
    details = [*_collections(active, silent, known), *_brands(active, silent, known)]
    return found + [each for each in details if not is_covered or each.key in known.open_keys]


def _is_group(silent: int, total: int, is_open: bool) -> bool:
    """Tell whether silent sources are one thing: all of several, half if that is FEW, a quarter once it was said."""
    if is_open:
        return silent * 4 >= total > 1 and silent > 0
    return silent > 1 and (silent == total or (silent >= FEW and silent * 2 >= total))


def _collections(active: Sequence[Listening], silent: Sequence[Listening], known: Known) -> list[Alarm]:
    total: dict[str, list[Listening]] = defaultdict(list)
    for each in active:
        total[each.collection].append(each)
    quiet: dict[str, list[Listening]] = defaultdict(list)
    for each in silent:
        quiet[each.collection].append(each)
    found: list[Alarm] = []
    for name in sorted(quiet):
        alarms = [_source(each, known) for each in quiet[name]]
        one = _collection(name, quiet[name], total[name], known)
        is_open = one.key in known.open_keys
        many = MANY // 2 if is_open else MANY
        if len(alarms) >= many or _is_group(len(alarms), len(total[name]), is_open):
            found.append(one)
            alarms = [each for each in alarms if each.key in known.open_keys]
        found += alarms
    return found


def _collection(name: str, quiet: Sequence[Listening], total: Sequence[Listening], known: Known) -> Alarm:
    names = _named(each.source_id for each in quiet)
    what = f"{len(quiet)} of {len(total)} sources of collection {name!r} have not been heard for too long: {names}."
    return make_alarm(Kind.COLLECTION_NOT_HEARD, name, what, known.now)


def _source(each: Listening, known: Known) -> Alarm:
    source = known.sources[each.source_id]
    rhythm = f"at {source.schedule!r}" if source.schedule else f"every {in_words(timedelta(seconds=source.pace_s))}"
    end = f"its last run ended as {each.last_outcome}" if each.last_outcome else "it was never looked at"
    why = f": {each.last_reason}" if each.last_reason else ""
    age = in_words(known.now - each.heard_at)
    heard = f"has not been heard for {age}" if each.last_heard_at else f"was not heard since it was added {age} ago"
    what = f"{each.name or each.source_id}, looked at {rhythm}, {heard}; {end}{why}."
    return make_alarm(Kind.SOURCE_NOT_HEARD, each.source_id, what, known.now)


def _brands(active: Sequence[Listening], silent: Sequence[Listening], known: Known) -> list[Alarm]:
    """Return the brands of which all sources that spoke of them lately are silent.

    Every source may speak of every brand, so a brand that nothing spoke of lately is not heard when nothing at all is;
    and when nothing at all is heard, that has been said already.
    """
    quiet = {each.source_id for each in silent}
    ids = {each.source_id for each in active}
    found = []
    for brand in known.brands:
        own = ids & set(known.spoke.get(brand.id, ()))
        if not brand.is_paused and own and own <= quiet:
            what = f"Nothing that spoke of {brand.name} lately is heard: {_named(own)}."
            found.append(make_alarm(Kind.BRAND_NOT_HEARD, brand.id, what, known.now))
    return [each for each in found if quiet != ids or each.key in known.open_keys]


def _named(ids: Iterable[str]) -> str:
    first = sorted(ids)
    return ", ".join(first[:FEW]) + (", ..." if len(first) > FEW else "")


def _last(active: Sequence[Listening], now: datetime) -> str:
    heard = [each.last_heard_at for each in active if each.last_heard_at]
    return f"the last one that was answered {in_words(now - max(heard))} ago" if heard else "none of them ever"
