"""Which event a flagged mention tells of: the open incident of its brand that it joins, and why, or none.

Knows the record's port, no table, no rule's query and no mail. A mention joins an incident where both share a rule or
a category, were published within a day, and share rare words; how rare a word is, the latest documents of its language
say, and those about the brand. A rule that seldom fires is evidence too: then less likeness is enough, and still less
while it fires again and again (a wave); none is asked between languages, whose words cannot be compared.

Everything is bounded: 40 incidents, 12 mentions of each, 80 words of a mention, 600 documents that show what is common.
How well it joins is measured by `python -m benchmarks.events`.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from earshot.model import Evidence, Mention, Why
from earshot.ports import IncidentCandidate, IncidentMember, RecordReader, Sample
from earshot.query.words import Word, find_words
from earshot.stop_words import stop_words

Terms = Mapping[str, Sequence[float | str]]
"""What is compared of a mention: by stem its weight, and the word as it is written there."""

WINDOW = timedelta(hours=24)
"""A mention may join an incident that has a mention published so shortly before or after it."""

LONGEST = timedelta(days=3)
"""What an incident spans at most, so that what never ends is told anew from time to time."""

ALIKE = 0.1
"""From this likeness (cosine of the rare words, 0..1) on a mention joins an incident of the same rule."""

ALIKE_BY_RARE_RULE = 0.07
"""The same where a rule they share seldom fires."""

ALIKE_BY_CATEGORY = 0.12
"""The same where they share a category and no rule."""

ALIKE_IN_WAVE = 0.03
"""The same where the incident is a wave of a rule that seldom fires."""

SELDOM, SELDOM_AT_FIRST = 0.05, 0.5
"""A rule fires seldom that flagged at most this share of the brand's earlier mentions; while they are few, of all."""

WAVE, WAVE_SITES = 4, 3
"""So many mentions on so many sites are a wave."""

SHARED = 2
"""Rare words that must be shared at least, outside a wave."""

MOST_INCIDENTS, MOST_MEMBERS, MOST_TERMS, MOST_SAMPLES = 40, 12, 80, 600
_LEAD = 1200
_STEM = 6
"""Letters of a word that count: inflected forms of one word become one, in any European language."""

_TITLE = 2.0
_RARE = 1.0
"""Weight (natural logarithm of how seldom) from which a word tells anything."""

_OFTEN_ENOUGH = 30
"""Documents about a brand in one language from which on they say what is common for the brand."""

_KEPT = timedelta(hours=1)
_LOOK_AGAIN = timedelta(seconds=10)
_MOST_SHOWN = 6
_SMALL = 2
_FEW = 10


@dataclass(frozen=True, slots=True)
class Common:
    """How many of the sampled documents hold a stem, by language."""

    documents: Mapping[str, int] = field(default_factory=dict)
    holding: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def weight(self, stem: str, language: str) -> float:
        """Return how rare a stem is: 0 where every document holds it; 5 where one in 150 does."""
        count = self.documents.get(language, 0)
        held = self.holding.get(language, {}).get(stem, 0)
        return max(0.0, math.log((count + 1) / (held + 0.5)))

    @classmethod
    def of(cls, samples: Iterable[tuple[str, Iterable[str]]]) -> Common:
        """Count samples: language, and the stems of one document."""
        documents: Counter[str] = Counter()
        holding: dict[str, Counter[str]] = {}
        for language, stems in samples:
            documents[language] += 1
            holding.setdefault(language, Counter()).update(set(stems))
        return cls(documents, holding)


@dataclass(slots=True)
class _Kept:
    """What is common, as it was counted. count: of samples."""

    made_at: datetime
    count: int
    common: Common


