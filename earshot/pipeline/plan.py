"""Plan: what is due becomes batch files, each host in at most one live batch. Knows no spider."""

from __future__ import annotations

import secrets
import shutil
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from earshot.batches import save_batch
from earshot.config.settings import Workspace
from earshot.errors import SourceError, StorageError
from earshot.model import Batch, CollectLimits, FetchItem, Role, Source
from earshot.pipeline.due import PAGE_WAITS, asks_in_full, latest_look
from earshot.pipeline.transactions import written
from earshot.ports import Clock, DueSource, FrontierPage, Record, RecordWriter, holds
from earshot.urls import host_of, origin_of

LEASE = timedelta(minutes=2)
"""How long a host stays leased without being renewed."""
ROBOTS_KEPT = timedelta(hours=24)
_LEFTOVER = timedelta(hours=24)
"""A folder of this age belongs to a process that died: a batch ends within minutes."""
_BATCH_SECONDS = 60
_PER_BATCH = 200
"""Addresses from which on a collection is worth a further batch of its own."""
_MOST_ITEMS = 2000


@dataclass(frozen=True, slots=True)
class Planned:
    """One batch file. Its hosts are leased. collections: whose addresses it holds, most of them first."""

    file: Path
    batch: Batch
    collections: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Say what is in it, for people: "news, forums: 12 addresses on 5 sites"."""
        items, sites = len(self.batch.items), len({host_of(item.url) for item in self.batch.items})
        several = f"{items} address{'es' * (items > 1)} on {sites} site{'s' * (sites > 1)}"
        return f"{', '.join(self.collections)}: {several}" if self.collections else several


@dataclass(slots=True)
class Group:
    """What is visited together: items by host, and by host the further hosts that its redirects lead to."""

    items: dict[str, list[FetchItem]]
    further: dict[str, set[str]]

    @property
    def hosts(self) -> list[str]:
        """All of its hosts, by name."""
        return sorted(self.items.keys() | set().union(*self.further.values()))

    def only(self, granted: Container[str]) -> Group:
        """Return the group without the hosts that were not granted, or whose further hosts were not."""
        kept = [h for h in self.items if all(t in granted for t in {h} | self.further.get(h, set()))]
        return Group({h: self.items[h] for h in kept}, {h: self.further.get(h, set()) for h in kept})


def plan(
    record: Record,
    workspace: Workspace,
    clock: Clock,
    owner: str,
    limits: CollectLimits,
    *,
    done_sources: frozenset[str] = frozenset(),
    pages_taken: Mapping[str, int] | None = None,
    most_batches: int = 1,
    by_collection: bool = False,
) -> list[Planned]:
    """Lease hosts and write batch files for what is due now; an empty list if nothing is, or all of it is leased.

    Args:
        owner: who leases: `earshot.leases.me()` where the same process collects, else a name of its own that holds
            the hosts until `collect` takes them over, or the lease runs out.
        limits: what one request may cost.
        done_sources: sources of this round that were looked at already.
        pages_taken: pages fetched in this round, by source.
        most_batches: how many files at most; a host is in one of them.
        by_collection: every collection has batches of its own, `most_batches` each at most and one a 200 addresses;
            a host that is in several goes with the first.
    """
    now = clock.now()
    by_id = {source.id: source for source in workspace.sources}

    def act(writer: RecordWriter) -> list[Batch]:
        writer.hold([holds.LEASES])  # what is due and free now is taken before anybody else looks
        found, moves = find_due(writer, by_id, now, _MOST_ITEMS, done_sources, pages_taken)
        split = partial(_by_collection, sources=by_id) if by_collection else _split
        groups = take(writer, split(found, moves, most_batches), owner, now)
        return [replace(_batch(writer, group, workspace, limits, now), owner=owner) for group in groups]

    batches = written(record, act)
    sweep(workspace, now)
    return [_save(batch, workspace, by_id) for batch in batches if batch.items]


def find_due(
    writer: RecordWriter,
    sources: Mapping[str, Source],
    now: datetime,
    most: int,
    done_sources: Container[str] = frozenset(),
    pages_taken: Mapping[str, int] | None = None,
    busy: Container[str] = frozenset(),
    *,
    has_pages: bool = True,
    pages_open: Container[str] = frozenset(),
) -> tuple[dict[str, list[FetchItem]], dict[str, set[str]]]:
    """Return what is due by host, and by host the further hosts that its redirects lead to.

    sources: of the workspace, by id. most: sources, and pages, that are looked at. busy: hosts that are left out.
    done_sources: are not asked now. has_pages: whether pages are looked for; not for sources in pages_open.
    """
    due = writer.due_sources(now, most, done_sources)
    pages = writer.due_pages(now, _most_pages(sources), most, PAGE_WAITS, pages_open) if has_pages else []
    due = [s for s in due if not any(host in busy for host in _start(s, sources))]
    due, pages = _let_rest(writer, due, [page for page in pages if host_of(page.url) not in busy], sources, now)
    pages = _within_budget(pages, sources, pages_taken or {})
    return _by_host(due, pages, sources, now), _moves(due, sources)


def take(writer: RecordWriter, groups: Sequence[Group], owner: str, now: datetime) -> list[Group]:
    """Lease the hosts of groups; return the groups with what is left of them, hosts of no other process."""
    granted = writer.lease([f"host:{h}" for group in groups for h in group.hosts], owner, now, now + LEASE)
    kept = [group.only({name.removeprefix("host:") for name in granted}) for group in groups]
    used = {f"host:{h}" for group in kept for h in group.hosts}
    writer.free([name for name in granted if name not in used], owner)
    return kept


def tied(found: Mapping[str, list[FetchItem]], moves: Mapping[str, set[str]]) -> list[Group]:
    """Return one group a host; hosts that redirects tie to each other share one."""
    groups: list[Group] = []
    home: dict[str, Group] = {}
    for host, items in found.items():
        ties = {host} | moves.get(host, set())
        group = next((home[h] for h in sorted(ties) if h in home), None)
        if group is None:
            groups.append(group := Group({}, {}))
        group.items[host], group.further[host] = items, ties - {host}
        home.update(dict.fromkeys(ties, group))
    return groups


def know_sources(writer: RecordWriter, workspace: Workspace, now: datetime) -> None:
    """Make the record know the workspace's sources. Due times that an earlier pace or schedule set too far off go."""
    writer.put_sources(workspace.sources, now)
    believe_due(writer, workspace, now)


