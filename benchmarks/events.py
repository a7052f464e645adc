"""How well flagged mentions join incidents: one event each, by BCubed precision and recall.

    EARSHOT_SHARED=DIR python -m benchmarks.events [--only generated headlines] [--most 1200] [--demo DIR]

generated: a stream of ten days about one brand, made here: events of 1 to 40 posts in invented words, on 20 sites,
among chatter that no rule flags. headlines: the news stories of the labelled sets, as if one rule of one brand had
flagged all of them. --demo: the record of a demonstration that has run for some minutes; its posts are labelled below.

Precision: of the mentions that share an incident with one, how many tell of its event. Recall: of the mentions that
tell of its event, how many share its incident. Every mention counts the same. Real record, real code: only the texts
are made. Measured in order of arrival, and in a shuffled order within each six hours.
"""

from __future__ import annotations

import argparse
import csv
import os
import sqlite3
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from benchmarks.report import report
from earshot import identity
from earshot.alerts.routing import judge
from earshot.alerts.rules import RuleBook
from earshot.clock import SystemClock
from earshot.config.settings import AlertSettings
from earshot.model import (
    Brand,
    Category,
    DateFrom,
    Document,
    Flag,
    Recipient,
    Rule,
    Sentiment,
    Severity,
    TextIs,
    Verdict,
)
from earshot.ports import MentionWrite
from earshot.record import SqlRecord

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
BRAND = Brand(
    id="halden",
    name="Halden",
    version="1",
    rules=(Rule("all", "All", "halden", Severity.WARNING, (Recipient("mara@example.org"),)),),
)


@dataclass(frozen=True, slots=True)
class Post:
    """A text, when it was published, and what it tells of; event "" is chatter that no rule flags."""

    title: str
    text: str
    at: datetime
    site: str
    event: str
    language: str = "en"


def main() -> None:
    """Measure and report."""
    options = _options()
    rows = []
    for name, posts in _streams(options.only, options.most):
        for order, stream in (("arrival", posts), ("shuffled", _shuffled(posts))):
            rows.append({"stream": name, "order": order, **_measure(stream)})
    if options.demo:
        rows += _demo(Path(options.demo) / "var" / "record.db")
    report("events", rows, NOTES)


NOTES = [
    "one rule flags all of a stream, so that the rule itself is no evidence: only the words are",
    "headlines: titles only, no name in common; stories near each other in topic, so it is harder than one brand's day",
    "ms: judging one flagged mention with the incident found or opened, notices included, by one core",
]


def bcubed(labels: Sequence[str], found: Sequence[str]) -> tuple[float, float, float]:
    """Return precision, recall and F1, each 0..1, of a clustering against labels.

    Source: Bagga and Baldwin 1998, Algorithms for scoring coreference chains.
    """
    gold, made, both = Counter(labels), Counter(found), Counter(zip(labels, found, strict=True))
    pairs = list(zip(labels, found, strict=True))
    precision = sum(both[pair] / made[pair[1]] for pair in pairs) / len(pairs)
    recall = sum(both[pair] / gold[pair[0]] for pair in pairs) / len(pairs)
    return precision, recall, 2 * precision * recall / (precision + recall)


# --- streams


def _streams(only: Sequence[str], most: int) -> Iterator[tuple[str, list[Post]]]:
    if not only or "generated" in only:
        yield "generated", generated(Random(11))
    shared = os.environ.get("EARSHOT_SHARED")
    if shared and (not only or "headlines" in only):
        yield "headlines", list(_headlines(Path(shared) / "data" / "news_stories_uci" / "dev" / "headlines.csv"))[:most]


def generated(chance: Random) -> list[Post]:
    """Return a stream in order of time: sixty events, and four hundred posts of chatter."""
    common = [_word(chance) for _ in range(400)]
    topics = [[_word(chance) for _ in range(30)] for _ in range(8)]  # what one brand's events have in common
    posts = []
    for number in range(60):
        own = [_word(chance) for _ in range(14)]
        topic = topics[number % len(topics)]
        begin = BEGIN + timedelta(hours=chance.uniform(0, 240))
        for _ in range(min(40, int(chance.paretovariate(0.8)))):
            at = begin + timedelta(hours=min(40.0, chance.expovariate(1 / 6)))
            words = [*chance.sample(own, chance.randint(4, 8)), *chance.sample(topic, 6), *chance.sample(common, 25)]
            chance.shuffle(words)
            title = " ".join(chance.sample(own, 2) + chance.sample(common, 4))
            posts.append(Post(title, " ".join(words), at, f"s{chance.randrange(20)}.example", str(number)))
    for _ in range(400):
        at = BEGIN + timedelta(hours=chance.uniform(-48, 240))
        words = [*chance.sample(common, 30), *chance.sample(chance.choice(topics), 3)]
        posts.append(Post(" ".join(words[:5]), " ".join(words), at, "chatter.example", ""))
    return sorted(posts, key=lambda post: post.at)


def _word(chance: Random) -> str:
    return "".join(chance.choice("bdfgklmnprstvz") + chance.choice("aeiou") for _ in range(chance.randint(2, 4)))


def _headlines(file: Path) -> Iterator[Post]:
    with file.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            at = datetime.fromtimestamp(float(row["TIMESTAMP"]) / 1000, UTC)
            yield Post(row["TITLE"], "", at, row["HOSTNAME"], row["STORY"])