class Events:
    """Compares mentions with incidents; remembers for an hour which words are common. Threads may share one."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._kept: dict[str, _Kept] = {}
        self._stems: dict[str, tuple[str, frozenset[str]]] = {}
        self._often: dict[str, tuple[datetime, frozenset[str]]] = {}
        self._lock = threading.Lock()

    def terms(self, reader: RecordReader, mention: Mention, names: Sequence[str], now: datetime) -> Terms:
        """Return the rare words of a mention with their weights. names: of its brand; they tell nothing here."""
        with self._lock:
            general = self._common(reader, "", now)
            own = self._common(reader, mention.brand, now)
        return terms_of(mention, names, general, own)

    def find(
        self, reader: RecordReader, mention: Mention, rule_ids: Sequence[str], terms: Terms, now: datetime
    ) -> tuple[str, Why] | None:
        """Return the open incident that a mention belongs to and why, or None where it tells of something new."""
        member, often = member_of(mention, rule_ids, terms), self._firing_often(reader, mention.brand, now)
        found = [
            (why.alike, candidate.incident_id, why)
            for candidate in _near(reader, mention)
            if (why := why_same(member, mention.published_at, candidate, often)) is not None
        ]
        if not found:
            return None
        _, incident_id, why = max(found, key=lambda each: each[0])  # equally alike: the one with the latest mention
        return incident_id, why

    def belated(self, reader: RecordReader, mention: Mention, incident_id: str, now: datetime) -> list[str]:
        """Return incidents that would have joined the one that a mention has just joined, had they come after it.

        What comes first from other languages, or before it is known what is common, opens incidents of its own; when a
        wave shows itself they become part of it. Only of one or two mentions: what is larger stands for itself.
        """
        candidates = {candidate.incident_id: candidate for candidate in _near(reader, mention)}
        wave = candidates.pop(incident_id, None)
        if wave is None or not is_wave(wave.members):
            return []
        often = self._firing_often(reader, mention.brand, now)
        small = [each for each in candidates.values() if 0 < len(each.members) <= _SMALL]
        return [
            each.incident_id
            for each in small
            if all(why_same(member, each.last_at, wave, often) is not None for member in each.members)
        ]

    def _common(self, reader: RecordReader, brand_id: str, now: datetime) -> Common:
        """Return what is common. Counted anew each hour; while there is little to count, each minute or each time."""
        kept = self._kept.get(brand_id)
        if kept and timedelta(0) <= now - kept.made_at < _kept_for(kept.count):
            return kept.common
        samples = _samples(reader, brand_id, now)
        if kept is None or kept.count != len(samples) or now - kept.made_at >= _KEPT:
            common = Common.of(self._stems_of(sample) for sample in samples)
            kept = self._kept[brand_id] = _Kept(now, len(samples), common)
        return kept.common

    def _firing_often(self, reader: RecordReader, brand_id: str, now: datetime) -> frozenset[str]:
        """Return the brand's rules that do not fire seldom, asked anew every ten seconds."""
        with self._lock:
            made_at, often = self._often.get(brand_id, (None, frozenset[str]()))
            if made_at is None or not timedelta(0) <= now - made_at < _LOOK_AGAIN:
                often = firing_often(reader, brand_id, now)
                self._often[brand_id] = now, often
            return often

    def _stems_of(self, sample: Sample) -> tuple[str, frozenset[str]]:
        if sample.document_id not in self._stems:
            if len(self._stems) > 20 * MOST_SAMPLES:
                self._stems.clear()
            stems = frozenset(stem for stem, _ in _stems(sample.text))
            self._stems[sample.document_id] = sample.language, stems
        return self._stems[sample.document_id]


def _kept_for(count: int) -> timedelta:
    if count >= MOST_SAMPLES // 2:
        return _KEPT
    return timedelta(minutes=1) if count >= MOST_SAMPLES // 6 else timedelta(0)