def believe_due(writer: RecordWriter, workspace: Workspace, now: datetime) -> None:
    """Bring forward the sources that are due later than they can be: the clock ran ahead when that was written."""
    by_id = {source.id: source for source in workspace.sources}
    waiting = [state for state in writer.due_after(now) if state.source_id in by_id]
    latest = {state.source_id: latest_look(now, by_id[state.source_id], state) for state in waiting}
    late = {state.source_id for state in waiting if state.next_due_at > latest[state.source_id]}
    writer.bring_forward({name: latest[name] if by_id[name].schedule else now for name in late})


def batch_id(now: datetime) -> str:
    """Return a new name for a batch."""
    return f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


def batch_folder(workspace: Workspace, batch_id: str) -> Path:
    """Return the folder of one batch: its file, and what the spider writes beside it."""
    return _folder(workspace) / batch_id


def _folder(workspace: Workspace) -> Path:
    return workspace.var / "batches"


def sweep(workspace: Workspace, now: datetime, in_use: Container[Path] = ()) -> None:
    """Remove what processes that died left behind, but nothing in use. What they fetched is in the lake."""
    for left in _folder(workspace).glob("*"):
        try:
            is_old = left.stat().st_mtime < (now - _LEFTOVER).timestamp()
        except FileNotFoundError:
            continue  # its batch ended just now
        if is_old and left not in in_use:
            shutil.rmtree(left, ignore_errors=True)


def _most_pages(sources: Mapping[str, Source]) -> int:
    return max((source.pages_per_round for source in sources.values()), default=200)


def _let_rest(
    writer: RecordWriter,
    due: Sequence[DueSource],
    pages: Sequence[FrontierPage],
    sources: Mapping[str, Source],
    now: datetime,
) -> tuple[list[DueSource], list[FrontierPage]]:
    """Return what is due without what would go to a host that rests; that is due when the host has rested."""
    ways = {state.source_id: [*_start(state, sources), *state.hosts] for state in due}
    by_host: dict[str, list[FrontierPage]] = defaultdict(list)
    for page in pages:
        by_host[host_of(page.url)].append(page)
    rests = writer.host_rests(sorted({host for way in ways.values() for host in way} | by_host.keys()), now)
    if not rests:
        return list(due), list(pages)
    until = {name: max((rests[host] for host in way if host in rests), default=now) for name, way in ways.items()}
    for state in due:
        if until[state.source_id] > now:
            writer.put_off(state.source_id, now, until[state.source_id])
    for host, end in rests.items():
        late = [page for page in by_host.pop(host, ()) if page.not_before is None or page.not_before <= now]
        writer.put_off_pages([page.id for page in late], end)
    awake = {page.id for found in by_host.values() for page in found}
    return [state for state in due if until[state.source_id] <= now], [page for page in pages if page.id in awake]


def _start(state: DueSource, sources: Mapping[str, Source]) -> list[str]:
    source = sources.get(state.source_id)
    return [host_of(source.url)] if source else []


def _within_budget(
    pages: Iterable[FrontierPage], sources: Mapping[str, Source], taken: Mapping[str, int]
) -> list[FrontierPage]:
    left = {name: source.pages_per_round - taken.get(name, 0) for name, source in sources.items()}
    kept = []
    for page in pages:
        if page.role is not Role.PAGE or left.get(page.source_id, 0) > 0:
            kept.append(page)
            left[page.source_id] = left.get(page.source_id, 0) - (page.role is Role.PAGE)
    return kept


