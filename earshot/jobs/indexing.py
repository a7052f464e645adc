"""Jobs of the index: publish, reindex, search, and what answers as the search cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from itertools import islice
from typing import Any

import structlog

from earshot import jobbook, leases
from earshot.clock import SystemClock
from earshot.config.settings import Workspace
from earshot.errors import ConfigError
from earshot.jobs.opening import counted, noted, opened, report_dict
from earshot.model import Filters, SearchRequest
from earshot.pipeline.publish import Published, keep
from earshot.pipeline.publish import go_back as index_before
from earshot.pipeline.publish import publish as publish_outbox
from earshot.pipeline.publish import reindex as reindex_all
from earshot.pipeline.verify import verify as verify_index
from earshot.pipeline.wiping import Wiped
from earshot.pipeline.wiping import wipe as wipe_index
from earshot.ports import EMPTY, Kept
from earshot.present import mention_dict
from earshot.query.met import MOST_ASKED, forms_of, met_forms, small_letters
from earshot.wiring import Parts, make_cluster_index

log = structlog.get_logger(__name__)
_UNWIPED = " Of erased mentions, the text of {} may still lie in its files: `earshot maintain index` cleans them."


def publish(workspace: str, seconds: float | None = None) -> dict[str, Any]:
    """Bring what changed to the index; "waiting" says why not all of it, and the run is noted with it.

    seconds: after which the rest is left for another call; None brings all.
    """
    with opened(workspace) as parts, noted(parts, "publish") as entry:
        done = run_publish(parts, seconds)
        entry.note = done.waiting
        return counted(entry, done)


def run_publish(parts: Parts, seconds: float | None = None) -> Published:
    """Run the index relay once; an index that is damaged or lost is built anew from the record first."""
    if why := why_rebuild(parts):
        rebuild(parts, why)
    return publish_beside(parts, seconds)


def publish_beside(parts: Parts, seconds: float | None = None) -> Published:
    """Run the index relay once, whatever the index is like."""
    return publish_outbox(parts.record, parts.index, parts.clock, leases.me(), seconds)


def why_rebuild(parts: Parts, *, is_thorough: bool = False) -> str:
    """Return why the index has to be built anew from the record, or "". An empty one only if the record has published.

    is_thorough: read all of its files.

    Raises:
        StorageError: the record does not answer.
    """
    why = parts.index.damage(is_thorough=is_thorough)
    if why != EMPTY:
        return why
    with parts.record.read() as reader:
        counts = reader.counts()
    return "the index holds nothing of what was published" if counts.mentions > counts.behind else ""


def rebuild(parts: Parts, why: str, starter: str = jobbook.PROMPT) -> None:
    """Build the index anew from the record, noted as a job.

    Raises:
        StorageError: another process is at it, or the record does not answer.
    """
    log.warning("the index is built anew from the record", reason=why)
    with noted(parts, "reindex", starter=starter) as entry:
        entry.note = why
        mentions = reindex_all(parts.record, parts.index, parts.clock, leases.me(), indexed_since(parts))
        entry.count({"mentions": mentions})


def run_keep(parts: Parts) -> Kept:
    """Begin and drop indices as the settings say."""
    return keep(parts.record, parts.index, parts.clock, leases.me(), indexed_since(parts))


def run_wipe(parts: Parts, seconds: float | None = None) -> Wiped:
    """Wipe what was erased out of the index's files."""
    return wipe_index(parts.record, parts.index, parts.clock, leases.me(), seconds)


def indexed_since(parts: Parts) -> datetime | None:
    """Return from when on published mentions have to be in the index; None: all. The embedded one holds all."""
    settings = parts.workspace.settings.index
    if settings.retention is None or settings.engine == "embedded":
        return None
    return parts.clock.now() - settings.retention


