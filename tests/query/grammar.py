"""One grammar for generated texts and queries, so that queries often match: few words, in many spellings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from earshot.errors import QueryError
from earshot.model import Category, Mention, Sentiment, Severity
from earshot.query.language import Purpose, parse
from earshot.query.words import find_words
from earshot.urls import site_of
from tests.builders import make_flag, make_mention

WORDS = [
    *("pump", "Pump", "PUMP", "pumps", "recall", "Recall", "recalled", "defect", "defects", "Halden", "halden"),
    *("café", "CAFE\u0301", "cafe", "Straße", "STRASSE", "naïve", "İzmir", "izmir", "ﬁne", "fine", "ＡＢＣ", "abc"),
    *(
        "日本",
        "日本語",
        "本",
        "リコール",
        "ﾘｺｰﾙ",
        "한국어",
        "हिन्दी",
        "½",
        "㍿",
        "O'Brien",
        "co-op",
        "U.S.A.",
        "AT&T",
        "3.5G",
    ),
    *("ışık", "IŞIK", "lum\u200ba", "luma", "نـور", "نُور", "ไทย\u200bวัน"),
    *("soft\u00adware", "software", "Brand™", "brand", "the", "the", "a", "a", "не", "НЕ"),
]
SEPARATORS = [" ", " ", " ", " ", ", ", ". ", "\n", "-", " 🎉 ", "\u200b", "’", " “", "/"]
TAGS = ["recall", "Recall", "New_York", "日本", "हिन्दी"]
HANDLES = ["ada", "Ada", "ada@example.org", "bob.k"]
SITES = ["blog.example", "news.example", "xn--bcher-kva.example"]
LINKS = [
    *(
        "https://bakery.example/a/b",
        "http://www.bakery.example/",
        "https://shop.bakery.example/a/b?x=1&utm_source=mail",
    ),
    *("https://bücher.example/über#top", "https://blog.example:8080/A", "mailto:ada@bakery.example"),
]
_LINKED = [
    *(link for link in LINKS if site_of(link)),
    *(site for link in LINKS if (site := site_of(link))),
    '(bakery.example OR "https://blog.example:8080/A")',
]
AUTHORS = ["", "Ada", "Ada Lovelace", "ada lovelace-King", "山田", "Bob"]
SOURCES = ["blog", "news"]
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]
DAYS = ["2026-11-18", "2026-11-19", "2026-11-20"]
TIMES = ["2026-11-19T12:00", "2026-11-19T12:00:01Z", "2026-11-19T23:30+05:45", "2026-11-19T00:00:00"]
START = datetime(2026, 11, 17, 20, tzinfo=UTC)

_WORD = st.sampled_from(WORDS)


@st.composite
def texts(draw: st.DrawFn, most: int = 14) -> str:
    pieces = draw(
        st.lists(
            st.one_of(
                _WORD,
                _WORD,
                _WORD,
                _WORD,
                st.sampled_from(TAGS).map(lambda tag: f"#{tag}"),
                st.sampled_from(HANDLES).map(lambda handle: f"@{handle}"),
                st.text(max_size=4).filter(lambda text: text < "\ud800" or text.isprintable()),
            ),
            max_size=most,
        )
    )
    return "".join(piece + draw(st.sampled_from(SEPARATORS)) for piece in pieces)


@st.composite
def mentions(draw: st.DrawFn) -> Mention:
    rules = draw(st.lists(st.sampled_from(["complaints", "recalls"]), max_size=2, unique=True))
    return make_mention(
        title=draw(texts(most=5)),
        text=draw(texts()),
        author=draw(st.sampled_from(AUTHORS)),
        parent=draw(st.sampled_from(["", "", "http://blog.example/article"])),
        links=tuple(draw(st.lists(st.sampled_from(LINKS), max_size=3))),
        site=draw(st.sampled_from(SITES)),
        source=draw(st.sampled_from(SOURCES)),
        brand=draw(st.sampled_from(["halden", "osprey"])),
        language=draw(st.sampled_from(["", "en", "de"])),
        sentiment=draw(st.sampled_from(list(Sentiment))),
        categories=tuple(draw(st.lists(st.sampled_from(list(Category)[:3]), max_size=2, unique=True))),
        flags=tuple(make_flag(rule_id=rule) for rule in rules),
        severity=draw(st.sampled_from([None, *Severity])),
        status=draw(st.sampled_from(["new", "done"])),
        published_at=START + draw(st.timedeltas(timedelta(), timedelta(days=4))),
    )


def queries(purpose: Purpose = Purpose.SEARCH) -> st.SearchStrategy[str]:
    """Queries that can be read, nearly all of them."""
    leaf = _leaves(purpose)
    return st.recursive(leaf, _grown, max_leaves=8)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    many = st.lists(inner, min_size=2, max_size=4)
    negative = st.lists(inner, max_size=2)
    return st.one_of(
        many.map(lambda parts: "(" + " OR ".join(parts) + ")"),
        many.map(" AND ".join).map(lambda text: f"({text})"),
        st.builds(_with_nots, many, negative, st.sampled_from(["NOT ", "-", "AND NOT ", "NOT NOT NOT "])),
    )


def _with_nots(positive: list[str], negative: list[str], sign: str) -> str:
    return "(" + " ".join([*positive, *(sign + text for text in negative)]) + ")"


def _leaves(purpose: Purpose) -> st.SearchStrategy[str]:
    leaves = [
        *[_WORD] * 3,
        _phrases().map(lambda text: f'"{text}"'),
        _WORD.map(lambda word: f"={word}"),
        _prefixes(),
        _nears(),
        st.sampled_from(['"pump rec*"', '"the def*"', 'title:"halden pum*"', '"rec* pump"']),
        st.sampled_from(TAGS).map(lambda tag: f"#{tag}"),
        st.sampled_from(HANDLES).map(lambda handle: f"@{handle}"),
        _WORD.map(lambda word: f"title:{word}"),
        st.lists(_WORD, min_size=1, max_size=2).map(lambda words: f"title:({' OR '.join(words)})"),
        st.sampled_from(["Ada", "ada", "lovelace", "田", "lov*", '"Ada lov*"']).map(lambda name: f"author:{name}"),
        st.sampled_from(
            ['author:"Ada Lovelace"', "site:bücher.example", "site:www.blog.example", "lang:en", "kind:comment"]
        ),
        st.sampled_from(SITES).map(lambda site: f"site:{site}"),
        st.sampled_from(_LINKED).map(lambda value: f"link:{value}"),
        st.sampled_from(DAYS + TIMES).flatmap(lambda at: st.sampled_from([f"after:{at}", f"before:{at}"])),
    ]
    if purpose is not Purpose.BRAND:
        leaves += [st.sampled_from(["brand:osprey", "sentiment:(negative OR neutral)", "category:praise"])]
    if purpose is Purpose.SEARCH:
        leaves += [st.sampled_from(["flag:recalls", "source:news", "severity:(warning OR critical)"])]
    return st.one_of(leaves)


def _phrases() -> st.SearchStrategy[str]:
    return st.lists(_WORD, min_size=1, max_size=3).map(" ".join)


def _prefixes() -> st.SearchStrategy[str]:
    stems = [word[:n] for word in WORDS for n in (3, 4) if len(word) > n and len(find_words(word[:n])) == 1]
    return st.sampled_from([f"{stem}*" for stem in stems if len(find_words(stem)[0].text) >= 3])


def _nears() -> st.SearchStrategy[str]:
    single = sorted({words[0].text for word in WORDS if len(words := find_words(word)) == 1})
    phrase = st.lists(st.sampled_from(single), min_size=2, max_size=2).map(lambda words: f'"{" ".join(words)}"')
    terms = st.one_of(*[st.sampled_from(single)] * 4, phrase, _prefixes(), st.sampled_from(["日本", "リコール"]))
    groups = st.lists(terms, min_size=2, max_size=5, unique=True)
    fields = st.sampled_from(["", "", "", "title:", "author:"])
    made = st.builds(near, groups, st.integers(1, 4), st.integers(0, 5), fields, st.sampled_from(["NEAR", "ONEAR"]))
    return made.filter(_is_one_meaning)


def _is_one_meaning(text: str) -> bool:
    """Tell whether the sides of a NEAR have no word in common."""
    try:
        return bool(parse(text))
    except QueryError:
        return False


def near(words: list[str], cut: int, gap: int, field: str = "", operator: str = "NEAR") -> str:
    """A NEAR of the terms before `cut` and of those behind, within a field or not."""
    cut = min(cut, len(words) - 1)
    sides = [f"({' OR '.join(side)})" if len(side) > 1 else side[0] for side in (words[:cut], words[cut:])]
    text = f" {operator}/{gap} ".join(sides)
    return f"{field}({text})" if field else text


def letter_nears() -> st.SearchStrategy[str]:
    """NEARs and ONEARs of letters, and of phrases of them, that can be read."""
    letters = st.lists(st.text("abcde", min_size=1, max_size=3), min_size=2, max_size=3, unique=True)
    terms = letters.map(lambda found: [one if len(one) == 1 else f'"{" ".join(one)}"' for one in found])
    operators = st.sampled_from(["NEAR", "ONEAR"])
    return st.builds(near, terms, st.integers(1, 2), st.integers(0, 4), st.just(""), operators).filter(_is_one_meaning)
