"""The text/plain part of a brief: everything the HTML says, for those who read it there. Knows no HTML."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from earshot.alerts.brief_render import BriefPage, Line, Section

_WIDTH = 76


def plain_text(page: BriefPage) -> str:
    """Return the plain text; each number is followed by the address of the mentions it counts."""
    blocks = [f"DAILY BRIEF · {page.brand}\n{page.day}", _underlined(page.headline)]
    if page.lead:
        blocks.append(textwrap.fill(page.lead, _WIDTH))
    if page.cautions:
        blocks.append("\n".join(textwrap.fill(line, _WIDTH) for line in page.cautions))
    if page.flagged:
        lines = [_line(line) for line in page.flagged]
        blocks.append("\n".join(["FLAGGED", "", *lines, *([page.more_flagged] if page.more_flagged else [])]))
        blocks.append(f"All incidents:\n{page.incidents}")
    blocks += [_section(section) for section in page.sections]
    blocks.append("\n".join(["WHAT WAS NOT HEARD", "", *_not_heard(page)]))
    blocks.append(f"The day on the Overview:\n{page.overview}")
    stop = f"Stop these briefs:\n{page.stop_page}" if page.stop_page else f"{page.stop}\n{page.stop_subject}"
    blocks.append(f"-- \n{page.why_you}\n{stop}\n{page.signature}")
    return "\n\n".join(blocks) + "\n"


def _underlined(headline: str) -> str:
    lines = textwrap.wrap(headline, _WIDTH) or [headline]
    return "\n".join([*lines, "=" * min(_WIDTH, max(map(len, lines)))])


def _line(line: Line) -> str:
    head = f"{line.severity.upper()}: {line.title}" if line.severity else line.title
    quote = textwrap.fill(line.quote, _WIDTH, initial_indent="  > ", subsequent_indent="  > ") if line.quote else ""
    title = textwrap.fill(head, _WIDTH, initial_indent="* ", subsequent_indent="  ")
    parts = [title, *([quote] if quote else []), f"  {line.what}"]
    return "\n".join([*parts, *([f"  {line.url}"] if line.url else [])])


def _section(section: Section) -> str:
    width = max(len(row.name) for row in section.rows)
    lines = [section.title.upper(), ""]
    for row in section.rows:
        share = f"{row.share_said}, " if row.share >= 0 else ""
        before = f"  ({share}{row.change}; {row.before} the day before)" if row.before_url else ""
        lines.append(f"{row.name:<{width}}  {row.now:>6}{before}\n  {row.url}")
    return "\n".join(lines)


def _not_heard(page: BriefPage) -> Iterator[str]:
    for gap in page.gaps:
        yield f"* {gap}"
    yield f"  (by the clock of {page.clock})" if page.gaps else textwrap.fill(page.heard, _WIDTH)
    if page.sources:
        yield ""
    for line in page.sources:
        yield _line(line)
    if page.more_sources:
        yield page.more_sources
    if page.sources:
        yield f"All of them:\n{page.problems}"