def _shuffled(posts: Sequence[Post]) -> list[Post]:
    chance = Random(3)
    return sorted(posts, key=lambda post: ((post.at - BEGIN) // timedelta(hours=6), chance.random()))


# --- measuring


def _measure(posts: Sequence[Post]) -> dict[str, object]:
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        record = SqlRecord(f"sqlite:///{folder}/record.db", clock)
        record.migrate()
        book = RuleBook([BRAND])
        events: dict[str, str] = {}
        took, latest = 0.0, posts[0].at
        for number, post in enumerate(posts):
            latest = max(latest, post.at)
            with record.write() as writer:
                document = _document(number, post)
                writer.put_document(document, [], "", b"", [])
                writer.join_story(document.id, [])
                writer.put_mentions(document.id, [_mention(document, post)], latest)
                if not post.event:
                    continue
                mention = writer.mentions_of(document.id)[0]
                events[mention.id] = post.event
                began = time.perf_counter()
                judge(
                    writer,
                    mention,
                    latest,
                    is_first_round=False,
                    has_real_date=True,
                    settings=AlertSettings(max_age=None),
                    book=book,
                )
                took += time.perf_counter() - began
        with record.read() as reader:
            incidents = reader.incidents(100_000)
            notices = len(reader.all_notices())
        record.close()
    found = {mention: incident.id for incident in incidents for mention in incident.mention_ids}
    precision, recall, f1 = bcubed(list(events.values()), [found[mention] for mention in events])
    return {
        "mentions": len(events),
        "events": len(set(events.values())),
        "incidents": len(incidents),
        "notices": notices,
        "precision": round(precision, 3),
        "recall": round(recall, 3),
        "f1": round(f1, 3),
        "ms": round(1000 * took / len(events), 1),
    }


def _document(number: int, post: Post) -> Document:
    url = f"http://{post.site}/{number}"
    return Document(
        id=identity.document_id(url),
        url=url,
        site=post.site,
        title=post.title,
        text=post.text,
        text_is=TextIs.FULL,
        author="",
        published_at=post.at,
        published_from=DateFrom.FEED,
        found_at=post.at,
        language=post.language,
        source_id="s",
        source_kind="feed",
        collection="default",
        scope="public",
    )


def _mention(document: Document, post: Post) -> MentionWrite:
    flags = (Flag("all", "All", Severity.WARNING, "", ()),) if post.event else ()
    verdict = Verdict("halden", 1.0, Sentiment.NEGATIVE, -0.5, (Category.COMPLAINT,), (), 0.9, "1", "1")
    return MentionWrite(identity.mention_id(document.id, "halden"), document.id, verdict, flags, is_own_voice=False)


# --- the demonstration

OUTAGE, CHARGED, KETTLE = "outage", "charged twice", "kettle"
DEMO = {
    CHARGED: (
        *("Harbor took my gym payment", "Charged twice by Harbor", "Doppelt abgebucht", "Cobros dobles"),
        *("Débités deux fois", "Harbor, four days after"),
    ),
    KETTLE: ("Burnt fingers", "Poignée brûlante", "Kettle handle melted", "Griff geschmolzen", "Family flees smoke"),
}
"""Beginnings of titles. Of Harbor all others tell of the outage; of the other brands each tells of its own event."""


def _demo(file: Path) -> Iterable[dict[str, object]]:
    rows = sqlite3.connect(f"file:{file}?mode=ro", uri=True).execute(
        "SELECT m.brand, d.title, im.incident_id FROM incident_mention im JOIN mention m ON m.id = im.mention_id"
        " JOIN document d ON d.id = m.document_id"
    )
    labelled = [(_label(brand, title), incident) for brand, title, incident in rows]
    precision, recall, f1 = bcubed([label for label, _ in labelled], [incident for _, incident in labelled])
    yield {
        "stream": "demonstration",
        "order": "arrival",
        "mentions": len(labelled),
        "events": len({label for label, _ in labelled}),
        "incidents": len({incident for _, incident in labelled}),
        "notices": f"{_most_mails(file)} mails to one person at most",
        "precision": round(precision, 3),
        "recall": round(recall, 3),
        "f1": round(f1, 3),
        "ms": "",
    }


def _label(brand: str, title: str) -> str:
    named = next((event for event, titles in DEMO.items() if title.startswith(titles)), "")
    if named or brand != "harbor":
        return named or title
    return title if title.startswith("Harbor refund?") else OUTAGE


def _most_mails(file: Path) -> int:
    rows = sqlite3.connect(f"file:{file}?mode=ro", uri=True).execute(
        "SELECT DISTINCT d.key, d.recipient FROM delivery d JOIN notice n ON n.delivery_key = d.key"
        " WHERE n.rule_id <> ''"
    )
    mails: defaultdict[str, int] = defaultdict(int)
    for _, recipient in rows:
        mails[recipient] += 1
    return max(mails.values(), default=0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], help="names of streams")
    parser.add_argument("--most", type=int, default=1200, help="of the headlines")
    parser.add_argument("--demo", default="", help="folder of a demonstration that has run")
    return parser.parse_args()


if __name__ == "__main__":
    main()