def _by_host(
    due: Iterable[DueSource], pages: Iterable[FrontierPage], sources: Mapping[str, Source], now: datetime
) -> dict[str, list[FetchItem]]:
    """Group what is due by host; no more per host than a batch of a minute holds."""
    items: dict[str, list[FetchItem]] = defaultdict(list)
    for state in due:
        if source := sources.get(state.source_id):
            items[host_of(source.url)].append(_source_item(source, state, now))
    for page in pages:
        if source := sources.get(page.source_id):
            items[host_of(page.url)].append(_page_item(page, source))
    return {
        host: found[: max(1, int(_BATCH_SECONDS * found[0].parallel / max(found[0].delay_s, 0.1)))]
        for host, found in items.items()
        if host
    }


def _source_item(source: Source, state: DueSource, now: datetime) -> FetchItem:
    is_believed = not asks_in_full(now, source, state)
    return FetchItem(
        id=f"source:{source.id}",
        role=Role(source.kind),
        url=source.url,
        source_id=source.id,
        etag=state.etag if is_believed else "",
        last_modified=state.last_modified if is_believed else "",
        body_hash=state.body_hash,
        delay_s=source.delay_s,
        parallel=source.parallel,
        obeys_robots=source.obeys_robots,
    )


def _page_item(page: FrontierPage, source: Source) -> FetchItem:
    return FetchItem(
        id=f"page:{page.id}",
        role=page.role,
        url=page.url,
        source_id=page.source_id,
        delay_s=source.delay_s,
        parallel=source.parallel,
        hops=page.hops,
        obeys_robots=source.obeys_robots,
    )


def _moves(due: Iterable[DueSource], sources: Mapping[str, Source]) -> dict[str, set[str]]:
    """Return the further hosts that the due sources of a host are known to redirect to."""
    further: dict[str, set[str]] = defaultdict(set)
    for state in due:
        if state.hosts and state.source_id in sources:
            further[host_of(sources[state.source_id].url)].update(state.hosts)
    return further


def _split(items: Mapping[str, list[FetchItem]], moves: Mapping[str, set[str]], most: int) -> list[Group]:
    """Share hosts out, the fullest first, always to the lightest group; hosts tied by redirects stay together."""
    groups = [Group({}, {}) for _ in range(min(most, len(items)))]
    weights = [0] * len(groups)
    home: dict[str, int] = {}
    for host in sorted(items, key=lambda h: (-len(items[h]), h)):
        tied = {host} | moves.get(host, set())
        at = next((home[h] for h in sorted(tied) if h in home), weights.index(min(weights)))
        groups[at].items[host] = items[host]
        groups[at].further[host] = tied - {host}
        weights[at] += len(items[host])
        home.update(dict.fromkeys(tied, at))
    return groups


def _by_collection(
    items: Mapping[str, list[FetchItem]], moves: Mapping[str, set[str]], most: int, *, sources: Mapping[str, Source]
) -> list[Group]:
    """Share hosts out as `_split` does, each collection for itself; hosts tied by redirects go with the first."""
    home: dict[str, str] = {}
    shares: dict[str, dict[str, list[FetchItem]]] = defaultdict(dict)
    for host in sorted(items):
        tied = {host} | moves.get(host, set())
        own = sources[items[host][0].source_id].collection
        collection = next((home[h] for h in sorted(tied) if h in home), own)
        home.update(dict.fromkeys(tied, collection))
        shares[collection][host] = items[host]
    groups: list[Group] = []
    for collection in sorted(shares):
        weight = sum(len(found) for found in shares[collection].values())
        groups += _split(shares[collection], moves, min(most, -(-weight // _PER_BATCH)))
    return groups


def _batch(writer: RecordWriter, group: Group, workspace: Workspace, limits: CollectLimits, now: datetime) -> Batch:
    items = tuple(item for found in group.items.values() for item in found)
    origins = sorted({origin for item in items if (origin := origin_at(item.url))})
    robots = tuple(writer.robots(origins, now - ROBOTS_KEPT))
    return Batch(batch_id(now), items, robots, limits, workspace.lake_url, tuple(group.hosts))


def origin_at(url: str) -> str:
    """Return the origin of an address; "" where it has none."""
    try:
        return origin_of(url)
    except SourceError:
        return ""


def write_batch(batch: Batch, workspace: Workspace) -> Path:
    """Write a batch's file into its folder.

    Raises:
        StorageError: it cannot be written.
    """
    file = batch_folder(workspace, batch.id) / "batch.json"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        save_batch(batch, file)
    except OSError as error:
        raise StorageError(f"a batch cannot be written: {error}") from error
    return file


def _save(batch: Batch, workspace: Workspace, sources: Mapping[str, Source]) -> Planned:
    file = write_batch(batch, workspace)
    named = Counter(sources[item.source_id].collection for item in batch.items)
    return Planned(file, batch, tuple(name for name, _ in named.most_common()))
