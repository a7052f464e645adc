"""Mentions in six languages and questions about them, made by chance and the same on every run; and the right answers.

The right answers are the matcher's for the query and plain comparisons for the filters: no engine is asked.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from earshot import identity
from earshot.index.columns import FILTERS
from earshot.index.place import has_words
from earshot.model import Category, Filters, Mention, SearchRequest, Sentiment, Severity, Span
from earshot.query.fields import index_fields
from earshot.query.language import Purpose, parse
from earshot.query.matcher import match, spans_of
from earshot.query.words import find_words
from earshot.urls import site_of
from tests.builders import make_flag, make_mention
from tests.query import grammar

_NEARS = ("NEAR", "ONEAR")
MENTIONS, QUESTIONS = 5_000, 300

SUMMER_TIME = {
    "Europe/Berlin": datetime(2026, 10, 25, 1, tzinfo=UTC),  # it ends
    "America/New_York": datetime(2026, 11, 1, 6, tzinfo=UTC),
    "Australia/Sydney": datetime(2026, 10, 3, 16, tzinfo=UTC),  # it begins
}
"""Zones, and when their clocks change within the time of the corpus."""

_PROSE = {
    "en": "the pump broke after two weeks and nobody at the service desk answered my letters about the recall",
    "de": "die Pumpe war nach zwei Wochen kaputt und im Kundendienst ging für den Rückruf niemand ans Straßentelefon",
    "es": "la bomba se rompió después de dos semanas y nadie del servicio contestó sobre la retirada el próximo año",
    "fr": "la pompe est tombée en panne après deux semaines et personne n'a répondu à propos du rappel déjà annoncé",
    "ja": "ポンプ は 二週間 で 壊れ て しまい リコール の 窓口 に 電話 し ても 誰 も 出 ませ ん でし た ﾘｺｰﾙ 日本",
    "ar": "تعطلت المضخة بعد أسبوعين ولم يرد أحد من خدمة العملاء على رسائلي حول سحب المنتج من السوق",
}
LANGUAGES = tuple(_PROSE)
_BRANDS = ("halden", "osprey", "日本工業")
_SITES = tuple(f"site{n}.example" for n in range(40))
_AUTHORS = ("", "Ada", "Ada Lovelace", "山田", "سارة", "José", *(f"author {n}" for n in range(60)))
_LINK_STARTS = ("https://", "https://www.", "http://", "https://SHOP.")
_GAPS = (" ", " ", " ", " ", " ", ", ", ". ", "\n", " 🎉 ", "-", "\u200b", " “", "’")


@cache
def mentions() -> tuple[Mention, ...]:
    """Return the corpus; a third of it was published within hours of a change of clocks."""
    rng = random.Random(20261125)
    return tuple(_mention(rng, n) for n in range(MENTIONS))


def _mention(rng: random.Random, n: int) -> Mention:
    language = LANGUAGES[n % len(LANGUAGES)]
    site, brand = rng.choice(_SITES), rng.choice(_BRANDS)
    document = identity.document_id(f"http://{site}/{n}")
    at = datetime(2026, 9, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(90 * 86_400), microseconds=n % 3)
    if n % 3 == 0:
        at = rng.choice(list(SUMMER_TIME.values())) + timedelta(hours=rng.uniform(-30, 30))
    flags = tuple(make_flag(rule_id=rule) for rule in ("complaints", "recalls") if rng.random() < 0.1)
    return make_mention(
        id=identity.mention_id(document, brand),
        document_id=document,
        story_id=f"story{int(rng.expovariate(0.02))}",
        brand=brand,
        revision=1 + n % 3,
        url=f"http://{site}/{n}",
        site=site,
        title=_text(rng, language, rng.randrange(7)),
        text=_text(rng, language, int(rng.expovariate(1 / 25))),
        author=rng.choice(_AUTHORS),
        source=rng.choice(("blog", "news", "forum")),
        source_kind=rng.choice(("feed", "sitemap")),
        parent="" if n % 5 else f"http://{site}/article",
        links=_links(n),
        published_at=at,
        language="" if rng.random() < 0.05 else language,
        relevance=rng.choice((0.2, 0.5, 0.9)),
        sentiment=rng.choice(list(Sentiment)),
        categories=tuple(rng.sample(list(Category), rng.randrange(3))),
        flags=flags,
        severity=Severity.WARNING if flags else None,
        is_own_voice=rng.random() < 0.1,
        status=rng.choice(("new", "done", "ours")),
    )


def _links(n: int) -> tuple[str, ...]:
    """Return up to four links, without chance, so that what else the corpus holds stays as it was."""
    own = tuple(f"{_LINK_STARTS[(n + i) % 4]}site{(n + 7 * i) % 40}.example/{n % 25}" for i in range(n % 4))
    return own if n % 3 else (*own, grammar.LINKS[n // 3 % len(grammar.LINKS)])


def _text(rng: random.Random, language: str, length: int) -> str:
    """Return words of a language in a row or at random, with those of the grammar, tags and handles among them."""
    prose, pieces = _PROSE[language].split(), []
    glue = "" if language == "ja" else " "
    while len(pieces) < length:
        chance = rng.random()
        if chance < 0.35:
            at = rng.randrange(len(prose))
            pieces.append(glue.join(prose[at : at + rng.randrange(2, 6)]))
        elif chance < 0.75:
            pieces.append(rng.choice(prose))
        elif chance < 0.94:
            pieces.append(rng.choice(grammar.WORDS))
        else:
            pieces.append(rng.choice(["#" + rng.choice(grammar.TAGS), "@" + rng.choice(grammar.HANDLES)]))
    return "".join(piece + rng.choice(_GAPS) for piece in pieces)


# --- questions -----------------------------------------------------------------------------------------


@cache
def questions() -> tuple[SearchRequest, ...]:
    """Return the questions: a third in the grammar of the language's own tests, the rest about words of the corpus."""
    rng = random.Random(30112026)
    strange = generated(grammar.queries(), QUESTIONS // 3)
    texts = iter([*strange, *(_query(rng) for _ in range(2 * QUESTIONS))])
    asked = {SearchRequest(time_zone="Europe/Berlin"): None}
    while len(asked) < QUESTIONS:
        asked[SearchRequest(next(texts), _filters(rng), time_zone=rng.choice(grammar.ZONES))] = None
    return tuple(asked)


def generated(strategy: st.SearchStrategy[str], count: int) -> list[str]:
    """Return examples, the same ones on every run."""
    made: list[str] = []

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(one: str) -> None:
        made.append(one)

    collect()
    return made


def _query(rng: random.Random, depth: int = 0) -> str:
    """Return a query about a mention that is there: most of them find something, few find much."""
    shape = rng.random()
    if depth == 2 or shape < 0.4:
        return _term(rng)
    parts = [_query(rng, depth + 1) for _ in range(rng.randrange(2, 4))]
    if shape < 0.6:
        return f"({' OR '.join(parts)})"
    if shape < 0.8:
        return f"({' '.join(parts)})"
    return f"({parts[0]} NOT {parts[1]})"


def _term(rng: random.Random) -> str:
    mention = rng.choice(mentions())
    words = find_words(mention.text)
    if len(words) < 4:
        return rng.choice(grammar.WORDS)
    at = rng.randrange(len(words) - 2)
    first, second, third = words[at : at + 3]
    if first.text in ("and", "or", "not"):
        return f'"{first.text} {second.text}"'
    if rng.random() < 0.25:
        return _field(rng, mention)
    kinds: list[str] = [
        first.text,
        f"={first.cased}",
        f'"{first.text} {second.text}"',
        f'"{first.text} {second.text} {third.text}"',
        f"title:{first.text}",
    ]
    if len(first.text) > 3 and first.text.isalpha():
        kinds.append(f"{first.text[:3]}*")
        if not second.text.startswith(first.text[:3]):
            kinds.append(f'"{first.text[:3]}* {second.text}"')
    other = rng.choice(words)
    if other.text not in (first.text, second.text, "and", "or", "not"):
        kinds += [f"{first.text} {rng.choice(_NEARS)}/{rng.randrange(6)} {other.text}"] * 2
        kinds.append(f'"{first.text} {second.text}" {rng.choice(_NEARS)}/{rng.randrange(6)} {other.text}')
    return rng.choice(kinds)


def _field(rng: random.Random, mention: Mention) -> str:
    day = mention.published_at.date().isoformat()
    return rng.choice(
        [
            f"lang:{mention.language or 'ja'}",
            f"sentiment:{mention.sentiment.value}",
            f"site:{mention.site}",
            f'author:"{mention.author or "Ada"}"',
            f"after:{day}",
            f"before:{day}",
            "flag:recalls",
            "severity:warning",
            "kind:comment",
            f"link:{rng.choice([*filter(site_of, mention.links), mention.site])}",
            f"#{rng.choice(grammar.TAGS)}",
            f"@{rng.choice(grammar.HANDLES)}",
        ]
    )


def _filters(rng: random.Random) -> Filters:
    """Return filters of up to three fields; a quarter of the questions have none."""
    change = rng.choice(list(SUMMER_TIME.values()))
    fields: dict[str, Callable[[], Any]] = {
        "brands": lambda: tuple(rng.sample(_BRANDS, rng.randrange(1, 3))),
        "sites": lambda: tuple(rng.sample(_SITES, 15)),
        "authors": lambda: tuple(rng.sample(_AUTHORS[1:], 20)),
        "sources": lambda: (rng.choice(("blog", "news")),),
        "languages": lambda: tuple(rng.sample(LANGUAGES, rng.randrange(1, 4))),
        "sentiments": lambda: rng.choice((("negative",), ("neutral", "positive"))),
        "categories": lambda: tuple(one.value for one in rng.sample(list(Category), 3)),
        "statuses": lambda: rng.choice((("new",), ("new", "done"))),
        "flags": lambda: ("recalls",),
        "is_flagged": lambda: rng.random() < 0.5,
        "is_own_voice": lambda: rng.random() < 0.5,
        "min_relevance": lambda: rng.choice((0.2, 0.5, 0.51)),
        "since": lambda: change - timedelta(days=rng.randrange(3)),
        "until": lambda: change + timedelta(days=9, microseconds=1),
    }
    names = rng.sample(sorted(fields), rng.randrange(1, 4)) if rng.random() < 0.75 else []
    return Filters(**{name: fields[name]() for name in names})


# --- the right answers ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Truth:
    """What a question has to find, newest first, and the spans of each."""

    found: tuple[Mention, ...]
    spans: tuple[tuple[Span, ...], ...]


def is_gone(number: int) -> bool:
    """Tell whether the corpus's mention of this number was taken out of the index again."""
    return number % 50 == 0


@cache
def alive() -> tuple[Mention, ...]:
    """Return what is in the index, newest first."""
    left = [mention for n, mention in enumerate(mentions()) if not is_gone(n)]
    return tuple(sorted(left, key=lambda m: (m.published_at, m.id), reverse=True))


@cache
def truth() -> dict[SearchRequest, Truth]:
    """Return the right answer to every question. Mention by mention, so that each is cut into its words once."""
    asked = [(request, parse(request.query, Purpose.SEARCH)) for request in questions()]
    found: dict[SearchRequest, list[tuple[Mention, tuple[Span, ...]]]] = {request: [] for request, _ in asked}
    for mention in alive():
        columns = index_fields(mention)
        for request, node in asked:
            if _is_left(request.filters, mention, columns) and match(node, mention, request.time_zone):
                spans = spans_of(node, mention.title, mention.text) if has_words(node) else ()
                found[request].append((mention, spans))
    return {
        request: Truth(tuple(m for m, _ in hits), tuple(spans for _, spans in hits)) for request, hits in found.items()
    }


def _is_left(filters: Filters, mention: Mention, columns: dict[str, Any]) -> bool:
    """Tell whether filters leave a mention, by the words of `Filters`."""
    for field, column in FILTERS.items():
        wanted = getattr(filters, field)
        if wanted and not set(wanted) & set(_values(columns.get(column))):
            return False
    return (
        filters.is_flagged in (None, bool(mention.flags))
        and filters.is_own_voice in (None, mention.is_own_voice)
        and (filters.min_relevance is None or mention.relevance >= filters.min_relevance)
        and (filters.since is None or mention.published_at >= filters.since)
        and (filters.until is None or mention.published_at < filters.until)
    )


def _values(value: object) -> list[object]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


@cache
def values_by_column() -> dict[str, dict[str, list[str]]]:
    """Return, by mention, what it is counted under in the facet over each column of the index."""
    return {mention.id: {name: _named(value) for name, value in index_fields(mention).items()} for mention in alive()}


def _named(value: object) -> list[str]:
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in _values(value)]
