"""How often the classifier is right, on sets that others labelled.

    EARSHOT_SHARED=DIR python -m benchmarks.accuracy [--only NAME ...] [--most N] [--buckets]

Only dev parts are read, and nothing of these sets is in the project. The baselines beside our figures are those that
were measured before on the same sets: VADER 3.3.2 (on the whole text unless said otherwise), majority, a capital
letter, py3langid. Texts that occur twice count once.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import report
from earshot.model import RELEVANT, Category, Entry, Recognised, Sentiment, Span, Verdict
from nlp.classifier import SpacyClassifier

NEGATIVE, NEUTRAL, POSITIVE = (sentiment.value for sentiment in Sentiment)
EUROPE = ("en", "fr", "de", "es", "pt", "it", "nl")


@dataclass(frozen=True, slots=True)
class Case:
    """A text, where the target stands in it (empty: all of the text is meant), and the label others gave."""

    text: str
    spans: tuple[tuple[int, int], ...]
    label: str


@dataclass(frozen=True, slots=True)
class Bench:
    """A set. metric: the figure its authors or the notes compare by. baseline: that figure's simple rival."""

    read: Callable[[Path], Iterable[Case]]
    judge: Callable[[Verdict], str]
    metric: str
    baseline: str


CLASSIFIER = SpacyClassifier()


def main() -> None:
    """Measure and report."""
    options = _options()
    shared = os.environ.get("EARSHOT_SHARED")
    if not shared:
        raise SystemExit("set EARSHOT_SHARED to the folder that holds the labelled sets")
    data = Path(shared) / "data"
    rows: list[dict[str, object]] = []
    for name, bench in BENCHES.items():
        if not options.only or name in options.only:
            rows.append(_measure(name, bench, _unique(bench.read(data))[: options.most], show=options.buckets))
    if not options.only or "langid" in options.only:
        rows += [_languages(data, length, options.most) for length in ("sentences", "word-pairs", "single-words")]
    report("accuracy", rows, NOTES)


NOTES = [
    "dev parts only, and errors there were looked at while lexicons were written: expect a little less on new texts",
    "metric: the figure to compare with the baseline; accuracy / macro F1 where two are given",
    "relevance: F1 negative is that of texts that are not about the brand",
    "banking77: share of customers' sentences with a question mark that get the category question or purchase intent",
    "language: without a hint; what both models doubt has no language, and counts as wrong",
]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], help="names of sets")
    parser.add_argument("--most", type=int, default=None, help="only the first N cases of a set")
    parser.add_argument("--buckets", action="store_true", help="also print how often labels are right, by score")
    return parser.parse_args()


def _measure(name: str, bench: Bench, cases: Sequence[Case], *, show: bool) -> dict[str, object]:
    started = time.process_time()
    verdicts = [_classify(case) for case in cases]
    took_s = time.process_time() - started
    pairs = [(case.label, bench.judge(verdict)) for case, verdict in zip(cases, verdicts, strict=True)]
    if show:
        _print_buckets(name, cases, verdicts)
    right = sum(truth == guess for truth, guess in pairs)
    return {
        "set": name,
        "n": len(pairs),
        "accuracy": right / len(pairs),
        "macro F1": macro_f1(pairs),
        "macro recall": _macro_recall(pairs),
        "recall negative": _recall(pairs, NEGATIVE) if any(t == NEGATIVE for t, _ in pairs) else "-",
        "F1 negative": _f1(pairs, NEGATIVE) if any(t == NEGATIVE for t, _ in pairs) else "-",
        "metric": bench.metric,
        "baseline": bench.baseline,
        "texts/s": len(pairs) / took_s,
    }


def _classify(case: Case) -> Verdict:
    heard = Recognised("brand", "1", tuple(Span("text", start, end) for start, end in case.spans))
    return CLASSIFIER.classify(Entry(url="", text=case.text), "en", [heard])[0]


def _unique(cases: Iterable[Case]) -> list[Case]:
    return list({(case.text, case.spans): case for case in cases}.values())


# --- figures -------------------------------------------------------------------------------------------


def macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    """Return the mean F1 over the labels that occur as truth."""
    labels = sorted({truth for truth, _ in pairs})
    return sum(_f1(pairs, label) for label in labels) / len(labels)


