"""The law of the query language: what matches is the same for the matcher, the embedded engine and the recogniser."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import tantivy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earshot import identity
from earshot.index.codec import unpack
from earshot.index.schema import make_document, make_schema
from earshot.model import Entry, Mention
from earshot.query.embedded import to_tantivy
from earshot.query.language import Purpose, parse
from earshot.query.matcher import match, spans_of
from earshot.query.recognise import BrandRecogniser
from tests.builders import make_brand, make_mention
from tests.query.grammar import ZONES, letter_nears, mentions, queries

SCHEMA = make_schema()
_MENTIONS = st.lists(mentions(), min_size=1, max_size=6)
_QUERIES = st.lists(queries(), min_size=1, max_size=8)
EXAMPLES = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@EXAMPLES
@given(
    st.lists(mentions(), min_size=1, max_size=10), st.lists(queries(), min_size=1, max_size=12), st.sampled_from(ZONES)
)
def test_matcher_and_embedded_engine_find_the_same(found: list[Mention], texts: list[str], zone: str) -> None:
    documents = [dataclasses.replace(m, id=identity.mention_id(str(n), m.brand)) for n, m in enumerate(found)]
    searcher = _searcher(documents)
    for text in texts:
        node = parse(text, Purpose.SEARCH)
        by_matcher = {m.id for m in documents if match(node, m, zone)}
        assert _ids(searcher, to_tantivy(node, SCHEMA, zone)) == by_matcher, text


@EXAMPLES
@given(
    st.lists(st.text("abcde", min_size=1, max_size=14).map(" ".join), min_size=4, max_size=10),
    st.lists(letter_nears(), min_size=4, max_size=8),
)
def test_nearness_is_counted_alike_to_the_word(found: list[str], texts: list[str]) -> None:
    documents = [make_mention(id=f"m{n}", title="", text=text) for n, text in enumerate(found)]
    searcher = _searcher(documents)
    for text in [*texts, '"a b"', '"a a"', '"a b a"', '"c d e"']:
        node = parse(text)
        assert _ids(searcher, to_tantivy(node, SCHEMA)) == {m.id for m in documents if match(node, m)}, text


@EXAMPLES
@given(mentions(), st.lists(queries(Purpose.BRAND), min_size=1, max_size=10), st.sampled_from(ZONES))
def test_recogniser_hears_what_the_matcher_matches(mention: Mention, texts: list[str], zone: str) -> None:
    brands = [make_brand(id=f"b{n}", query=text) for n, text in enumerate(texts)]
    entry = Entry(
        url="",
        title=mention.title,
        text=mention.text,
        author=mention.author,
        published_at=mention.published_at,
        language=mention.language,
        parent=mention.parent,
        links=mention.links,
    )
    heard = BrandRecogniser(brands, zone).recognise(entry, f"http://{mention.site}/x", mention.source)
    nodes = {brand.id: parse(brand.query, Purpose.BRAND) for brand in brands}
    matched = {name: node for name, node in nodes.items() if match(node, mention, zone)}
    expected = {name: spans_of(node, mention.title, mention.text) for name, node in matched.items()}
    assert {one.brand_id: one.spans for one in heard} == expected


@EXAMPLES
@given(mentions(), queries())
def test_spans_of_a_match_lie_within_the_highlights_and_do_not_overlap(mention: Mention, text: str) -> None:
    node = parse(text)
    decided = match(node, mention)
    shown = spans_of(node, mention.title, mention.text)
    for one, two in pairwise(shown):
        assert (one.part, two.part) == ("title", "text") or (one.part == two.part and one.end <= two.start)
    for span in decided.spans if decided else ():
        assert any(s.part == span.part and s.start <= span.start and span.end <= s.end for s in shown)


def _searcher(documents: list[Mention]) -> tantivy.Searcher:
    index = tantivy.Index(SCHEMA)
    writer = index.writer(15_000_000, 1)
    for document in documents:
        writer.add_document(make_document(document))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return index.searcher()


def _ids(searcher: tantivy.Searcher, query: tantivy.Query) -> set[str]:
    return {unpack(searcher.doc(at)["mention"][0]).id for _, at in searcher.search(query, 100).hits}
