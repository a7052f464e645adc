"""What a query means to OpenSearch and Elasticsearch. Knows the fields of the index, no client."""

from __future__ import annotations

from typing import Any

from earshot.query.fields import words_field
from earshot.query.times import instant
from earshot.query.tree import And, Handle, Is, Near, Node, Not, Or, Prefix, Tag, When, Words

Dsl = dict[str, Any]
_FILTERS = (Is, When)


def to_dsl(node: Node, time_zone: str = "UTC") -> Dsl:
    """Return the query in the DSL that both engines share; finds what `matcher.match` matches.

    Words fields are split at white space only, so folded words go in as they are. Exact values and times are
    filters: they do not score. `prefix` is cheap where the mapping has `index_prefixes` of 3 to 19 characters.

    Args:
        node: as `language.parse` returns it: at most 20 levels deep.
        time_zone: IANA, the reader's, for dates.

    Raises:
        ConfigError: no such time zone.

    Source: query DSL references of OpenSearch 3 and Elasticsearch 9 (bool, term, match_phrase, prefix, intervals,
    range), read 2026-11.
    """
    match node:
        case And():
            return _all(node, time_zone)
        case Or():
            return _any([to_dsl(child, time_zone) for child in node.nodes])
        case Not():
            return {"bool": {"must_not": [to_dsl(node.node, time_zone)]}}
        case Words():
            return _any([_words(words_field(part, is_cased=node.is_cased), node.words) for part in node.parts])
        case Prefix():
            return _any([{"prefix": {words_field(part): {"value": node.prefix}}} for part in node.parts])
        case Near():
            return _any([{"intervals": {words_field(part): _near(node)}} for part in node.parts])
        case Tag():
            return {"term": {"tags": {"value": node.tag}}}
        case Handle():
            return {"term": {"handles": {"value": node.handle}}}
        case Is():
            return {"term": {node.field: {"value": node.value}}}
        case When():
            bound = "gte" if node.is_since else "lt"
            at = instant(node.moment, time_zone).strftime("%Y-%m-%dT%H:%M:%SZ")
            return {"range": {"published_at": {bound: at, "format": "strict_date_time_no_millis"}}}
    return {"match_all": {}}


def _all(node: And, time_zone: str) -> Dsl:
    clauses: dict[str, list[Dsl]] = {}
    for child in node.nodes:
        if isinstance(child, Not):
            clauses.setdefault("must_not", []).append(to_dsl(child.node, time_zone))
        else:
            kind = "filter" if isinstance(child, _FILTERS) else "must"
            clauses.setdefault(kind, []).append(to_dsl(child, time_zone))
    return {"bool": clauses}


def _any(queries: list[Dsl]) -> Dsl:
    if len(queries) == 1:
        return queries[0]
    return {"bool": {"should": queries, "minimum_should_match": 1}}


def _words(field: str, words: tuple[str, ...]) -> Dsl:
    if len(words) == 1:
        return {"term": {field: {"value": words[0]}}}
    return {"match_phrase": {field: {"query": " ".join(words)}}}


def _near(node: Near) -> Dsl:
    """In either order, which is the default of both; to say so is `ordered` to one and deprecated by the other."""
    groups = [_group(node.left), _group(node.right)]
    return {"all_of": {"max_gaps": node.gap, "intervals": groups}}


def _group(words: tuple[str, ...]) -> Dsl:
    matches = [{"match": {"query": word}} for word in words]
    return matches[0] if len(matches) == 1 else {"any_of": {"intervals": matches}}
