from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.errors import QueryError
from earshot.query.language import (
    MAX_DEPTH,
    MAX_LENGTH,
    MAX_NEAR_PAIRS,
    MAX_PREFIXES,
    MAX_TERMS,
    Purpose,
    literal,
    parse,
    remarks,
)
from earshot.query.tree import And, Everything, Handle, Is, Near, Not, Or, Prefix, Tag, When, Words
from tests.query.grammar import queries

A, B, C, D = (Words((name,)) for name in "abcd")
TITLE_A, TITLE_B = (Words((name,), parts=("title",)) for name in "ab")
PUMP = Words(("pump",))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", Everything()),
        ("  \n ", Everything()),
        ("Pump", PUMP),
        ("(((pump)))", PUMP),
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a b OR c d", Or((And((A, B)), And((C, D))))),
        ("a (b OR (c OR d))", And((A, Or((B, C, D))))),
        ("a -b", And((A, Not(B)))),
        ("a AND NOT b", And((A, Not(B)))),
        ("NOT b a", And((Not(B), A))),
        ("a NOT NOT b", And((A, B))),
        ("a (-b)", And((A, Not(B)))),
        ("a (NOT b NOT c)", And((A, Not(Or((B, C)))))),
        ("a -(b OR c)", And((A, Not(Or((B, C)))))),
        ('"pump broke"', Words(("pump", "broke"))),
        ("“pump broke”", Words(("pump", "broke"))),
        ("O'Brien", Words(("o", "brien"))),
        ("日本", Words(("日", "本"))),
        ("complain*", Prefix("complain")),
        ("=Apple", Words(("Apple",), is_cased=True)),
        ('="New York"', Words(("New", "York"), is_cased=True)),
        ("#New_York", Tag("new_york")),
        ("@Ada@example.org", Handle("ada@example.org")),
        ("(a OR b) NEAR/5 (c OR d)", Near((A, B), (C, D), 5)),
        ('"a" NEAR/0 b', Near((A,), (B,), 0)),
        ("c a NEAR/5 b d", And((C, Near((A,), (B,), 5), D))),
        ("a ONEAR/5 b", Near((A,), (B,), 5, is_ordered=True)),
        ("a onear/5 b", Near((A,), (B,), 5, is_ordered=True)),
        ("a NEAR/5f b", Near((A,), (B,), 5, is_ordered=True)),
        ('"a b" NEAR/5 (c OR val*)', Near((Words(("a", "b")),), (C, Prefix("val")), 5)),
        ('"a b val*"', Near((Words(("a", "b")),), (Prefix("val"),), 0, is_ordered=True)),
        ('"val* a"', Near((Prefix("val"),), (A,), 0, is_ordered=True)),
        ('"val*"', Prefix("val")),
        ("kind:(article OR Comment)", Or((Is("kind", "article"), Is("kind", "comment")))),
        ("severity:Critical", Is("severity", "critical")),
        ("link:www.Bakery.example", Is("link", "bakery.example")),
        ("link:HTTPS://Bakery.example:443/a/./b?x=1#top", Is("link", "https://bakery.example/a/b?x=1")),
        ('link:"https://bakery.example/Pie_(dish)*"', Is("link", "https://bakery.example/Pie_(dish)*")),
        ("日本 NEAR/5 a", Near((Words(("日", "本")),), (A,), 5)),
        ("title:(a NEAR/5 b)", Near((TITLE_A,), (TITLE_B,), 5, ("title",))),
        ("title:(a OR bs)", Or((Words(("a",), parts=("title",)), Words(("bs",), parts=("title",))))),
        ('author:"Ada Lovelace"', Words(("ada", "lovelace"), parts=("author",))),
        ("site:www.Blog.example", Is("site", "blog.example")),
        ("site:bücher.example", Is("site", "xn--bcher-kva.example")),
        ("lang:DE", Is("language", "de")),
        ("sentiment:Negative", Is("sentiment", "negative")),
        ("category:(safety OR legal)", Or((Is("category", "safety"), Is("category", "legal")))),
        ('"and" "or" "near/5"', And((Words(("and",)), Words(("or",)), Words(("near", "5"))))),
        ("a and b Or c", Or((And((A, B)), C))),
        ("a | b", Or((A, B))),
        ("a||b", Or((A, B))),
        ("(a|b) c", And((Or((A, B)), C))),
        ("a && b", And((A, B))),
        ("a&&b", And((A, B))),
        ("a near/3 b", Near((A,), (B,), 3)),
        ("a Near/3 b", Near((A,), (B,), 3)),
        ("title:and", Words(("and",), parts=("title",))),
        ("=And", Words(("And",), is_cased=True)),
        ("a-b", Words(("a", "b"))),
        ("12:30", Words(("12", "30"))),
    ],
)
def test_query_is_read_as_this_tree(text: str, tree: object) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "at", "what", "advice"),
    [
        ("NOT a", 0, "NOT says only", "pump NOT garden"),
        ("-a -b", 0, "must not", "pump NOT garden"),
        ("a OR NOT b", 5, "NOT says only", "pump NOT garden"),
        ("(a", 0, "never closed", '")"'),
        ("a (b", 2, "never closed", '")"'),
        ("a)", 1, "closes nothing", '"("'),
        ("()", 0, "empty", "words between"),
        ('a ""', 2, "empty", "between the quotes"),
        ('a "b', 2, "no end", '"'),
        ("a 🎉", 2, "no letter or digit", "write a word"),
        ('"🎉"', 0, "no letter or digit", "write a word"),
        ("ab*", 0, "2 characters", "3 to 19"),
        ("abcdefghijklmnopqrstu*", 0, "21 characters", "3 to 19"),
        ("*", 0, "behind one word only", "complain*"),
        ("pu*mp", 0, "only at the end", "complain*"),
        ("*pump", 0, "only at the end", "complain*"),
        ("日本語*", 0, "one word only", '"日本語"'),
        ("=Pump*", 1, "takes no *", "=Pump"),
        ("= Pump", 0, "after =", "=Apple"),
        ("a AND", 5, "missing", "write a word"),
        ("a OR OR b", 5, "OR cannot stand", '"OR"'),
        ("AND a", 0, "nothing before it", '"AND"'),
        ("a NEAR b", 2, "needs a number", "NEAR/5"),
        ("a NEAR/101 b", 2, "too far", "NEAR/100"),
        ("a NEAR/5 b NEAR/5 c", 11, "two operands", "AND b NEAR/5 c"),
        ('x "val* hos*"', 2, "one word of a phrase", '"garden pump*"'),
        ('"a val* b"', 0, "one word of a phrase", "take the * away"),
        ('"valve val*"', 0, "valve can be both words", "take the * away"),
        ('="Big val*"', 1, "a phrase with = takes no *", "without one"),
        ("kind:post", 5, "no kind post", "article, comment"),
        ("link:bakery.example/a", 5, "neither a host nor a whole address", "write link:https://bakery.example/a"),
        ("link:*.bakery.example", 5, "link: takes no *", "write the host"),
        ("link:https://bakery.example/*", 5, "link: takes no *", "write the host"),
        ("link:ftp://bakery.example/a", 5, "neither a host nor an address", "link:blog.example"),
        (f"link:https://bakery.example/{'亜' * 300}", 5, "neither a host nor an address", "link:blog.example"),
        ("link:https://bakery.example/Pie_(dish)", 5, "an address ends before (", "double quotes"),
        ("link:https://bakery.example/a|b", 5, "an address ends before |", "double quotes"),
        ("link:(https://bakery.example/a OR b)", 6, "https: cannot stand within link:( )", "double quotes"),
        ("severity:high", 9, "no severity high", "info, warning, critical"),
        ("a ONEAR b", 2, "ONEAR needs a number", "ONEAR/5"),
        ("a ONEAR/5 b NEAR/5 c", 12, "two operands", "AND b NEAR/5 c"),
        ("a NEAR/5 (b c)", 9, "NEAR takes words, phrases", "NEAR/5"),
        ("a NEAR/5 #b", 9, "NEAR takes words, phrases", "NEAR/5"),
        ("a NEAR/5 =B", 9, "NEAR takes words, phrases", "NEAR/5"),
        ("(a OR b) NEAR/5 (B OR c)", 17 - 1, "b can be on both sides", "one side"),
        ('"a b" NEAR/5 "b c"', 13, "b can be on both sides", "one side"),
        ("pumps NEAR/5 pum*", 13, "pumps can be on both sides", "one side"),
        ('pump* ONEAR/5 "pum pumping"', 14, "pumping can be on both sides", "one side"),
        ("pump* NEAR/5 pum*", 13, "pump* can be on both sides", "one side"),
        ("title:a NEAR/5 b", 15, "same field", "title:(a NEAR/5 b)"),
        ("foo:bar", 0, "no field foo:", "title, site, author"),
        ("https://halden.example", 0, "no field https:", "quotes"),
        ("title: a", 0, "nothing stands after title:", "without a space"),
        ("title:(site:a.example)", 7, "within title:", "close the bracket"),
        ("sentiment:bad", 10, "no sentiment bad", "negative, neutral, positive"),
        ("category:bad", 9, "no category bad", "complaint, praise"),
        ("lang:english", 5, "no language code", "lang:en"),
        ("site:http://a.example", 5, "no site", "site:blog.example"),
        ("site:a.example/b", 5, "no site", "site:blog.example"),
        ("after:2026-13-01", 6, "no date", "2026-11-20"),
        ("before:yesterday", 7, "no date", "2026-11-20"),
        ("after:0001-01-01", 6, "out of range", "1970"),
        ("site:=a.example", 6, "takes no =", "site:a.example"),
        ("#", 0, "not a tag", "#recall"),
        ("#a-b", 0, "not a tag", "#recall"),
        ("@", 0, "not a handle", "@halden"),
    ],
)
def test_what_cannot_be_done_is_refused_at_its_character(text: str, at: int, what: str, advice: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert (caught.value.at, caught.value.query) == (at, text)
    assert what in caught.value.what
    assert advice in caught.value.advice


def test_near_takes_64_pairs_and_no_more() -> None:
    left, right = (" OR ".join(f"{side}{n}" for n in range(8)) for side in "ab")
    assert isinstance(parse(f"({left}) NEAR/5 ({right})"), Near)
    with pytest.raises(QueryError, match="more than 64 pairs"):
        parse(f"({left} OR x) NEAR/5 ({right})")


@pytest.mark.parametrize("field", ["brand:a", "sentiment:negative", "category:safety", "severity:info", "flag:a"])
def test_a_brand_uses_only_what_belongs_to_the_document(field: str) -> None:
    with pytest.raises(QueryError, match="a brand's query cannot use") as caught:
        parse(f"a {field}", Purpose.BRAND)
    assert caught.value.at == 2
    assert "title, site, author, source, lang, kind, link, after, before" in caught.value.advice


def test_a_rule_also_uses_the_verdict_but_not_triage() -> None:
    assert parse("sentiment:negative category:safety", Purpose.RULE)
    with pytest.raises(QueryError, match="a rule's query cannot use"):
        parse("flag:a", Purpose.RULE)
    assert parse("flag:a", Purpose.SEARCH)


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("field", ["status:new", "assignee:mara", "topic:pumps", "entity:Osprey", "reach:100"])
def test_a_field_that_nothing_fills_yet_is_refused_and_not_searched_in_vain(field: str, purpose: Purpose) -> None:
    with pytest.raises(QueryError, match="is not built yet") as caught:
        parse(f"a {field}", purpose)
    assert (caught.value.at, caught.value.advice) == (2, "leave it out")


def test_10_000_characters_with_500_terms_are_read_quickly() -> None:
    text = " OR ".join(f"termnumber{n:05}" for n in range(MAX_TERMS))
    text = f"({text})".ljust(MAX_LENGTH)
    started = time.process_time()
    tree = parse(text, Purpose.BRAND)
    assert time.process_time() - started < 0.5
    assert isinstance(tree, Or)
    assert len(tree.nodes) == MAX_TERMS


def test_more_is_refused() -> None:
    with pytest.raises(QueryError, match="at most 500 terms") as caught:
        parse("a " * 501)
    assert caught.value.at == 1_000
    with pytest.raises(QueryError, match="at most 10,000 characters"):
        parse("a" * 10_001)


@pytest.mark.parametrize(
    "text", ["(" * 9_999, "(" * 4_999 + "a" + ")" * 4_999, "NOT " * 2_399 + "a", "title:(" * 1_000]
)
def test_deep_nesting_is_an_answer_not_a_crash(text: str) -> None:
    with pytest.raises(QueryError):
        parse(text)


def test_alternating_groups_count_as_deep_when_the_tree_is() -> None:
    text = "z"
    for level in range(MAX_DEPTH - 1):
        text = f"(a{level} {text})" if level % 2 else f"(a{level} OR {text})"
    assert parse(text)
    text = "z"
    for level in range(9):
        text = f"(a{level} OR (b{level} NOT {text}))" if level % 2 else f"(a{level} -{text})"
    with pytest.raises(QueryError, match="levels deep"):
        parse(text)


def test_nodes_know_where_they_stand_and_how_they_were_written() -> None:
    query = "a OR  (b  NOT c) OR title:(d OR e)"
    tree = parse(query)
    assert isinstance(tree, Or)
    assert [(n.at, n.said) for n in tree.nodes] == [(0, "a"), (6, "(b  NOT c)"), (27, "title:d"), (32, "title:e")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("C++", ["C++ is searched as 'c'"]),
        (".NET", [".NET is searched as 'net'"]),
        ("AT&T O'Brien co-op", []),
        ("pump or valve or hose", ["or is read as OR: one of them is enough"]),
        ("black and white", ["and is read as AND: both have to be there"]),
        ("shops near me", ["near is searched as a word; the operator is written NEAR/5"]),
        ('"f*** you"', ["* is not read within quotes"]),
        ("$100", ["$100 is searched as '100'"]),
        ("link:https://bakery.example/a?x=1 link:bakery.example", []),
        ("link:https://bakery.example", ["https://bakery.example is the front page; to find links to any page"]),
    ],
)
def test_the_writer_is_told_what_signs_become(text: str, told: list[str]) -> None:
    found = [remark.what for remark in remarks(text)]
    assert len(found) == len(told)
    assert all(one.startswith(begin) for one, begin in zip(found, told, strict=True))