def _samples(reader: RecordReader, brand_id: str, now: datetime) -> list[Sample]:
    """Return documents that no rule flagged, so that a wave does not make its own words common; if few, others too."""
    calm = reader.samples(now + WINDOW, MOST_SAMPLES, brand_id, is_flagged=False)
    if len(calm) >= _FEW:
        return calm
    return [*calm, *reader.samples(now + WINDOW, MOST_SAMPLES // 2, brand_id, is_flagged=True)]


def terms_of(mention: Mention, names: Sequence[str], general: Common, own: Common) -> dict[str, list[float | str]]:
    """Return the rarest words of title and lead. own: what is common in what is written about the brand."""
    named = [*names, *(_named(mention, each) for each in mention.evidence if each.why == "brand")]
    name = {stem for each in named for stem, _ in _stems(each)}
    language = mention.language
    is_own_known = own.documents.get(language, 0) >= _OFTEN_ENOUGH
    found: dict[str, list[float | str]] = {}
    for part, factor in ((mention.title, _TITLE), (mention.text[:_LEAD], 1.0)):
        for stem, written in _stems(part):
            if stem in name or stem in found:
                continue
            weight = general.weight(stem, language)
            if is_own_known:
                weight = min(weight, own.weight(stem, language))
            if not _is_shown(written):  # short words are function words, in most languages
                weight /= 2
            if weight >= _RARE:
                found[stem] = [round(factor * weight, 2), written]
    rarest = sorted(found.items(), key=lambda item: -float(item[1][0]))[:MOST_TERMS]
    return dict(rarest)


def member_of(mention: Mention, rule_ids: Sequence[str], terms: Terms) -> IncidentMember:
    """Return a mention as it is compared."""
    categories = tuple(category.value for category in mention.categories)
    return IncidentMember(tuple(rule_ids), categories, terms, mention.site, mention.language)


def firing_often(reader: RecordReader, brand_id: str, now: datetime) -> frozenset[str]:
    """Return the rules of a brand that do not fire seldom, by its mentions of before the last days.

    Where these are few, by all; where all are few, of none is it known that it fires often.
    """
    earlier, flagged = reader.rule_counts(brand_id, now - LONGEST, MOST_SAMPLES // 2)
    seldom = SELDOM
    if earlier < _OFTEN_ENOUGH:
        earlier, flagged = reader.rule_counts(brand_id, now + WINDOW, MOST_SAMPLES // 2)
        seldom = SELDOM_AT_FIRST
    if earlier < _OFTEN_ENOUGH:
        return frozenset()
    return frozenset(rule for rule, count in flagged.items() if count > seldom * earlier)


def why_same(
    new: IncidentMember, published_at: datetime, candidate: IncidentCandidate, often: Collection[str] = ()
) -> Why | None:
    """Return why a mention tells of the same event as an incident's mentions, or None. often: rules that often fire."""
    members = candidate.members
    if not members or max(candidate.last_at, published_at) - min(candidate.first_at, published_at) > LONGEST:
        return None
    rules = tuple(rule for rule in new.rule_ids if any(rule in member.rule_ids for member in members))
    if not rules and not any(set(new.categories) & set(member.categories) for member in members):
        return None
    alike, shared = likeness(new.terms, [member.terms for member in members])
    words = _shown(new, shared)
    seldom = [rule for rule in rules if rule not in often]
    least = ALIKE_BY_RARE_RULE if seldom else ALIKE if rules else ALIKE_BY_CATEGORY
    if len(shared) >= SHARED and alike >= least:
        return Why("words", rules, words, alike)
    in_wave = [member for member in members if set(seldom) & set(member.rule_ids)]
    if not is_wave(in_wave):
        return None
    is_comparable = any(member.language == new.language for member in in_wave)
    if is_comparable and alike < ALIKE_IN_WAVE:
        return None
    return Why("wave", tuple(seldom), words, alike)


def is_wave(members: Sequence[IncidentMember]) -> bool:
    """Tell whether these are many, and on many sites."""
    return len(members) >= WAVE and len({member.site for member in members}) >= WAVE_SITES


def _near(reader: RecordReader, mention: Mention) -> list[IncidentCandidate]:
    since, until = mention.published_at - WINDOW, mention.published_at + WINDOW
    return reader.incident_candidates(mention.brand, since, until, most=MOST_INCIDENTS, members=MOST_MEMBERS)


def _shown(new: IncidentMember, shared: Sequence[str]) -> tuple[str, ...]:
    """Return the shared words that a person is shown as the reason: no function words, though they count."""
    common = stop_words(new.language)
    written = (str(new.terms[stem][1]) for stem in shared)
    return tuple(word for word in written if _is_shown(word) and word.lower() not in common)[:_MOST_SHOWN]


def _is_shown(word: str) -> bool:
    """Tell whether a word says something to a person who reads it alone."""
    return len(word) > 3 or not word.islower()


def likeness(terms: Terms, others: Sequence[Terms]) -> tuple[float, list[str]]:
    """Return the cosine between a mention's terms and the sum of others' (0..1), and the shared stems, rarest first."""
    total: dict[str, float] = {}
    for other in others:
        for stem, (weight, _) in other.items():
            total[stem] = total.get(stem, 0.0) + float(weight)
    mine = {stem: float(weight) for stem, (weight, _) in terms.items()}
    shared = sorted((stem for stem in mine if stem in total), key=lambda stem: (-mine[stem], stem))
    if not shared:
        return 0.0, []
    dot = sum(mine[stem] * total[stem] for stem in shared)
    norms = math.sqrt(sum(each * each for each in mine.values()) * sum(each * each for each in total.values()))
    return round(dot / norms, 3), shared


def _named(mention: Mention, each: Evidence) -> str:
    return (mention.title if each.part == "title" else mention.text)[each.start : each.end]


def _stems(text: str) -> Iterable[tuple[str, str]]:
    """Yield stems with the words as written: of one character (Han, kana, Hangul) two that touch make a stem."""
    words = find_words(text)
    for word in words:
        if len(word.text) > 1 and not (word.text.isdigit() and len(word.text) < 3):
            yield word.text[:_STEM], text[word.start : word.end]
    for one, two in pairwise(words):
        if _is_character(one) and _is_character(two) and one.end == two.start:
            yield one.text + two.text, text[one.start : two.end]


def _is_character(word: Word) -> bool:
    return len(word.text) == 1 and ord(word.text) >= 0x1100
