"""The clusters' mapping, the embedded schema and the model agree field by field; nothing mapped is never asked for."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import mappings
from earshot.index.cluster import counting, questions
from earshot.index.cluster.documents import GONE, PUBLISHED_US, make_document, make_tombstone
from earshot.index.codec import pack, unpack
from earshot.index.columns import FACETS, FILTERS
from earshot.index.generations import Generations
from earshot.index.place import read_place
from earshot.model import (
    Category,
    DateFrom,
    Evidence,
    Filters,
    Mention,
    SearchRequest,
    Sentiment,
    Severity,
    TextIs,
)
from earshot.query import fields
from earshot.query.language import parse
from earshot.query.words import ANALYSIS
from tests.builders import NOW, FakeClock, make_flag, make_mention
from tests.engines import manual

KINDS = {
    "text": dict.fromkeys(fields.RAW + fields.RAW_MANY + fields.LOOKED_UP, "keyword")
    | dict.fromkeys(fields.WORDS, "text"),
    "i64": dict.fromkeys(fields.INTEGERS, "long"),
    "f64": dict.fromkeys(fields.FLOATS, "double"),
    "bool": dict.fromkeys((*fields.BOOLEANS, "gone"), "boolean"),
    "date": dict.fromkeys(fields.DATES, "date"),
    "bytes": {"mention": "object"},
}


@pytest.fixture
def embedded(tmp_path: Path) -> dict[str, dict[str, Any]]:
    made = Generations(tmp_path, FakeClock(), 1.0).make()
    return {field["name"]: field for field in json.loads((made / "meta.json").read_text())["schema"]}


LEAVES = ("term", "terms", "match_phrase", "prefix", "intervals", "range")
EVERY_WAY_TO_ASK = (
    "pump =Pump (recall NEAR/5 valve) #tag @handle title:pum* author:ada site:x.example source:x lang:en brand:b "
    "kind:comment link:bakery.example sentiment:negative category:praise flag:f after:2026-01-01"
)
EVERY_FILTER = Filters(
    **dict.fromkeys(FILTERS, ("x",)), is_flagged=True, is_own_voice=True, min_relevance=0.5, since=NOW, until=NOW
)
KEPT = {"id", "revision"}
"""Asked for by no query: what lists are sorted by, and what a document says of itself, kept as it was sent only."""

CHANGES: dict[str, Any] = {
    "id": "another",
    "document_id": "another",
    "story_id": "another",
    "brand": "bergen",
    "revision": 2,
    "url": "http://blog.example/two",
    "site": "news.example",
    "title": "Another",
    "text": "Something else.",
    "author": "Grace",
    "source": "news",
    "source_kind": "sitemap",
    "collection": "news",
    "scope": "internal",
    "published_at": NOW,
    "published_at_from": DateFrom.PAGE,
    "found_at": NOW + timedelta(hours=1),
    "language": "de",
    "relevance": 0.5,
    "sentiment": Sentiment.POSITIVE,
    "sentiment_score": 0.5,
    "confidence": 0.1,
    "categories": (Category.PRAISE,),
    "topics": ("pumps",),
    "entities": ("Ada",),
    "flags": (make_flag(),),
    "severity": Severity.WARNING,
    "is_own_voice": True,
    "text_is": TextIs.TEASER,
    "reach": 1000,
    "engagement": {"likes": 3},
    "images": ("http://blog.example/one.png",),
    "evidence": (Evidence("text", 3, 9, "negative"),),
    "status": "done",
    "assignee": "Mara",
    "brand_version": "v2",
    "model_version": "m2",
    "published_as": "2026-11-29T23:30:00-05:00",
    "parent": "http://blog.example/article",
    "links": ("http://bakery.example/a",),
}
"""Another value for each field of a mention."""

ONLY_IN_THE_SOURCE = {
    "document_id", "url", "published_at_from", "found_at", "sentiment_score", "confidence", "topics", "entities",
    "text_is", "reach", "engagement", "images", "evidence", "assignee", "brand_version", "model_version",
    "published_as",
}  # fmt: skip
"""Fields of a mention that clusters hand out and cannot search, sort or count by."""


def full() -> Mention:
    return make_mention(
        title="#tag by @handle",
        flags=(make_flag(),),
        severity=Severity.WARNING,
        topics=("t",),
        entities=("e",),
        reach=1,
        links=("http://bakery.example/a",),
        assignee="Mara",
    )


def leaves(dsl: object) -> Iterator[str]:
    """Yield the fields that a query asks for."""
    if isinstance(dsl, list):
        for one in dsl:
            yield from leaves(one)
    elif isinstance(dsl, Mapping):
        for kind, body in dsl.items():
            yield from body if kind in LEAVES else leaves(body)


def counted() -> set[str]:
    """Return the fields that facets and hours count by."""
    seen: set[str] = set()

    def ask(aggregations: Mapping[str, Any]) -> dict[str, Any]:
        for one in (inner for outer in aggregations.values() for inner in (outer, *outer.get("aggs", {}).values())):
            seen.update(body["field"] for kind, body in one.items() if kind != "aggs")
        empty = {"buckets": [], "doc_count_error_upper_bound": 0, "sum_other_doc_count": 0}
        return dict.fromkeys(aggregations, empty)

    counting.facets(ask, list(FACETS), 10)
    counting.hours(ask, "brand")
    return seen


def asked() -> set[str]:
    node = parse(EVERY_WAY_TO_ASK)
    query = questions.whole(node, EVERY_FILTER, "UTC")
    page = questions.page(query, read_place(SearchRequest(), node))
    return {*leaves(query), *counted(), *(name for sort in page["sort"] for name in sort)}


def test_every_mapped_field_is_asked_for_and_every_field_that_is_asked_for_is_mapped() -> None:
    assert set(mappings.properties()) == asked() | KEPT | {fields.SOURCE}


def test_mapped_fields_are_those_of_every_engine_and_two_of_the_clusters_own() -> None:
    assert set(mappings.properties()) - set(fields.ALL) == {PUBLISHED_US, GONE, fields.SOURCE}


def test_a_full_mention_fills_every_field_and_a_tombstone_the_rest() -> None:
    written = make_document(full()).keys() | make_tombstone("m", 1).keys()
    assert written == mappings.properties().keys()


def test_no_field_of_the_model_is_forgotten_here() -> None:
    assert CHANGES.keys() == {field.name for field in dataclasses.fields(Mention)}


def changed(name: str) -> Mention:
    return dataclasses.replace(make_mention(), **{name: CHANGES[name]})


@pytest.mark.parametrize("name", CHANGES)
def test_each_field_of_the_model_is_mapped_or_written_down_as_only_in_the_source(name: str) -> None:
    before, after = make_document(make_mention()), make_document(changed(name))
    differ = {each for each in before.keys() | after.keys() if before.get(each) != after.get(each)}
    assert fields.SOURCE in differ, "it is lost on the way to the index"
    assert differ <= mappings.properties().keys()
    assert (differ == {fields.SOURCE}) == (name in ONLY_IN_THE_SOURCE)


@pytest.mark.parametrize("name", CHANGES)
def test_each_field_of_the_model_comes_back_from_the_source_as_it_was(name: str) -> None:
    assert unpack(pack(changed(name))) == changed(name) != make_mention()


def test_fields_are_of_the_same_kind_on_every_engine(embedded: dict[str, Any]) -> None:
    for name, mapped in mappings.properties().items():
        if name != PUBLISHED_US:
            assert KINDS[embedded[name]["type"]][name] == mapped["type"], name


def test_words_are_split_at_white_space_only_with_positions(embedded: dict[str, Any]) -> None:
    for name in fields.WORDS:
        assert mappings.properties()[name]["analyzer"] == "whitespace"
        assert embedded[name]["options"]["indexing"]["tokenizer"] == "whitespace"
        assert embedded[name]["options"]["indexing"]["record"] == "position"
    for name in fields.RAW + fields.RAW_MANY:
        assert embedded[name]["options"]["indexing"]["tokenizer"] == "raw"
        assert embedded[name]["options"]["fast"]
    for name in fields.LOOKED_UP:
        assert embedded[name]["options"]["indexing"]["tokenizer"] == "raw"
        assert not embedded[name]["options"]["fast"]


def test_prefixes_of_3_to_19_characters_are_indexed_for_folded_words() -> None:
    prefixes = {name: mapped.get("index_prefixes") for name, mapped in mappings.properties().items()}
    folded = {"title_words", "text_words", "author_words"}
    assert {name for name, value in prefixes.items() if value} == folded
    assert all(prefixes[name] == {"min_chars": 3, "max_chars": 19} for name in folded)


def test_unknown_fields_are_refused_and_the_source_is_not_indexed() -> None:
    template = mappings.load_components()["earshot-mention-fields"]["template"]["mappings"]
    assert template["dynamic"] == "strict"
    assert template["properties"]["mention"] == {"type": "object", "enabled": False}


def test_the_source_is_the_mention_and_what_a_tombstone_remembers() -> None:
    kept = mappings.load_components()["earshot-mention-fields"]["template"]["mappings"]["_source"]["includes"]
    assert set(kept) == {fields.SOURCE} | make_tombstone("m", 1).keys()


def test_index_template_is_composed_of_the_components_that_are_loaded() -> None:
    name, template = mappings.load_index_template("ours")
    assert template["composed_of"] == list(mappings.load_components())
    assert (name, template["index_patterns"]) == ("ours", ["ours.*"])


@pytest.mark.parametrize("product", manual.HEADINGS)
def test_the_manual_makes_the_roles_that_are_in_the_package(product: str) -> None:
    said = {manual.role(call): call.body for call in manual.calls(product, "ours") if manual.role(call)}
    assert said == mappings.load_roles(product, "ours")


def test_a_key_in_the_manual_may_do_what_the_writer_may() -> None:
    (key,) = [call.body for call in manual.calls("elasticsearch") if call.path == "/_security/api_key"]
    assert key["role_descriptors"] == {"earshot-writer": mappings.load_roles("elasticsearch")["writer"]}


def test_another_mapping_is_another_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    before = mappings.layout()
    changed = mappings.load_components()
    changed["earshot-mention-fields"]["template"]["mappings"]["properties"]["more"] = {"type": "keyword"}
    monkeypatch.setattr(mappings, "load_components", lambda: changed)
    assert mappings.layout() != before


def test_other_words_are_another_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    before = mappings.layout()
    changed = mappings.load_components()
    assert changed["earshot-mention-fields"]["_meta"]["analysis"] == ANALYSIS
    changed["earshot-mention-fields"]["_meta"]["analysis"] += 1
    monkeypatch.setattr(mappings, "load_components", lambda: changed)
    assert mappings.layout() != before