def reindex(workspace: str) -> dict[str, Any]:
    """Build the index anew from the record."""
    with opened(workspace) as parts, noted(parts, "reindex") as entry:
        mentions = reindex_all(parts.record, parts.index, parts.clock, leases.me(), indexed_since(parts))
        entry.count({"mentions": mentions})
        return {"mentions": mentions, **counted(entry, run_publish(parts))}


def go_back(workspace: str) -> dict[str, Any]:
    """Put the index that the last `reindex` replaced in force again, and bring it up to the record.

    Returns `mentions`, how many it held, and what `verify` returns of it as `verified`.

    Raises:
        ConfigError: none is kept.
        StorageError: another process is writing.
    """
    with opened(workspace) as parts, noted(parts, "go back") as entry:
        mentions = index_before(parts.record, parts.index, parts.clock, leases.me())
        entry.count({"mentions": mentions})
    return {"mentions": mentions, "verified": verify(workspace)}


def verify(workspace: str, repair: bool = True) -> dict[str, Any]:
    """Compare the index with the record, mention by mention; put right what differs unless told not to.

    Returns `mentions`, the ids that were `missing`, `stale`, `extra` and `ahead` in the index, how many were
    `repaired` and are `left`, how many erased mentions are `unwiped` (files of the index may still hold their
    text), and `says` all of it in sentences.

    Raises:
        StorageError: another process is publishing, or the index does not answer.
    """
    with opened(workspace) as parts, noted(parts, "verify") as entry:
        found = verify_index(
            parts.record, parts.index, parts.clock, leases.me(), since=indexed_since(parts), is_repairing=repair
        )
        if found.ahead:
            run_publish(parts)
        with parts.record.read() as reader:
            unwiped = reader.unwiped()
        count = len(unwiped.told) + len(unwiped.untold)
        entry.count({"mentions": found.mentions, "differed": found.drift, "repaired": found.repaired})
        said = f"{found.in_words()}{_UNWIPED.format(count) if count else ''}"
        return {**report_dict(found), "repaired": found.repaired, "unwiped": count, "says": said}


def search(workspace: str, query: str, limit: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield the mentions that match, newest first, with the fields of the index."""
    with opened(workspace) as parts:
        zone = parts.workspace.settings.time_zone
        hits = parts.index.walk(SearchRequest(query, time_zone=zone))
        yield from (mention_dict(hit.mention) for hit in islice(hits, limit))


def brand_forms(workspace: str, brand_id: str) -> dict[str, Any]:
    """Return how a brand is heard: `names` with their usual forms, and `met`, the forms in its newest mentions.

    Raises:
        ConfigError: no such brand.
        StorageError: the index does not answer.
    """
    with opened(workspace) as parts:
        brand = next((each for each in parts.workspace.brands if each.id == brand_id), None)
        if brand is None:
            known = ", ".join(each.id for each in parts.workspace.brands)
            raise ConfigError(f"there is no brand {brand_id!r}", advice=f"choose one of {known}")
        hits = parts.index.walk(SearchRequest(filters=Filters(brands=(brand.id,))))
        mentions = [hit.mention for hit in islice(hits, MOST_ASKED)]
    met = met_forms(brand, mentions)
    return {
        "brand": brand.id,
        "query": brand.query,
        "names": [
            {"name": one.name, "note": one.note, "forms": [{"text": f.text, "why": f.why} for f in one.forms]}
            for one in forms_of(brand)
        ],
        "mentions": len(mentions),
        "small_letters": small_letters(brand, met)[0],
        "met": [
            {"text": one.text, "mentions": one.mentions, "title": one.example.title, "url": one.example.url}
            for one in met
        ],
    }


def index_server(workspace: Workspace) -> str:
    """Return which product in which version answers as the search cluster; empty where there is none.

    Raises:
        ConfigError: it is not what the settings say, or refuses the login.
        StorageError: it does not answer; Untrusted where its certificate is not trusted.
    """
    if workspace.settings.index.engine == "embedded":
        return ""
    with closing(make_cluster_index(workspace, SystemClock())) as index:
        return str(index.server())
