"""Invented mentions of a year for the benchmarks of the index, the same ones on every run. Knows no engine."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from earshot import identity
from earshot.model import Category, DateFrom, Evidence, Flag, Mention, Sentiment, Severity

END = datetime(2026, 11, 20, tzinfo=UTC)
BRANDS = tuple(f"brand{n}" for n in range(20))
VOCABULARY = [
    f"{a}{b}{c}" for a in ("re", "pu", "ha", "mo", "ti", "so", "ka", "be") for b in "aeiou" for c in range(750)
]


def make_mentions(count: int, seed: int = 7) -> Iterator[Mention]:
    """Yield invented mentions of a year: words, sites and authors by Zipf, 10 to 1,500 words, half shorter than 90."""
    rng = random.Random(seed)
    weights = [1 / (n + 2) for n in range(len(VOCABULARY))]
    words = rng.choices(VOCABULARY, weights, k=400_000)
    sites = rng.choices(range(2_000), [1 / (n + 5) for n in range(2_000)], k=count)
    authors = rng.choices(range(20_000), [1 / (n + 50) for n in range(20_000)], k=count)
    for n in range(count):
        length = min(1_500, max(10, int(rng.lognormvariate(4.5, 0.9))))
        at = rng.randrange(len(words) - length)
        brand = BRANDS[min(int(rng.expovariate(0.25)), len(BRANDS) - 1)]
        text = f"{brand} " + " ".join(words[at : at + length])
        yield _make_mention(rng, n, brand, f"site{sites[n]}.example", f"author{authors[n]}", text)


def _make_mention(rng: random.Random, n: int, brand: str, site: str, author: str, text: str) -> Mention:
    document = identity.document_id(f"http://{site}/{n}")
    at = END - timedelta(seconds=rng.randrange(365 * 86_400))
    sentiment = rng.choices(list(Sentiment), (2, 6, 3))[0]
    flags = (Flag(f"rule{n % 7}", "A rule", Severity.WARNING, "sentiment:negative", ("broke",)),) * (n % 11 == 0)
    return Mention(
        id=identity.mention_id(document, brand),
        document_id=document,
        story_id=document,
        brand=brand,
        revision=1,
        url=f"http://{site}/{n}",
        site=site,
        title=" ".join(text.split()[:8]),
        text=text,
        author=author,
        source=site,
        source_kind=rng.choice(("feed", "sitemap")),
        collection="default",
        scope="public",
        published_at=at,
        published_at_from=DateFrom.FEED,
        found_at=END,
        language=rng.choice(("en", "en", "de", "es", "fr")),
        relevance=round(rng.uniform(0.3, 1), 2),
        sentiment=sentiment,
        sentiment_score=0.0,
        confidence=0.8,
        categories=tuple(rng.sample(list(Category), rng.randrange(3))),
        flags=flags,
        severity=Severity.WARNING if flags else None,
        evidence=(Evidence("text", 0, len(brand), "brand"),),
        brand_version="v1",
        model_version="m1",
    )