def test_a_literal_has_no_operators() -> None:
    assert literal("Black AND Decker*") == Words(("black", "and", "decker"))
    assert literal("iPod", is_cased=True) == Words(("iPod",), is_cased=True)
    with pytest.raises(QueryError):
        literal("🎉")


def test_dates_keep_what_was_written() -> None:
    assert isinstance(parse("after:2026-11-20"), When)
    assert parse("after:2026-11-20T10:00:00.5Z") == parse("after:2026-11-20T10:00Z")


@given(st.text('ab()"*=#@-: ANDORNTE/5éx日title:', max_size=40))
@settings(max_examples=100, deadline=None)
def test_any_text_is_a_tree_or_a_query_error(text: str) -> None:
    try:
        parse(text)
    except QueryError as error:
        assert 0 <= error.at <= len(text)
        assert error.advice
        assert error.pointer()


@given(queries())
@settings(max_examples=60, deadline=None)
def test_how_a_query_is_written_reads_as_itself(text: str) -> None:
    tree = parse(text)
    assert parse(tree.said) == tree


def test_a_search_with_too_many_prefixes_is_refused_at_the_one_too_many() -> None:
    text = " OR ".join(f"stem{n:03}*" for n in range(MAX_PREFIXES + 1))
    with pytest.raises(QueryError, match="at most 100 words with") as caught:
        parse(text)
    assert text[caught.value.at :] == "stem100*"
    assert parse(text.rpartition(" OR ")[0])
    assert parse(text, Purpose.BRAND)


def test_a_search_with_too_many_pairs_near_each_other_is_refused_with_what_to_write() -> None:
    def near(n: int) -> str:
        sides = (" OR ".join(f"{side}{n}x{word}" for word in range(8)) for side in "ab")
        return "({}) NEAR/5 ({})".format(*sides)

    most = MAX_NEAR_PAIRS // 64
    assert parse(" OR ".join(near(n) for n in range(most)))
    phrases = " AND ".join(f'"a{n} b" NEAR/15 c{n}' for n in range(16))
    assert parse(phrases)
    with pytest.raises(QueryError, match="at most 256 pairs of words together"):
        parse(f'{phrases} "x y" NEAR/0 z')
    with pytest.raises(QueryError, match="at most 256 pairs of words together") as caught:
        parse(" OR ".join(near(n) for n in range(most + 1)))
    assert "write AND" in caught.value.advice
    assert parse(" OR ".join(near(n) for n in range(most + 1)), Purpose.RULE)
