"""From a brief's letter to a mail: subject, plain text and HTML that say the same, every number a link.

Knows neither the record nor the mail server. Rendered for one audience; levels of their own come with the reports.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from earshot.alerts import brief_words as words
from earshot.alerts import wording
from earshot.alerts.brief_text import plain_text
from earshot.alerts.compose import bare_address
from earshot.alerts.frame import SUBJECT_MOST, Frame, label, to_html
from earshot.alerts.letters import BriefLetter, Flagged
from earshot.alerts.links import Links
from earshot.alerts.plain import one_line, shorten
from earshot.alerts.unsubscribing import BRIEF, Unsubscribing
from earshot.briefs import Figures, Ranked
from earshot.config.settings import Settings
from earshot.model import Message, Severity

_GONE = "Withdrawn, corrected or erased since"
_QUOTED = 180
_MOST_SOURCES, _MOST_GAPS, _MOST_VOICES = 8, 6, 8


@dataclass(frozen=True, slots=True)
class Row:
    """A number of the day and of the day before, each with the link to what it counts.

    share: 0..100 of all, for a bar, or -1 where it is a share of nothing. is_head: stands out.
    """

    name: str
    now: str
    url: str
    before: str
    before_url: str
    change: str
    is_head: bool = False
    share: int = -1
    share_said: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """Something to look at, with its link; empty where there is nothing to open. quote: of its text, on one line."""

    title: str
    what: str
    url: str
    severity: str = ""
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A table of numbers under a title."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class BriefPage:
    """What both renderings of a brief show, nothing escaped."""

    subject: str
    brand: str
    tone: str
    headline: str
    lead: str
    day: str
    cautions: tuple[str, ...]
    flagged: tuple[Line, ...]
    more_flagged: str
    incidents: str
    sections: tuple[Section, ...]
    heard: str
    gaps: tuple[str, ...]
    clock: str
    sources: tuple[Line, ...]
    more_sources: str
    problems: str
    overview: str
    why_you: str
    stop_page: str
    stop: str
    stop_subject: str
    stop_link: str
    signature: str


class BriefRenderer:
    """Writes briefs in the name of a workspace."""

    def __init__(self, settings: Settings, unsubscribing: Unsubscribing | None = None) -> None:
        """Keep what is the same in every brief. unsubscribing: makes the link that stops a person's briefs, or None."""
        self._frame, self._settings, self._unsubscribing = Frame(settings), settings, unsubscribing

    def render(self, letter: BriefLetter) -> Message:
        """Return the mail of a brief; the same letter gives the same mail.

        Raises:
            MailError: the sender or the recipient is no address.
        """
        page = self.page(letter)
        return Message(
            message_id=letter.delivery.message_id,
            sender=self._frame.sender,
            recipient=bare_address(letter.recipient.address),
            subject=page.subject,
            text=plain_text(page),
            html=to_html("brief.html", page),
            headers=self._frame.headers(f"{label(letter.brand.id)}.briefs", page.stop_subject, page.stop_page),
        )

    def page(self, letter: BriefLetter) -> BriefPage:
        """Return what the mail says."""
        figures, zone = letter.figures, letter.recipient.time_zone
        links, brand = Links(self._settings, zone), one_line(letter.brand.name, 60)
        head, day = words.headline(letter), figures.day
        hidden_sources = figures.missed - min(len(figures.sources), _MOST_SOURCES)
        hidden_flags = figures.flagged - len(letter.flagged)
        stop = f"unsubscribe from the brief of {label(letter.brand.id)}"
        return BriefPage(
            subject=shorten(one_line(f"[{brand}] {words.short_day(figures.date)}: {head}"), SUBJECT_MOST),
            brand=brand,
            tone=words.tone(figures),
            headline=head,
            lead=words.lead(figures),
            day=words.whose_day(figures),
            cautions=tuple(words.cautions(figures)),
            flagged=tuple(_flagged(flagged, links, zone) for flagged in letter.flagged),
            more_flagged=f"And {words.number(hidden_flags)} more" if hidden_flags else "",
            incidents=links.incidents(letter.brand.id),
            sections=tuple(section for section in _sections(letter, links) if section.rows),
            heard=words.heard(figures),
            gaps=tuple(words.gap(gap, zone, figures.date) for gap in figures.hours.gaps[:_MOST_GAPS]),
            clock=zone,
            sources=tuple(_sources(letter, links)),
            more_sources=f"And {words.many(hidden_sources, 'more source', 'more sources')}" if hidden_sources else "",
            problems=links.problems(),
            overview=links.overview(day.since, day.until, brand=letter.brand.id),
            why_you=f"You get this each morning because the brief of {brand} names {letter.recipient.address}.",
            stop_page=self._stop_page(letter),
            stop=f"To get no more of these, write to {self._frame.sender_address} with the subject",
            stop_subject=stop,
            stop_link=self._frame.stop_link(stop),
            signature=self._frame.signature,
        )

    def _stop_page(self, letter: BriefLetter) -> str:
        if self._unsubscribing is None:
            return ""
        return self._unsubscribing.link(letter.recipient.address, letter.brand.id, BRIEF)


