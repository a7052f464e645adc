"""The MentionIndex port on a cluster of either product. Knows neither the record nor who calls.

Writers in many processes need no lock: a version goes with every write, and the cluster keeps the highest. No write is
lost to a rebuild: its index is written to from before the first mention is asked for, and what a writer was about to
write to the old one alone was in the record before that. `batches` must therefore begin to read the record only when
it is iterated, or the caller must hold the lease of publish from before it began to read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from earshot.errors import QueryError, StorageError
from earshot.index.admission import why_refused
from earshot.index.cluster import counting, questions
from earshot.index.cluster.bulk import DONE, BulkWriter, Fate, Operation, make_operation
from earshot.index.cluster.documents import GONE, make_document, make_tombstone
from earshot.index.cluster.errors import ClusterError
from earshot.index.cluster.filling import Filling, Put
from earshot.index.cluster.frozen import frozen
from earshot.index.cluster.generations import Generation, Generations
from earshot.index.cluster.keeping import keep
from earshot.index.cluster.placing import Places, sendings
from earshot.index.cluster.plan import Plan
from earshot.index.cluster.reading import Reader
from earshot.index.cluster.servers import Server, read_server, refuse_unfit
from earshot.index.cluster.wiping import wipe
from earshot.index.cluster.writing import Writer
from earshot.index.codec import mention_of
from earshot.index.cursors import RELEVANCE, RankCursor, after, save_cursor
from earshot.index.place import Place, has_words, read_place, walked
from earshot.model import Hit, HourCount, Mention, SearchPage, SearchRequest
from earshot.ports import Clock, Held, IndexAnswer, IndexWrite, Kept
from earshot.query.fields import SOURCE
from earshot.query.language import Purpose, parse
from earshot.query.matcher import spans_of
from earshot.query.tree import Node

_TOMBSTONES = _AT_ONCE = 1000
_REVISIONS = 5000
_MOST_COPIES = 10_000
"""Hits of one search. Source: `index.max_result_window`, default of both products, read 2026-11."""


class ClusterIndex:
    """MentionIndex under `name`; an absent one is made on first use. Safe to share among threads.

    Nothing is sent before it is first used. Then it asks which product in which version answers, once.
    """

    def __init__(
        self, engine: str, reader: Reader, writer: Writer, name: str, where: str, clock: Clock, plan: Plan
    ) -> None:
        self._engine, self._where = engine, where
        self._reader, self._writer = reader, writer
        self._bulk = BulkWriter(writer.bulk, clock)
        self._plan, self._clock = plan, clock
        self._generations = Generations(name, reader, writer, clock, plan)
        self._places = Places(reader, writer)
        self._name = name
        self._is_ready = False

    @property
    def engine(self) -> str:
        """Return "opensearch" or "elasticsearch"."""
        return self._engine

    def server(self) -> Server:
        """Return which product in which version answers.

        Raises:
            ConfigError: it is not what the settings say, its version is not supported, it refuses the login or asks
                for none where one is set, or it speaks TLS where http: is set, or the other way round.
            StorageError: nobody answers.
        """
        try:
            server = read_server(self._reader.root())
        except ClusterError as refused:
            if refused.status not in (401, 403):
                raise
            raise self._reader.refused_login() from refused
        except StorageError:
            self._reader.refuse_wrong_scheme()
            raise
        refuse_unfit(self._engine, server, self._where)
        self._reader.refuse_open_door()
        return server

    def close(self) -> None:
        """Let go of the connections."""
        self._reader.close()
        self._writer.close()

    # writing

    def write(self, writes: Sequence[IndexWrite]) -> list[IndexAnswer]:
        """Apply writes and answer each, as the port says; in requests of 1,000 operations or 5 MB."""
        if not writes:
            return []
        self._ready()
        operations, fates = _prepared(writes)
        if operations:
            for generation in self._generations.written():
                self._write(generation, operations, fates)
        return [
            IndexAnswer(write.id, write.revision, fate.is_done, fate.is_refused, fate.reason)
            for write, fate in zip(writes, fates, strict=True)
        ]

    def _write(self, generation: Generation, operations: dict[int, Operation], fates: list[Fate]) -> None:
        """Write to the index where each mention lies; what is not there yet, to the newest."""
        places = self._places.of([each.id for each in operations.values()], generation)
        sent = sendings(operations, places, generation)
        written = [index for index in generation.indices if any(each.index == index for each in sent)]
        for index in written:
            mine = [each for each in sent if each.index == index]
            for each, fate in zip(mine, self._bulk.write(index, [each.operation for each in mine]), strict=True):
                fates[each.number] = _worse(fates[each.number], fate)
        self._writer.refresh(",".join(written))

    def rebuild(
        self,
        batches: Iterable[Sequence[Mention]],
        quiet: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> int:
        """Fill a new generation and switch to it, as the port says; the replaced one stays until the next rebuild.

        Raises:
            StorageError: the cluster did not take all of it; the old generation stays in force.
        """
        self.server()
        old = self._generations.read()
        with quiet():
            self._generations.remove_others(old)
        filling = Filling(self._generations, self._reader, self._bulk, self._places, self._plan, quiet)
        try:
            with filling:
                for index in old:
                    filling.add(self._tombstones(index))
                for batch in batches:
                    filling.add((m.revision, make_operation(m.id, m.revision, make_document(m))) for m in batch)
                filling.finish()
                self._generations.reveal(filling.generation)
                filling.check(partial(self._held, ",".join(filling.generation.indices)))
            self._generations.switch(filling.generation)
        except BaseException:
            with suppress(StorageError), quiet():  # else it is a leftover, which takes writes until the next rebuild
                for index in filling.generation.indices:
                    self._generations.remove(index)
            raise
        return self.mentions()

    def go_back(self) -> int:
        """Put the generation that was replaced last in force again, as the port says."""
        self.server()
        self._generations.switch(self._generations.replaced())
        return self.mentions()

    def forget_replaced(self) -> None:
        """Keep no generation to go back to, as the port says."""
        self._ready()
        for index in self._generations.aside():
            self._generations.remove(index)

    def wipe(self, ids: Collection[str], seconds: float | None = None) -> set[str]:
        """Have the cluster merge what holds these deleted mentions, as the port says; up to 90 s where None."""
        self._ready()
        known = self.held(list(ids))
        deleted = {each for each in ids if each not in known or known[each].is_gone}
        indices = [index for generation in self._generations.written() for index in generation.indices]
        return set(ids) - deleted | wipe(self._reader, self._writer, indices, deleted, self._clock, seconds)

    def keep(self, since: datetime | None = None) -> Kept:
        """Begin the next index and drop old ones, as the port says."""
        self._ready()
        return keep(self._generations, self._reader, since)

    # reading

    def search(self, request: SearchRequest) -> SearchPage:
        """Return one page, as the port says. A relevance cursor holds as long as nothing is written meanwhile."""
        node = parse(request.query, Purpose.SEARCH)
        place = read_place(request, node)
        query = questions.whole(node, request.filters, request.time_zone, self._engine)
        if not place.size:
            return SearchPage(self.count(request), ())
        return _page(self._ask(request, questions.page(query, place)), node, place)

    def walk(self, request: SearchRequest) -> Iterator[Hit]:
        """Yield all hits by time, as the port says; the cluster keeps a point in time until the walk ends."""
        node = parse(request.query, Purpose.SEARCH)
        place = walked(request)
        asked = questions.page(questions.whole(node, request.filters, request.time_zone, self._engine), place)
        asked["track_total_hits"] = False
        for raw in self._frozen(asked):
            yield _hit(raw, node, None)

    def revisions(self, since: datetime | None = None) -> Iterator[tuple[str, int]]:
        """Yield id and revision of each mention, as the port says."""
        for raw in self._frozen(questions.revisions(since, _REVISIONS)):
            yield raw["_source"]["id"], raw["_source"]["revision"]

    def _frozen(self, asked: dict[str, Any]) -> Iterator[Any]:
        """Yield all raw hits of a question by time, as the index was when it began."""
        self._ready()
        with frozen(self._reader, self._engine, self._name) as then:
            while found := then.search(asked)["hits"]["hits"]:
                yield from found
                if len(found) < asked["size"]:
                    return
                asked["search_after"] = found[-1]["sort"][:2]

    def count(self, request: SearchRequest) -> int:
        """Return the exact number of mentions."""
        node = parse(request.query, Purpose.SEARCH)
        query = questions.whole(node, request.filters, request.time_zone, self._engine)
        return int(self._ask(request, questions.number(query))["hits"]["total"]["value"])

    def facets(self, request: SearchRequest, fields: Sequence[str], size: int = 10) -> dict[str, list[tuple[str, int]]]:
        """Return per field its most frequent values, as the port says. own_voice counts "true" and "false"."""
        return counting.facets(self._counter(request), fields, size)

    def hours(self, request: SearchRequest, by: str = "", starts: Sequence[datetime] = ()) -> list[HourCount]:
        """Return counts per UTC hour or span, as the port says; mentions without a value of `by` are left out."""
        return counting.hours(self._counter(request), by, starts)

    def damage(self, *, is_thorough: bool = False) -> str:  # noqa: ARG002
        """Return "": a cluster mends itself."""
        return ""

    def mentions(self) -> int:
        """Return how many mentions it holds, tombstones not counted."""
        return self.count(SearchRequest())

    def held(self, ids: Sequence[str]) -> dict[str, Held]:
        """Return what it has of these ids, tombstones included."""
        self._ready()
        return self._held(self._name, ids)

    def _held(self, indices: str, ids: Sequence[str]) -> dict[str, Held]:
        found: dict[str, Held] = {}
        for start in range(0, len(ids), _AT_ONCE):
            part = list(ids[start : start + _AT_ONCE])
            asked = {
                "query": {"terms": {"id": part}}, "size": _MOST_COPIES, "_source": ["id", "revision", GONE]
            }  # fmt: skip
            for hit in self._reader.search(indices, asked)["hits"]["hits"]:
                source = hit["_source"]
                other, this = found.get(source["id"]), Held(source["revision"], bool(source.get(GONE)))
                first = max((each for each in (other, this) if each), key=lambda held: held.revision)
                found[source["id"]] = replace(first, copies=1 + (other.copies if other else 0))
        return found

    # asking

    def _ready(self) -> None:
        if not self._is_ready:
            self.server()
            self._generations.ensure()
            self._is_ready = True

    def _ask(self, request: SearchRequest, asked: dict[str, Any]) -> dict[str, Any]:
        """Return the answer; what the cluster refuses about a question is a matter of its query."""
        self._ready()
        try:
            return self._reader.search(self._name, asked)
        except ClusterError as refusal:
            if refusal.status != 400 or refusal.is_beyond_one_answer:
                raise
            what = f"the search engine refuses this query: {refusal.reason}"
            raise QueryError(request.query, 0, what, "make it shorter") from refusal

    def _counter(self, request: SearchRequest) -> counting.Ask:
        node = parse(request.query, Purpose.SEARCH)
        query = questions.whole(node, request.filters, request.time_zone, self._engine)

        def ask(aggregations: Any) -> Any:
            asked = {"query": query, "size": 0, "track_total_hits": False, "aggs": aggregations}
            return self._ask(request, asked)["aggregations"]

        return ask

    # rebuilding

    def _tombstones(self, index: str) -> Iterator[Put]:
        """Yield the deletes that an index remembers."""
        asked: dict[str, Any] = {
            "query": {"term": {GONE: True}},
            "size": _TOMBSTONES,
            "sort": [{"id": "asc"}],
            "_source": ["id", "revision"],
        }
        while hits := self._reader.search(index, asked)["hits"]["hits"]:
            for hit in hits:
                mention_id, revision = hit["_source"]["id"], hit["_source"]["revision"]
                yield revision, make_operation(mention_id, revision, make_tombstone(mention_id, revision))
            asked["search_after"] = hits[-1]["sort"]


def _prepared(writes: Sequence[IndexWrite]) -> tuple[dict[int, Operation], list[Fate]]:
    """Return the operations by the number of their write, and what is known of each write before it is sent."""
    operations: dict[int, Operation] = {}
    fates = [DONE] * len(writes)
    for number, write in enumerate(writes):
        if reason := why_refused(write):
            fates[number] = Fate(is_refused=True, reason=reason)
            continue
        try:
            operations[number] = make_operation(write.id, write.revision, _document(write))
        except (ValueError, TypeError) as error:
            fates[number] = Fate(is_refused=True, reason=f"the mention cannot be indexed: {error}")
    return operations, fates


def _document(write: IndexWrite) -> dict[str, Any]:
    if write.mention is None:
        return make_tombstone(write.id, write.revision)
    return make_document(replace(write.mention, revision=write.revision))


def _worse(one: Fate, other: Fate) -> Fate:
    """Return what two indices say together: done is what both have done, refused what either refuses."""
    return other if one.is_done or other.is_refused else one


def _page(answer: dict[str, Any], node: Node, place: Place) -> SearchPage:
    total = int(answer["hits"]["total"]["value"])
    found = answer["hits"]["hits"]
    by_rank = place.sort == RELEVANCE
    hits = tuple(_hit(raw, node, raw["_score"] if by_rank else None) for raw in found[: place.size])
    if by_rank:
        through = len(hits) + (place.cursor.shown if isinstance(place.cursor, RankCursor) else 0)
        return SearchPage(total, hits, save_cursor(RankCursor(through)) if hits and through < total else "")
    return SearchPage(total, hits, after(hits[-1].mention, place.sort) if len(found) > place.size else "")


def _hit(raw: dict[str, Any], node: Node, score: float | None) -> Hit:
    mention = mention_of(raw["_source"][SOURCE])
    spans = spans_of(node, mention.title, mention.text) if has_words(node) else ()
    return Hit(mention, spans, score)