def _f1(pairs: Sequence[tuple[str, str]], label: str) -> float:
    both = sum(truth == guess == label for truth, guess in pairs)
    either = sum(truth == label for truth, _ in pairs) + sum(guess == label for _, guess in pairs)
    return 2 * both / either if either else 0.0


def _recall(pairs: Sequence[tuple[str, str]], label: str) -> float:
    guesses = [guess for truth, guess in pairs if truth == label]
    return sum(guess == label for guess in guesses) / len(guesses)


def _macro_recall(pairs: Sequence[tuple[str, str]]) -> float:
    labels = sorted({truth for truth, _ in pairs})
    return sum(_recall(pairs, label) for label in labels) / len(labels)


def _print_buckets(name: str, cases: Sequence[Case], verdicts: Sequence[Verdict]) -> None:
    right: Counter[tuple[str, float]] = Counter()
    all_of: Counter[tuple[str, float]] = Counter()
    for case, verdict in zip(cases, verdicts, strict=True):
        key = (verdict.sentiment.value, verdict.confidence)
        all_of[key] += 1
        right[key] += case.label == verdict.sentiment.value
    for key in sorted(all_of):
        print(f"{name}: {key[0]:9} said {key[1]:.2f} right {right[key] / all_of[key]:.2f} of {all_of[key]}")


# --- sets ----------------------------------------------------------------------------------------------


def _rows(path: Path, delimiter: str = ",") -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, delimiter=delimiter)


def _places(text: str, *names: str) -> tuple[tuple[int, int], ...]:
    pattern = "|".join(re.escape(name) for name in names)
    return tuple(match.span() for match in re.finditer(pattern, text, re.IGNORECASE))


def _airline(data: Path) -> Iterator[Case]:
    for row in _rows(data / "airline_tweets/dev/tweets.csv"):
        text = row["text"].replace("&amp;", "&")
        first = re.match(r"\s*@\w+", text)
        spans = _places(text, "@" + row["airline"].replace(" ", "")) or ((first.span(),) if first else ())
        yield Case(text, spans, row["airline_sentiment"])


_EMOTIONS = {"Positive emotion": POSITIVE, "Negative emotion": NEGATIVE}
_EMOTIONS["No emotion toward brand or product"] = NEUTRAL


def _emotions(data: Path) -> Iterator[Case]:
    for row in _rows(data / "brand_emotions/dev/tweets.csv"):
        label = _EMOTIONS.get(row["is_there_an_emotion_directed_at_a_brand_or_product"])
        target = row["emotion_in_tweet_is_directed_at"].replace(" App", "").split(" or ")
        if label:
            names = [name for name in target if name] or ["ipad", "iphone", "apple", "google", "android"]
            yield Case(row["tweet_text"], _places(row["tweet_text"], *names), label)


def _sanders(data: Path) -> Iterator[Case]:
    for row in _rows(data / "sanders_brands/dev/tweets.csv"):
        if row["TweetText"] and row["Sentiment"] in set(Sentiment):
            yield Case(row["TweetText"], _places(row["TweetText"], row["Topic"]), row["Sentiment"])


def _tweeteval(data: Path) -> Iterator[Case]:
    folder = data / "tweeteval/dev/sentiment"
    texts = (folder / "val_text.txt").read_text(encoding="utf-8").splitlines()
    labels = (folder / "val_labels.txt").read_text(encoding="utf-8").split()
    for text, label in zip(texts, labels, strict=True):
        yield Case(text, (), (NEGATIVE, NEUTRAL, POSITIVE)[int(label)])


def _targets(path: str) -> Callable[[Path], Iterator[Case]]:
    def read(data: Path) -> Iterator[Case]:
        for line in (data / path).read_text(encoding="utf-8").splitlines():
            sentence = json.loads(line)
            for target in sentence["targets"]:
                label = {2: NEGATIVE, 4: NEUTRAL, 6: POSITIVE}[int(float(target["polarity"]))]
                yield Case(sentence["sentence_normalized"], ((target["from"], target["to"]),), label)

    return read


