"""What a query means to OpenSearch and Elasticsearch. Knows the fields of the index, no client."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from earshot.query.fields import words_field
from earshot.query.times import instant
from earshot.query.tree import And, Handle, Is, Near, Node, Not, Or, Prefix, Tag, When, Words, length_of

Dsl = dict[str, Any]
OPENSEARCH, ELASTICSEARCH = "opensearch", "elasticsearch"
_FILTERS = (Is, When)
_IN_ORDER: dict[str, Dsl] = {OPENSEARCH: {"mode": "ordered"}, ELASTICSEARCH: {"ordered": True}}
"""How an interval says that its parts stand in this order; what the one reads the other refuses, or deprecates."""


def to_dsl(node: Node, time_zone: str = "UTC", product: str = ELASTICSEARCH) -> Dsl:
    """Return the query in the DSL of both engines, which differ in one word; finds what `matcher.match` matches.

    Words fields are split at white space only, so folded words go in as they are. Exact values and times are
    filters: they do not score. `prefix` is cheap where the mapping has `index_prefixes` of 3 to 19 characters.

    Args:
        node: as `language.parse` returns it: at most 20 levels deep.
        time_zone: IANA, the reader's, for dates.
        product: OPENSEARCH or ELASTICSEARCH.

    Raises:
        ConfigError: no such time zone.

    Source: query DSL references of OpenSearch 3 and Elasticsearch 9 (bool, term, match_phrase, prefix, intervals,
    range), read 2026-11.
    """
    match node:
        case And():
            return _all(node, time_zone, product)
        case Or():
            return _any([to_dsl(child, time_zone, product) for child in node.nodes])
        case Not():
            return {"bool": {"must_not": [to_dsl(node.node, time_zone, product)]}}
        case Words():
            return _any([_words(words_field(part, is_cased=node.is_cased), node.words) for part in node.parts])
        case Prefix():
            return _any([{"prefix": {words_field(part): {"value": node.prefix}}} for part in node.parts])
        case Near():
            return _any([{"intervals": {words_field(part): _near(node, product)}} for part in node.parts])
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


def _all(node: And, time_zone: str, product: str) -> Dsl:
    clauses: dict[str, list[Dsl]] = {}
    for child in node.nodes:
        if isinstance(child, Not):
            clauses.setdefault("must_not", []).append(to_dsl(child.node, time_zone, product))
        else:
            kind = "filter" if isinstance(child, _FILTERS) else "must"
            clauses.setdefault(kind, []).append(to_dsl(child, time_zone, product))
    return {"bool": clauses}


def _any(queries: list[Dsl]) -> Dsl:
    if len(queries) == 1:
        return queries[0]
    return {"bool": {"should": queries, "minimum_should_match": 1}}


def _words(field: str, words: tuple[str, ...]) -> Dsl:
    if len(words) == 1:
        return {"term": {field: {"value": words[0]}}}
    return {"match_phrase": {field: {"query": " ".join(words)}}}


def _near(node: Near, product: str) -> Dsl:
    """Return the rule for nearness: in either order is the default of both products.

    Only what is of one length stands in a group: of words and phrases together a group keeps the shorter ones.
    """
    order = _IN_ORDER[product] if node.is_ordered else {}
    rules = [
        {"all_of": {"max_gaps": node.gap, **order, "intervals": [_group(left, product), _group(right, product)]}}
        for left in _by_length(node.left)
        for right in _by_length(node.right)
    ]
    return _one_of(rules)


def _by_length(terms: Sequence[Words | Prefix]) -> list[list[Words | Prefix]]:
    return [list(group) for _, group in groupby(sorted(terms, key=length_of), key=length_of)]


def _group(terms: Sequence[Words | Prefix], product: str) -> Dsl:
    return _one_of([_rule(term, product) for term in terms])


def _one_of(rules: list[Dsl]) -> Dsl:
    return rules[0] if len(rules) == 1 else {"any_of": {"intervals": rules}}


def _rule(term: Words | Prefix, product: str) -> Dsl:
    if isinstance(term, Prefix):
        return {"prefix": {"prefix": term.prefix}}
    if len(term.words) == 1:
        return {"match": {"query": term.words[0]}}
    return {"match": {"query": " ".join(term.words), "max_gaps": 0, **_IN_ORDER[product]}}
