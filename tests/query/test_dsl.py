from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings

from earshot.query import fields
from earshot.query.dsl import OPENSEARCH, to_dsl
from earshot.query.language import MAX_DEPTH, parse
from tests.query.grammar import queries

LEAVES = ("term", "match_phrase", "prefix", "intervals", "range")
ELASTICSEARCH_MAX_DEPTH = 30  # indices.query.bool.max_nested_depth


def either(*queries: Any) -> dict[str, Any]:
    return {"bool": {"should": list(queries), "minimum_should_match": 1}}


def word(text: str) -> dict[str, Any]:
    return either({"term": {"title_words": {"value": text}}}, {"term": {"text_words": {"value": text}}})


def ordered(second: Any) -> dict[str, Any]:
    return {"all_of": {"max_gaps": 2, "ordered": True, "intervals": [{"match": {"query": "a"}}, second]}}


@pytest.mark.parametrize(
    ("text", "dsl"),
    [
        ("", {"match_all": {}}),
        ("Pump", word("pump")),
        ("title:pump", {"term": {"title_words": {"value": "pump"}}}),
        ("title:=Pump", {"term": {"title_cased": {"value": "Pump"}}}),
        ('title:"pump broke"', {"match_phrase": {"title_words": {"query": "pump broke"}}}),
        ("title:日本", {"match_phrase": {"title_words": {"query": "日 本"}}}),
        ("title:comp*", {"prefix": {"title_words": {"value": "comp"}}}),
        ("author:ada", {"term": {"author_words": {"value": "ada"}}}),
        ("#recall", {"term": {"tags": {"value": "recall"}}}),
        ("@ada", {"term": {"handles": {"value": "ada"}}}),
        ("a OR b", either(word("a"), word("b"))),
        (
            "a -b sentiment:negative",
            {
                "bool": {
                    "must": [word("a")],
                    "must_not": [word("b")],
                    "filter": [{"term": {"sentiment": {"value": "negative"}}}],
                }
            },
        ),
        (
            "title:((a OR b) NEAR/5 c)",
            {
                "intervals": {
                    "title_words": {
                        "all_of": {
                            "max_gaps": 5,
                            "intervals": [
                                {"any_of": {"intervals": [{"match": {"query": "a"}}, {"match": {"query": "b"}}]}},
                                {"match": {"query": "c"}},
                            ],
                        }
                    }
                }
            },
        ),
        (
            'title:(a ONEAR/2 ("b c" OR dee*))',
            {
                "intervals": {
                    "title_words": {
                        "any_of": {
                            "intervals": [
                                ordered({"prefix": {"prefix": "dee"}}),
                                ordered({"match": {"query": "b c", "max_gaps": 0, "ordered": True}}),
                            ]
                        }
                    }
                }
            },
        ),
    ],
)
def test_query_means_this(text: str, dsl: dict[str, Any]) -> None:
    assert to_dsl(parse(text)) == dsl


def test_opensearch_is_told_the_order_in_its_own_word() -> None:
    told = str(to_dsl(parse('a ONEAR/2 "b c"'), product=OPENSEARCH))
    assert told.count("'mode': 'ordered'") == 4
    assert "'ordered': True" not in told


@pytest.mark.parametrize(("text", "bound"), [("after:2026-11-20", "gte"), ("before:2026-11-20", "lt")])
def test_days_begin_at_the_readers_midnight(text: str, bound: str) -> None:
    at = {bound: "2026-11-19T23:00:00Z", "format": "strict_date_time_no_millis"}
    assert to_dsl(parse(text), "Europe/Berlin") == {"range": {"published_at": at}}


@given(queries())
@settings(max_examples=60, deadline=None)
def test_every_field_is_one_of_the_index_and_nothing_is_nested_too_deep(text: str) -> None:
    dsl = to_dsl(parse(text))
    assert set(_fields(dsl)) <= set(fields.ALL)
    assert _depth(dsl) <= ELASTICSEARCH_MAX_DEPTH


def test_the_deepest_query_is_nested_less_than_engines_allow() -> None:
    text = "z"
    for level in range(MAX_DEPTH - 1):
        text = f"(a{level} {text})" if level % 2 else f"(a{level} OR {text})"
    assert MAX_DEPTH <= _depth(to_dsl(parse(text))) < ELASTICSEARCH_MAX_DEPTH


def _fields(dsl: dict[str, Any]) -> Iterator[str]:
    for kind, body in dsl.items():
        if kind in LEAVES:
            yield from body
        for clauses in body.values() if kind == "bool" else ():
            for clause in clauses if isinstance(clauses, list) else ():
                yield from _fields(clause)


def _depth(dsl: dict[str, Any]) -> int:
    clauses = [query for queries in dsl.get("bool", {}).values() if isinstance(queries, list) for query in queries]
    return 1 + max(map(_depth, clauses)) if clauses else 0
