"""Collect: run one batch and settle what needs no reading. What led to a capture is settled by ingest."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from earshot import identity
from earshot.batches import load_batch
from earshot.config.settings import Workspace
from earshot.errors import StorageError
from earshot.model import (
    ITEM_ENDS,
    Batch,
    CollectEvent,
    Fetched,
    FetchItem,
    FilePublished,
    HandedBack,
    HostRests,
    NotReached,
    Outcome,
    RobotsCopy,
    Role,
    Source,
)
from earshot.pipeline.due import UNREAD, next_look, next_try, rest_until
from earshot.pipeline.plan import LEASE
from earshot.pipeline.transactions import written
from earshot.ports import Clock, Collector, FrontierPage, Record, RecordWriter, RunEnd, holds
from earshot.urls import host_of

_RENEW_S = 30.0
_MOST_HOPS = 10
_UNKNOWN = Source(id="", kind="feed", url="")
"""What a source that has left the workspace meanwhile is taken for."""


def collect(
    record: Record, collector: Collector, workspace: Workspace, clock: Clock, owner: str, batch_file: Path
) -> Iterator[CollectEvent]:
    """Run a batch and yield its events, each after the record knows of it. Frees the hosts at the end.

    A spider that dies ends the runs of its open items as failed; what it published before stays. A batch that is
    over, or one of whose hosts another has taken meanwhile, yields nothing: what is due is planned again.
    """
    try:
        batch = load_batch(batch_file)
    except FileNotFoundError:
        return
    hosts = [f"host:{host}" for host in batch.hosts]
    sources = {source.id: source for source in workspace.sources}
    left = {item.id: item for item in batch.items}
    renewed_s = clock.monotonic()
    if not _take_over(record, batch, hosts, owner, clock.now()):
        shutil.rmtree(batch_file.parent, ignore_errors=True)
        return
    try:
        for event in _events(collector, batch_file, left, clock):
            now = clock.now()
            is_late = clock.monotonic() - renewed_s > _RENEW_S
            is_lost = _note(record, event, sources, now, hosts if is_late else [], owner)
            yield event
            if is_lost:  # this process slept too long, and another has a host: it is the other's now
                return
            renewed_s = clock.monotonic() if is_late else renewed_s
    finally:
        with record.write(beside=True) as writer:
            writer.free(hosts, owner)
        shutil.rmtree(batch_file.parent, ignore_errors=True)


def _note(
    record: Record, event: CollectEvent, sources: Mapping[str, Source], now: datetime, hosts: list[str], owner: str
) -> bool:
    """Write what an event means, and lease these hosts for longer; True where another has one of them."""

    def write(writer: RecordWriter) -> bool:
        settle(writer, event, sources, now)
        return bool(hosts) and len(writer.lease(hosts, owner, now, now + LEASE)) < len(hosts)

    return written(record, write)


def _take_over(record: Record, batch: Batch, hosts: list[str], owner: str, now: datetime) -> bool:
    """Take the hosts from whoever planned the batch; False, and none of them, where one is another's."""
    with record.write(beside=True) as writer:
        if batch.owner != owner:
            writer.free(hosts, batch.owner)
        granted = writer.lease(hosts, owner, now, now + LEASE)
        if len(granted) < len(hosts):
            writer.free(list(granted), owner)
        return len(granted) == len(hosts)


def settle(writer: RecordWriter, event: CollectEvent, sources: Mapping[str, Source], now: datetime) -> None:
    """Write what an event means. sources: those of the workspace, by id."""
    if isinstance(event, NotReached):
        return  # it is as due as it was
    source = _UNKNOWN
    if isinstance(event, Fetched | HandedBack | HostRests):
        source = sources.get(event.source_id, _UNKNOWN)
    if isinstance(event, Fetched | HandedBack):
        writer.hold([holds.of_source(event.source_id)])
    if isinstance(event, FilePublished):
        writer.add_file(event.file, now)
    elif isinstance(event, RobotsCopy):
        writer.put_robots(event)
    elif isinstance(event, HostRests):
        writer.rest_host(event.host, rest_until(event.at, source, event.seconds), event.reason)
    elif isinstance(event, HandedBack):
        _hand_back(writer, event, source, now)
    elif event.outcome is Outcome.OK:
        _await_reading(writer, event, now)
    else:
        end_fetch(writer, event, source, now)


