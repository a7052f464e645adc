from __future__ import annotations

from typing import Any

import pytest

from earshot.errors import ConfigError
from earshot.model import Entry, Recognised
from earshot.query.recognise import BrandRecogniser
from tests.builders import make_brand, make_entry

URL = "http://blog.example/one"


def heard(*, entry: Entry | None = None, url: str = URL, source: str = "", **brand: Any) -> Recognised | None:
    found = BrandRecogniser([make_brand(**brand)]).recognise(entry or make_entry(), url, source)
    assert len(found) < 2
    return found[0] if found else None


def words(entry: Entry, found: Recognised | None) -> list[str]:
    assert found
    return [getattr(entry, span.part)[span.start : span.end] for span in found.spans]


def test_a_brand_is_heard_under_name_aliases_and_products() -> None:
    entry = make_entry(title="Halden", text="The Haldén Pumps and the Turbo 3000, by halden.")
    found = heard(entry=entry, aliases=("Haldén Pumps",), products=("turbo 3000",))
    assert words(entry, found) == ["Halden", "Haldén Pumps", "Turbo 3000", "halden"]
    assert found
    assert (found.brand_id, found.brand_version, found.is_own_voice) == ("halden", "v1", False)


def test_brands_come_in_order_of_id() -> None:
    brands = [make_brand(id=name) for name in ("c", "a", "b")]
    assert [one.brand_id for one in BrandRecogniser(brands).recognise(make_entry(), URL)] == ["a", "b", "c"]


def test_case_exact_is_about_name_and_aliases_not_products() -> None:
    entry = make_entry(title="", text="an apple a day, an IPHONE")
    assert heard(entry=entry, name="Apple", is_case_exact=True) is None
    assert heard(entry=entry, name="Apple", is_case_exact=True, products=("iPhone",))
    assert heard(entry=make_entry(text="Apple"), name="Apple", is_case_exact=True)


def test_with_a_query_the_query_alone_decides() -> None:
    assert heard(query="valve") is None
    assert words(make_entry(), heard(name="Other", query="pump NEAR/3 days OR money")) == ["pump", "days", "money"]


@pytest.mark.parametrize("query", ["", "halden"])
def test_context_words_are_required_and_excluded(query: str) -> None:
    assert heard(query=query, context_required=("garden", "money back"))
    assert heard(query=query, context_required=("garden",)) is None
    assert heard(query=query, context_excluded=("garden",))
    assert heard(query=query, context_excluded=("garden", "money back")) is None


def test_context_is_no_part_of_the_spans() -> None:
    assert words(make_entry(), heard(context_required=("money back",))) == ["Halden", "Halden"]


def test_an_exclusion_is_a_query() -> None:
    assert heard(exclusions=("site:blog.example broke",)) is None
    assert heard(exclusions=("garden", "site:other.example"))


@pytest.mark.parametrize(
    ("domain", "url", "is_own"),
    [
        ("halden.example", "https://halden.example/x", True),
        ("halden.example", "https://www.halden.example/x", True),
        ("www.halden.example", "https://halden.example/x", True),
        ("https://Halden.example/", "https://blog.halden.example/x", True),
        ("bücher.example", "https://xn--bcher-kva.example/", True),
        ("halden.example", "https://nothalden.example/x", False),
        ("halden.example", "https://halden.example.org/x", False),
        ("shop.halden.example", "https://halden.example/x", False),
    ],
)
def test_own_voice_is_the_domain_or_below(domain: str, url: str, is_own: bool) -> None:
    found = heard(owned_domains=(domain,), url=url)
    assert found
    assert found.is_own_voice is is_own


def test_fields_of_the_document_decide() -> None:
    assert heard(query="halden site:blog.example lang:en author:ada source:blog", source="blog")
    assert heard(query="halden source:blog", source="news") is None
    assert heard(query="halden after:2026-11-20 before:2026-11-21")
    assert heard(query="halden lang:de") is None
    linking = make_entry(links=("https://www.bakery.example/a",))
    assert heard(query="halden link:bakery.example link:https://www.bakery.example/a", entry=linking)
    assert heard(query="halden link:mill.example", entry=linking) is None


def test_an_undated_entry_counts_as_now() -> None:
    assert heard(query="halden after:2199-01-01", entry=make_entry(published_at=None))
    assert heard(query="halden before:2199-01-01", entry=make_entry(published_at=None)) is None


def test_a_query_of_fields_only_has_no_spans() -> None:
    found = heard(query="site:blog.example")
    assert found
    assert found.spans == ()


def test_a_brand_found_only_in_the_authors_name_has_no_spans() -> None:
    found = heard(query="author:ada")
    assert found
    assert found.spans == ()


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"query": "a OR"}, "brand halden: query"),
        ({"query": "sentiment:negative"}, "brand halden: query"),
        ({"name": "🎉"}, "brand halden: name"),
        ({"aliases": ("ok", "!")}, "brand halden: aliases"),
        ({"exclusions": ("(a",)}, "brand halden: exclusions"),
        ({"context_required": ("",)}, "brand halden: context_required"),
        ({"owned_domains": ("a b",)}, "brand halden: owned_domains"),
    ],
)
def test_what_cannot_be_read_names_brand_and_field(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(ConfigError) as caught:
        BrandRecogniser([make_brand(**changes)])
    assert caught.value.where == where


def test_no_brands_hear_nothing() -> None:
    assert BrandRecogniser([]).recognise(make_entry(), URL) == []


def test_a_text_without_words_is_no_accident() -> None:
    assert heard(entry=make_entry(title="", text="🎉 …", author="")) is None
