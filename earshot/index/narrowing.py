"""A search request as a tantivy query: the query's meaning, its filters, its place in the list. Runs nothing."""

from __future__ import annotations

from datetime import datetime

import tantivy

from earshot.index.columns import FILTERS
from earshot.index.cursors import OLDEST, TimeCursor
from earshot.index.schema import GONE, SORT_KEY, sort_key
from earshot.model import Filters
from earshot.query.embedded import to_tantivy
from earshot.query.tree import Everything, Node

Must, MustNot = tantivy.Occur.Must, tantivy.Occur.MustNot


class Narrowing:
    """Builds queries for one opened index (a range of texts can only be made by its parser)."""

    def __init__(self, index: tantivy.Index) -> None:
        self._index, self._schema = index, index.schema

    def whole(self, node: Node, filters: Filters, time_zone: str) -> tantivy.Query:
        """Return the query for all that `node` means and `filters` leave. Filters do not count in the score.

        Raises:
            QueryError: the query means more than this engine can do.
        """
        parts = [(Must, tantivy.Query.const_score_query(one, 0.0)) for one in self._filters(filters)]
        if not isinstance(node, Everything) or not parts:
            parts.append((Must, to_tantivy(node, self._schema, time_zone)))
        parts.append((MustNot, tantivy.Query.term_query(self._schema, GONE, True)))
        return tantivy.Query.boolean_query(parts)

    def rest(self, whole: tantivy.Query, cursor: TimeCursor) -> tantivy.Query:
        """Return the part of `whole` that comes after the cursor."""
        key = sort_key(cursor.published_at, cursor.id)
        beyond = self._keys(f"{{{key} TO *}}" if cursor.sort == OLDEST else f"{{* TO {key}}}")
        return tantivy.Query.boolean_query([(Must, whole), (Must, beyond)])

    def between(self, since: datetime, until: datetime) -> tantivy.Query:
        """Return the query for what was published in a range."""
        return self._times(since, until)[0]

    def within(self, whole: tantivy.Query, since: datetime, until: datetime) -> tantivy.Query:
        """Return the part of `whole` that was published in a range."""
        return tantivy.Query.boolean_query([(Must, whole), (Must, self.between(since, until))])

    def _filters(self, filters: Filters) -> list[tantivy.Query]:
        query = tantivy.Query
        narrowed = [
            self._one_of(name, values) for field, name in FILTERS.items() if (values := getattr(filters, field))
        ]
        if filters.is_flagged is not None:
            narrowed.append(query.term_query(self._schema, "flagged", filters.is_flagged))
        if filters.is_own_voice is not None:
            narrowed.append(query.term_query(self._schema, "own_voice", filters.is_own_voice))
        if filters.min_relevance is not None:
            kind, least = tantivy.FieldType.Float, float(filters.min_relevance)
            narrowed.append(query.range_query(self._schema, "relevance", kind, lower_bound=least))
        narrowed.extend(self._times(filters.since, filters.until))
        return narrowed

    def _one_of(self, name: str, values: tuple[str, ...]) -> tantivy.Query:
        if len(values) == 1:
            return tantivy.Query.term_query(self._schema, name, values[0], "basic")
        return tantivy.Query.term_set_query(self._schema, name, list(values))

    def _times(self, since: datetime | None, until: datetime | None) -> list[tantivy.Query]:
        """Narrow by date where bounds are whole seconds (the precision of date fields), else by sort key."""
        if (since is None or not since.microsecond) and (until is None or not until.microsecond):
            if since is None and until is None:
                return []
            field = (self._schema, "published_at", tantivy.FieldType.Date)
            return [
                tantivy.Query.range_query(*field, lower_bound=since, upper_bound=until, include_upper=until is None)
            ]
        least = f"[{sort_key(since)}" if since else "{*"
        most = sort_key(until) if until else "*"
        return [self._keys(f"{least} TO {most}}}")]

    def _keys(self, bounds: str) -> tantivy.Query:
        return self._index.parse_query(f"{SORT_KEY}:{bounds}")