def _await_reading(writer: RecordWriter, event: Fetched, now: datetime) -> None:
    """Nothing is fetched again while its capture lies in the lake unread; ingest says when it is due."""
    kind, _, name = event.item_id.partition(":")
    if kind == "page":
        writer.end_page(name, Outcome.OK, "fetched, to be read", now, now + UNREAD)
    else:
        writer.put_off(event.source_id, event.at, now + UNREAD)


def end_fetch(writer: RecordWriter, event: Fetched, source: Source, now: datetime) -> None:
    """End the run of a source, or the try of a page, that brought no capture."""
    kind, _, name = event.item_id.partition(":")
    if kind == "page":
        page = writer.page(name)
        retry = next_try(now, event.outcome, page.failures if page else 0, event.retry_after_s)
        writer.end_page(name, event.outcome, event.reason, now, retry)
        return
    failed = writer.failures(event.source_id)
    writer.end_run(
        RunEnd(
            source_id=event.source_id,
            at=now,
            outcome=event.outcome,
            reason=event.reason,
            next_due_at=next_look(now, source, event.outcome, failed, event.retry_after_s),
            status=event.status,
            size_bytes=event.size_bytes,
            elapsed_s=event.elapsed_s,
        )
    )


def page_id(url: str, role: Role) -> str:
    """Return the id of a frontier row."""
    return identity.digest("page", role, url)


def _events(collector: Collector, batch_file: Path, left: dict[str, FetchItem], clock: Clock) -> Iterator[CollectEvent]:
    """Yield the collector's events, and if it dies a failure for each item that nothing was heard of."""
    try:
        for event in collector.collect(batch_file):
            if isinstance(event, ITEM_ENDS):
                left.pop(event.item_id, None)
            yield event
    except StorageError as error:
        yield from failures(list(left.values()), f"the spider ended early: {error}"[:300], clock.now())


def failures(items: Iterable[FetchItem], reason: str, now: datetime) -> Iterator[Fetched]:
    """Yield the failure of each item, for this reason."""
    for item in items:
        yield Fetched(
            item_id=item.id,
            source_id=item.source_id,
            role=item.role,
            url=item.url,
            final_url=item.url,
            outcome=Outcome.FAILED,
            reason=reason,
            status=0,
            retry_after_s=None,
            size_bytes=0,
            elapsed_s=0.0,
            at=now,
        )


def _hand_back(writer: RecordWriter, event: HandedBack, source: Source, now: datetime) -> None:
    """A redirect left the batch: a source stays due and its new host is leased with it; a page moves on."""
    kind, _, name = event.item_id.partition(":")
    if kind == "source":
        _move_source(writer, event, source, now)
        return
    page = writer.page(name)
    if page is None or event.hops > _MOST_HOPS:
        writer.end_page(name, Outcome.FAILED, f"more than {_MOST_HOPS} redirects", now, None)
        return
    writer.end_page(name, Outcome.OK, f"moved to {event.url}", now, None)
    moved = FrontierPage(
        id=page_id(event.url, page.role),
        url=event.url,
        role=page.role,
        source_id=page.source_id,
        found_at=page.found_at,
        published_at=page.published_at,
        published_as=page.published_as,
        title=page.title,
        document_id=page.document_id,
        hops=event.hops,
    )
    writer.add_pages([moved])


def _move_source(writer: RecordWriter, event: HandedBack, source: Source, now: datetime) -> None:
    state, host = writer.source(event.source_id), host_of(event.url)
    if state is None or (host not in state.hosts and len(state.hosts) < _MOST_HOPS):
        writer.add_host(event.source_id, host)
        return
    reason = f"its redirects lead to {host} again and again"
    due = next_look(now, source, Outcome.FAILED, state.failures, None)
    writer.end_run(RunEnd(event.source_id, now, Outcome.FAILED, reason, due))