def _sections(letter: BriefLetter, links: Links) -> Iterator[Section]:
    figures, brand = letter.figures, letter.brand.id
    counts = _Counts(figures, links)
    now, before = figures.now, figures.before
    yield Section(
        "Mentions",
        (
            counts.row("All mentions", now.mentions, before.mentions, is_head=True, brand=brand),
            counts.row("▼ Negative", now.negative, before.negative, brand=brand, sentiment="negative"),
            counts.row("■ Neutral", now.neutral, before.neutral, brand=brand, sentiment="neutral"),
            counts.row("▲ Positive", now.positive, before.positive, brand=brand, sentiment="positive"),
            counts.row("Flagged by a rule", now.flagged, before.flagged, brand=brand, flagged="yes"),
            *([counts.own(brand)] if figures.own else []),
        ),
    )
    if len(figures.voices) > 1:
        yield Section("Share of voice among our brands", tuple(_voices(letter, counts)))
    sites = (counts.row(one_line(s.name, 60), s.count, s.before, brand=brand, site=s.name) for s in _top(figures.sites))
    yield Section("Sites", tuple(sites))
    kinds = (
        counts.row(words.category(c.name), c.count, c.before, brand=brand, category=c.name)
        for c in _top(figures.categories)
    )
    yield Section("What they are", tuple(kinds))


def _top(ranked: Sequence[Ranked], most: int = 5) -> Sequence[Ranked]:
    return ranked[:most]


def _voices(letter: BriefLetter, counts: _Counts) -> Iterator[Row]:
    voices = letter.figures.voices
    total = sum(voice.count for voice in voices)
    mine = [voice for voice in voices if voice.name == letter.brand.id]
    shown = [voice for voice in voices if voice.name != letter.brand.id][: _MOST_VOICES - 1]
    for voice in sorted([*mine, *shown], key=lambda each: (-each.count, each.name)):
        name = one_line(letter.brands.get(voice.name, voice.name), 60)
        share = round(100 * voice.count / total) if total else 0
        is_mine = voice.name == letter.brand.id
        yield counts.row(name, voice.count, voice.before, is_head=is_mine, share=share, brand=voice.name)


@dataclass(frozen=True, slots=True)
class _Counts:
    """Makes rows whose numbers lead to exactly the mentions they count."""

    figures: Figures
    links: Links

    def row(self, name: str, now: int, before: int, *, is_head: bool = False, share: int = -1, **filters: str) -> Row:
        day = self.figures.day
        return Row(
            name=name,
            now=words.number(now),
            url=self.links.mentions(day.since, day.until, **filters),
            before=words.number(before),
            before_url=self.links.mentions(day.before.since, day.before.until, **filters),
            change=words.change(now, before),
            is_head=is_head,
            share=share,
            share_said="under 1%" if now and share == 0 else f"{share}%",
        )

    def own(self, brand: str) -> Row:
        """Return the row of the own voice, which no other number counts; nobody compares it."""
        day, own = self.figures.day, words.number(self.figures.own)
        url = self.links.mentions(day.since, day.until, brand=brand, voice="own")
        return Row("Own voice, not counted above", own, url, "", "", "")


def _flagged(flagged: Flagged, links: Links, zone: str) -> Line:
    told, mention = flagged.told, flagged.mention
    severity = wording.SEVERITY[Severity(told.severity)]
    rule = one_line(flagged.rule, 80)
    if mention is None:
        return Line(_GONE, rule, "", severity)
    title = one_line(mention.title, 160) or one_line(mention.text, 160) or one_line(mention.site, 80)
    others = f" · {words.many(told.mentions, 'mention')} of it" if told.mentions > 1 else ""
    where = f"{one_line(mention.site, 80)}, {wording.published(mention, zone)}"
    quote = one_line(mention.text, _QUOTED) if one_line(mention.title) else ""
    return Line(title, f"{rule} · {where}{others}", links.mention(mention.id), severity, quote)


def _sources(letter: BriefLetter, links: Links) -> Iterator[Line]:
    zone = letter.recipient.time_zone
    for missed in letter.figures.sources[:_MOST_SOURCES]:
        name = one_line(letter.sources.get(missed.source_id, missed.source_id), 80)
        yield Line(name, words.missed(missed, zone), links.source(missed.source_id))
