"""The text/plain part of an alert mail: everything the HTML says, for those who read it there. Knows no HTML."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from earshot.alerts.quote import Piece

if TYPE_CHECKING:
    from earshot.alerts.render import Item, Page

_WIDTH = 76


def plain_text(page: Page) -> str:
    """Return the plain text; words that fired or that the verdict rests on stand between *asterisks*."""
    head = f"{page.severity.upper()} · {page.brand} · rule “{page.rule}”"
    if page.count > 1:
        head += f"\n{page.count} new in one mail, because the rule allows only so many an hour."
    blocks = [head, *(_full(item) for item in page.full)]
    if page.more:
        blocks.append("\n".join(["ALSO", "", *(_short(item) for item in page.more)]))
    blocks.append(f"All of this rule:\n{page.overview}")
    blocks.append(f"-- \n{page.why_you}\n{page.stop}\n{page.stop_subject}\n{page.signature}")
    return "\n\n".join(blocks) + "\n"


def _full(item: Item) -> str:
    facts = [
        ("Fired on", item.fired),
        ("Clause", item.clause),
        ("Verdict", item.verdict),
        ("Found", f"{item.found}, {item.published}"),
        ("Story", item.story),
        ("Mention", item.link),
        ("Original", item.original_url),
    ]
    lines = [f"{name + ':':<10}{value}" for name, value in facts if value]
    quoted = _quoted(item.quote)
    return "\n".join([_underlined(item.headline), "", *([quoted, ""] if quoted else []), *lines])


def _underlined(headline: str) -> str:
    lines = textwrap.wrap(headline, _WIDTH) or [headline]
    return "\n".join([*lines, "=" * min(_WIDTH, max(map(len, lines)))])


def _short(item: Item) -> str:
    return f"* {item.headline}\n  {item.found}, {item.published}\n  {item.link}"


def _quoted(pieces: Sequence[Piece]) -> str:
    text = "".join(_marked(pieces))
    wrapped = (textwrap.wrap(line, _WIDTH - 2, break_on_hyphens=False) or [""] for line in text.split("\n"))
    return "\n".join(f"> {line}".rstrip() for lines in wrapped for line in lines)


def _marked(pieces: Iterable[Piece]) -> Iterable[str]:
    for piece in pieces:
        word = piece.text.strip()
        yield piece.text.replace(word, f"*{word}*") if piece.why and word else piece.text
