"""What a query means to a text: whether it matches, where, and by which words. The law for the engines' meanings.

Knows no engine, and not where the text comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from earshot.model import DocumentKind, Mention, Span
from earshot.query.links import link_values
from earshot.query.reading import Part, Range, read
from earshot.query.times import instant
from earshot.query.tree import (
    AUTHOR,
    BOTH,
    TEXT,
    TITLE,
    And,
    Everything,
    Handle,
    Is,
    Near,
    Node,
    Not,
    Or,
    Prefix,
    Tag,
    When,
    Words,
)

Stretch = tuple[int, int, int]
"""A Span as it is sorted: 0 for the title or 1 for the text, start, end."""


@dataclass(frozen=True, slots=True)
class Match:
    """What decided. clause: of the alternatives of a query the first that holds, as written.

    spans: where the words of that clause stand in title and text, in order, title first, none overlapping.
    words: the different ones of them, as the text has them, in that order. Both are empty where only fields decided.
    """

    spans: tuple[Span, ...]
    clause: str
    words: tuple[str, ...]


class Subject:
    """What a query is asked of. values: by field of the index, all values of it. published_at None: unknown, so now."""

    def __init__(
        self,
        title: str,
        text: str,
        author: str = "",
        values: Callable[[str], Iterable[str]] = lambda _: (),
        published_at: datetime | None = None,
    ) -> None:
        self.title, self.text = title, text
        self._texts = {TITLE: title, TEXT: text, AUTHOR: author}
        self.values = values
        self.published_at = published_at

    def part(self, name: str) -> Part:
        """Return a part laid out."""
        return read(self._texts[name])


def match(node: Node, mention: Mention, time_zone: str = "UTC") -> Match | None:
    """Return what decided, or None where `node` does not match `mention`.

    time_zone: IANA, for dates: the reader's, or the workspace's for what is written in YAML.

    Raises:
        ConfigError: no such time zone.
    """
    subject = Subject(mention.title, mention.text, mention.author, _values_of(mention), mention.published_at)
    if not holds(node, subject, time_zone):
        return None
    clause = node
    while isinstance(clause, Or):
        clause = next(child for child in clause.nodes if holds(child, subject, time_zone))
    spans = spans_in(clause, subject)
    texts = {TITLE: mention.title, TEXT: mention.text}
    words = dict.fromkeys(texts[span.part][span.start : span.end] for span in spans)
    return Match(spans, clause.said, tuple(words))


def spans_of(node: Node, title: str, text: str) -> tuple[Span, ...]:
    """Return where the words that `node` looks for stand, for highlights: in order, title first, none overlapping.

    What is negated is not looked for. Alternatives that alone would not match are shown too.
    """
    return spans_in(node, Subject(title, text))


def holds(node: Node, subject: Subject, time_zone: str) -> bool:
    """Tell whether `node` matches."""
    match node:
        case And():
            return all(holds(child, subject, time_zone) for child in node.nodes)
        case Or():
            return any(holds(child, subject, time_zone) for child in node.nodes)
        case Not():
            return not holds(node.node, subject, time_zone)
        case Words() | Prefix() | Near():
            return any(_find(node, subject.part(name)) for name in node.parts)
        case Tag():
            return any(mark.text == node.tag for name in (TITLE, TEXT) for mark in subject.part(name).tags)
        case Handle():
            return any(mark.text == node.handle for name in (TITLE, TEXT) for mark in subject.part(name).handles)
        case Is():
            return node.value in subject.values(node.field)
        case When():
            return is_when(node, subject.published_at, time_zone)
    return isinstance(node, Everything)


def is_when(node: When, published_at: datetime | None, time_zone: str) -> bool:
    """Tell whether a time lies where `node` says. None is now: later than any day a query names."""
    if published_at is None:
        return node.is_since
    return (published_at >= instant(node.moment, time_zone)) is node.is_since


def spans_in(node: Node, subject: Subject) -> tuple[Span, ...]:
    """Return where the words that `node` looks for stand in title and text, in order, none overlapping."""
    return merged(stretches_in(node, subject))


def merged(stretches: Iterable[Stretch]) -> tuple[Span, ...]:
    """Return stretches as spans in order, title first, those that overlap made one."""
    found: list[Stretch] = []
    rank, begun, ended = -1, 0, 0
    for stretch in sorted(stretches):
        if stretch[0] == rank and stretch[1] < ended:
            ended = max(ended, stretch[2])
        else:
            found.append((rank, begun, ended))
            rank, begun, ended = stretch
    found.append((rank, begun, ended))
    return tuple(Span(BOTH[rank], start, end) for rank, start, end in found[1:])


def _find(node: Words | Prefix | Near, part: Part) -> list[Range]:
    return part.find_near(node) if isinstance(node, Near) else part.find_term(node)


def stretches_in(node: Node, subject: Subject) -> Iterator[Stretch]:
    """Yield where the words that `node` looks for stand in title and text, in no order."""
    match node:
        case And() | Or():
            for child in node.nodes:
                yield from stretches_in(child, subject)
        case Words() | Prefix() | Near():
            for rank, name in enumerate(BOTH):
                if name in node.parts:
                    words = subject.part(name).words
                    for first, after in _find(node, subject.part(name)):
                        yield rank, words[first].start, words[after - 1].end
        case Tag():
            for rank, name in enumerate(BOTH):
                yield from ((rank, m.start, m.end) for m in subject.part(name).tags if m.text == node.tag)
        case Handle():
            for rank, name in enumerate(BOTH):
                yield from ((rank, m.start, m.end) for m in subject.part(name).handles if m.text == node.handle)


def _values_of(mention: Mention) -> Callable[[str], Iterable[str]]:
    def values(field: str) -> Iterable[str]:
        if field == "category":
            return [category.value for category in mention.categories]
        if field == "flag":
            return [flag.rule_id for flag in mention.flags]
        if field == "kind":
            return (DocumentKind.of(mention.parent),)
        if field == "link":
            return link_values(mention.links)
        return (str(getattr(mention, field)),)

    return values
