"""What the page of one mention shows: text with evidence, verdict, story, history. Knows no template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.board import Board
from dashboards.marking import Piece, cut, marks_of
from dashboards.view import View
from earshot.errors import QueryError
from earshot.model import Mention, Span
from earshot.ports import FoundIn, MentionEvent
from earshot.query.language import Purpose, parse
from earshot.query.matcher import spans_of

_STORY = 50
_ORDER = ("brand", "flag", "negative", "positive", "search")


@dataclass(frozen=True, slots=True)
class Reading:
    """One mention and all around it. whys: the reasons marked in the text, in an order that is the same on every page.

    article: a mention in the article that this comment answers, of the same brand where there is one, or None.
    tellings: the story's other documents, one mention each, oldest first; siblings: other brands in this document.
    """

    mention: Mention
    title: tuple[Piece, ...]
    text: tuple[Piece, ...]
    whys: tuple[str, ...]
    found_in: tuple[FoundIn, ...]
    history: tuple[MentionEvent, ...]
    tellings: tuple[Mention, ...]
    siblings: tuple[Mention, ...]
    article: Mention | None = None


def read_mention(board: Board, view: View, mention_id: str) -> Reading | None:
    """Return what is known of a mention, or None where there is no such active mention.

    Raises:
        StorageError: the record does not answer.
    """
    with board.record.read() as record:
        mention = next(iter(record.mentions([mention_id])), None)
        if mention is None:
            return None
        found_in = record.found_in(mention.document_id)
        history = record.mention_history(mention_id)
        answered = record.document_at(mention.parent) if mention.parent else ""
        articles = record.mentions_of(answered) if answered else []
        story = record.story_mentions(mention.story_id, _STORY) if mention.story_id else []
    marks = marks_of(mention, _found(view, mention))
    title, text = cut(mention.title, "title", marks), cut(mention.text, "text", marks)
    others = [other for other in story if other.document_id != mention.document_id]
    return Reading(
        mention=mention,
        title=tuple(title),
        text=tuple(text),
        whys=tuple(sorted({why for piece in (*title, *text) for why in piece.whys}, key=_rank)),
        found_in=tuple(found_in),
        history=tuple(history),
        tellings=tuple(_one_each(others, mention.brand)),
        siblings=tuple(o for o in story if o.document_id == mention.document_id and o.id != mention.id),
        article=next((a for a in articles if a.brand == mention.brand), next(iter(articles), None)),
    )


def _rank(why: str) -> tuple[int, str]:
    return (_ORDER.index(why) if why in _ORDER else len(_ORDER), why)


def _one_each(mentions: Sequence[Mention], brand: str) -> list[Mention]:
    """Return one mention per document, that of `brand` where there is one."""
    chosen: dict[str, Mention] = {}
    for mention in mentions:
        if mention.document_id not in chosen or mention.brand == brand:
            chosen[mention.document_id] = mention
    return list(chosen.values())


def _found(view: View, mention: Mention) -> tuple[Span, ...]:
    """Return where the words of the search that led here stand; a query that cannot be read marks nothing."""
    if not view.query:
        return ()
    try:
        node = parse(view.query, Purpose.SEARCH)
    except QueryError:
        return ()
    return spans_of(node, mention.title, mention.text)