def _vader(data: Path) -> Iterator[Case]:
    for line in (data / "vader_groundtruth/dev/tweets_GroundTruth.txt").read_text(encoding="utf-8").splitlines():
        _, mean, text = line.split("\t", 2)
        value = float(mean) / 4
        yield Case(text, (), POSITIVE if value >= 0.05 else NEGATIVE if value <= -0.05 else NEUTRAL)


def _wiki(surface: str) -> Callable[[Path], Iterator[Case]]:
    def read(data: Path) -> Iterator[Case]:
        for row in _rows(data / "brand_disambiguation_wiki/dev/sentences.tsv", "\t"):
            spans = _places(row["sentence"], row["surface"])
            if row["surface"] == surface and spans:
                yield Case(row["sentence"], spans, "about" if row["is_brand"] == "1" else NEGATIVE)

    return read


def _banking(data: Path) -> Iterator[Case]:
    for row in _rows(data / "banking77/dev/train.csv"):
        if row["text"].strip().endswith("?"):
            yield Case(row["text"], (), "asks")


def _of_sentiment(verdict: Verdict) -> str:
    return verdict.sentiment.value


def _of_relevance(verdict: Verdict) -> str:
    return "about" if verdict.relevance >= RELEVANT else NEGATIVE


def _of_question(verdict: Verdict) -> str:
    return "asks" if {Category.QUESTION, Category.PURCHASE_INTENT} & set(verdict.categories) else "says"


_MTSC = "newsmtsc/dev/train.jsonl"
_TWITTER = "targeted_twitter_acl14/dev/train.raw.jsonl"
_LAPTOPS = "absa_semeval14/dev/Laptops_Train.xml.seg.jsonl"
_FOOD = "absa_semeval14/dev/Restaurants_Train.xml.seg.jsonl"
BENCHES = {
    "airline_tweets": Bench(_airline, _of_sentiment, "accuracy / macro F1", "VADER .550 / .514; majority .627"),
    "brand_emotions": Bench(_emotions, _of_sentiment, "accuracy / macro F1", "VADER .533 / .460"),
    "sanders_brands": Bench(_sanders, _of_sentiment, "accuracy / macro F1", "VADER .542 / .511"),
    "tweeteval sentiment": Bench(_tweeteval, _of_sentiment, "macro recall", "VADER .570"),
    "newsmtsc": Bench(_targets(_MTSC), _of_sentiment, "macro F1", "VADER sentence .513, window .528"),
    "targeted_twitter_acl14": Bench(_targets(_TWITTER), _of_sentiment, "macro F1 / accuracy", "VADER .40 / .41"),
    "absa laptops": Bench(_targets(_LAPTOPS), _of_sentiment, "macro F1 / accuracy", "VADER .57 / .62"),
    "absa restaurants": Bench(_targets(_FOOD), _of_sentiment, "macro F1 / accuracy", "VADER .61 / .73"),
    "vader_groundtruth": Bench(_vader, _of_sentiment, "weighted F1", "VADER .945 (made with this set)"),
    "relevance apple": Bench(_wiki("apple"), _of_relevance, "accuracy", "capital letter .723"),
    "relevance ford": Bench(_wiki("ford"), _of_relevance, "accuracy", "capital letter .667"),
    "banking77 questions": Bench(_banking, _of_question, "share", "-"),
}


def _languages(data: Path, length: str, most: int | None) -> dict[str, object]:
    """Return how often the language of texts of one length is found, in seven languages."""
    right = total = 0
    started = time.process_time()
    for language in EUROPE:
        path = data / "langid_lingua/dev" / length / f"{language}.txt"
        for text in path.read_text(encoding="utf-8").splitlines()[:most]:
            total += 1
            right += CLASSIFIER.detect_language(text) == language
    baseline = {"sentences": ".998", "word-pairs": ".862", "single-words": ".631"}[length]
    return {
        "set": f"language, {length}",
        "n": total,
        "accuracy": right / total,
        "macro F1": "-",
        "macro recall": "-",
        "recall negative": "-",
        "F1 negative": "-",
        "metric": "accuracy",
        "baseline": f"py3langid {baseline} (told it is one of the seven)",
        "texts/s": total / (time.process_time() - started),
    }


if __name__ == "__main__":
    main()
