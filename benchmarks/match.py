"""How long one article takes to be matched against 200 brands of 500 terms or names each.

    EARSHOT_SHARED=DIR python -m benchmarks.match [--brands 200] [--terms 500] [--posts N] [--seed 7]

Articles are the captured posts; the brands are generated, their words, phrases and names drawn from those same
posts, so that they hit as often as a real vocabulary would. Two makes of brand: `named` is `(names) (topics) NOT
(others)`, which is how brands are written; `alternatives` is all terms joined by OR, so that nearly every brand is
heard in nearly every article: the worst there is. Beside them brands that have names and no query: `10 names` and
`500 names` each, the latter 100,000 in all, half of them words that occur. Timed is `BrandRecogniser.recognise`,
tokenising and spans included.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import json
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.report import report
from earshot.model import Brand, Entry
from earshot.query.recognise import BrandRecogniser
from earshot.query.words import Word, find_words

TARGET_MS = 3.0
NAMES = 3
"""Terms of a `named` brand that are its names; the others are topics and, one in ten, exclusions."""


def main() -> None:
    """Measure and report."""
    options = _options()
    posts = list(_posts(options.posts))
    texts = [find_words(post.text) for post in posts]
    random.seed(options.seed)
    rows = []
    for name, make, heard in (("named", _named, posts), ("alternatives", _alternatives, posts[::10])):
        rows += _measure(name, _brands(make, texts, options.brands, options.terms), heard)
    for names, heard in ((10, posts), (500, posts[::10])):
        rows += _measure(f"{names} names", _named_brands(texts, options.brands, names), heard)
    median = next(row["p50 ms"] for row in rows if row["brands"] == "named" and row["pass"] == "warm")
    notes = [
        f"target: median of `named`, warm, at most {TARGET_MS} ms: {'met' if median <= TARGET_MS else 'MISSED'}",
        f"{len(posts)} posts of {statistics.median(map(len, texts)):.0f} words in the median",
        f"{options.brands} brands of {options.terms} terms",
        "alternatives, 500 names: every tenth post",
        "first: every word seen for the first time; warm: the memos of words are filled",
    ]
    report("match", rows, notes)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brands", type=int, default=200)
    parser.add_argument("--terms", type=int, default=500)
    parser.add_argument("--posts", type=int, default=None, help="only the first N posts")
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args()


def _posts(most: int | None) -> Iterator[Entry]:
    shared = os.environ.get("EARSHOT_SHARED")
    if not shared:
        raise SystemExit("set EARSHOT_SHARED to the folder that holds the captured web")
    with gzip.open(Path(shared) / "web" / "posts.jsonl.gz", "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number == most:
                return
            post = json.loads(line)
            yield Entry(url=f"http://{post['host']}{post['path']}", title=post["title"], text=post["text"])


def _measure(name: str, brands: list[Brand], posts: Sequence[Entry]) -> list[dict[str, object]]:
    gc.collect()
    started, cpu_started = time.perf_counter(), time.process_time()
    recogniser = BrandRecogniser(brands)
    build_s, build_cpu_s = time.perf_counter() - started, time.process_time() - cpu_started
    gc.freeze()
    rows: list[dict[str, object]] = []
    for turn in ("first", "warm"):
        took_ms, cpu_ms, heard = _pass(recogniser, posts)
        cuts = statistics.quantiles(took_ms, n=100)
        rows.append(
            {
                "brands": name,
                "pass": turn,
                "posts": len(posts),
                "p50 ms": cuts[49],
                "p95 ms": cuts[94],
                "max ms": max(took_ms),
                "processor p50 ms": statistics.median(cpu_ms),
                "heard per post": statistics.mean(heard),
                "build s": build_s,
                "processor build s": build_cpu_s,
            }
        )
    gc.unfreeze()
    return rows


def _pass(recogniser: BrandRecogniser, posts: Sequence[Entry]) -> tuple[list[float], list[float], list[int]]:
    """Return per post: time on the clock and on the processor (what a busy machine leaves alone), brands heard."""
    took_ms, cpu_ms, heard = [], [], []
    for post in posts:
        started, cpu_started = time.perf_counter(), time.thread_time()
        found = recogniser.recognise(post, post.url)
        took_ms.append((time.perf_counter() - started) * 1_000)
        cpu_ms.append((time.thread_time() - cpu_started) * 1_000)
        heard.append(len(found))
    return took_ms, cpu_ms, heard


# --- brands --------------------------------------------------------------------------------------------


def _brands(make: Callable[[_Draw, int], str], texts: list[list[Word]], count: int, terms: int) -> list[Brand]:
    texts = [text for text in texts if len(text) > 20]
    vocabulary = sorted({word.text for text in texts for word in text if len(word.text) > 2} - {"and", "not"})
    cased = sorted({word.cased for text in texts for word in text if len(word.cased) > 2 and word.cased != word.text})
    draw = _Draw(texts, vocabulary, cased)
    return [Brand(id=f"brand{n}", name=f"Brand {n}", version="1", query=make(draw, terms)) for n in range(count)]


def _named_brands(texts: list[list[Word]], count: int, names: int) -> list[Brand]:
    """Return brands without a query: of their names half are words, a fifth endings of words, the others two words."""
    texts = [text for text in texts if len(text) > 20]
    words = sorted({word.cased for text in texts for word in text if len(word.cased) > 3 and word.cased[0].isupper()})
    drawn: dict[str, None] = {}
    while len(drawn) < count * names:
        kind, word = random.random(), random.choice(words)
        if kind < 0.5 and len(drawn) < len(words):
            drawn[word] = None
        elif kind < 0.7:
            drawn[word[: random.randint(3, len(word))] + random.choice(("o", "ix", "ano", "ula", "en", "eta"))] = None
        else:
            text = random.choice(texts)
            at = random.randrange(len(text) - 1)
            drawn[" ".join(word.cased[:30].capitalize() for word in text[at : at + 2])] = None
    each = list(drawn)
    return [
        Brand(id=f"brand{n}", name=each[n * names], version="1", aliases=tuple(each[n * names + 1 : (n + 1) * names]))
        for n in range(count)
    ]


def _named(draw: _Draw, terms: int) -> str:
    excluded = terms // 10
    names = [draw.phrase(2), draw.cased(), draw.word()][:NAMES]
    topics = draw.terms(terms - excluded - NAMES)
    return f"({' OR '.join(names)}) ({' OR '.join(topics)}) NOT ({' OR '.join(draw.terms(excluded))})"


def _alternatives(draw: _Draw, terms: int) -> str:
    return " OR ".join(draw.terms(terms))


class _Draw:
    """Draws terms: words by kind, so that most are rare; phrases by place, so that they occur."""

    def __init__(self, texts: list[list[Word]], vocabulary: list[str], cased: list[str]) -> None:
        self._texts = texts
        self._vocabulary = vocabulary
        self._cased = cased

    def word(self) -> str:
        return random.choice(self._vocabulary)

    def phrase(self, length: int) -> str:
        text = random.choice(self._texts)
        at = random.randrange(len(text) - length)
        return '"' + " ".join(word.text[:40] for word in text[at : at + length]) + '"'

    def cased(self) -> str:
        return "=" + random.choice(self._cased)

    def prefix(self) -> str:
        stems = (word[: random.randint(4, 8)] for word in iter(self.word, "") if len(find_words(word[:4])) == 1)
        return next(f"{stem}*" for stem in stems if len(stem) > 3)

    def near(self) -> str:
        words = list(dict.fromkeys(self.word() for _ in range(8)))[:6]
        return f"({' OR '.join(words[:3])}) NEAR/5 ({' OR '.join(words[3:])})"

    def terms(self, count: int) -> list[str]:
        """Return terms of which a query counts `count`: three in four are words, the others all that there is."""
        found: list[str] = []
        left = count
        while left > 0:
            kind = random.random()
            if kind < 0.02 and left >= 6:
                found.append(self.near())
                left -= 6
                continue
            left -= 1
            if kind < 0.75:
                found.append(self.word())
            elif kind < 0.85:
                found.append(self.phrase(random.randint(2, 4)))
            elif kind < 0.92:
                found.append(self.prefix())
            else:
                found.append(self.cased())
        return found


if __name__ == "__main__":
    main()
