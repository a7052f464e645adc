"""The text/plain part of an alert mail: everything the HTML says, for those who read it there. Knows no HTML."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from earshot.alerts.quote import Piece

if TYPE_CHECKING:
    from earshot.alerts.render import Item, Line, Page

_WIDTH = 76


def plain_text(page: Page) -> str:
    """Return the plain text; words that fired or that the verdict rests on stand between *asterisks*."""
    head = f"{page.severity.upper()} · {page.brand} · {page.rule}"
    if page.gathered:
        head += f"\n{page.gathered}"
    blocks = [head, *(_full(item) for item in page.full)]
    if page.more:
        blocks.append("\n".join(["ALSO", "", *(_short(item) for item in page.more)]))
    blocks.append(f"All incidents of {page.brand}:\n{page.overview}")
    stop = (
        f"Stop alerts about {page.brand}:\n{page.stop_page}" if page.stop_page else f"{page.stop}\n{page.stop_subject}"
    )
    blocks.append(f"-- \n{page.why_you}\n{stop}\n{page.signature}")
    return "\n\n".join(blocks) + "\n"


def _full(item: Item) -> str:
    """Return an incident: headline, where to open it, the quote, what is new; why it was sent comes last."""
    where = [("Open", item.link), ("Incident", item.incident), ("Original", item.original_url)]
    facts = [
        ("Found", f"{item.found}, {item.published}"),
        ("So far", item.course),
        ("Rating", item.verdict),
        ("Why", f"matched {item.fired}"),
        ("Rules", item.rules),
        ("Clause", item.clause),
    ]
    quoted = _quoted(item.quote)
    newest = ["Also new:", *(_short(line) for line in item.newest), ""] if item.newest else []
    parts = [_underlined(item.headline), *_facts(where), "", *([quoted, ""] if quoted else []), *newest, *_facts(facts)]
    return "\n".join(parts)


def _facts(facts: Sequence[tuple[str, str]]) -> list[str]:
    return [f"{name + ':':<10}{value}" for name, value in facts if value]


def _underlined(headline: str) -> str:
    lines = textwrap.wrap(headline, _WIDTH) or [headline]
    return "\n".join([*lines, "=" * min(_WIDTH, max(map(len, lines)))])


def _short(item: Item | Line) -> str:
    return f"* {item.headline}\n  {item.found}, {item.published}\n  {item.link}"


def _quoted(pieces: Sequence[Piece]) -> str:
    text = "".join(_marked(pieces))
    wrapped = (textwrap.wrap(line, _WIDTH - 2, break_on_hyphens=False) or [""] for line in text.split("\n"))
    return "\n".join(f"> {line}".rstrip() for lines in wrapped for line in lines)


def _marked(pieces: Iterable[Piece]) -> Iterable[str]:
    for piece in pieces:
        word = piece.text.strip()
        yield piece.text.replace(word, f"*{word}*") if piece.why and word else piece.text
