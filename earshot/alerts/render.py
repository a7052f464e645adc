"""From a letter to a mail: subject, plain text and HTML that say the same.

Knows neither the record nor the mail server; what all mails have in common is `frame`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from earshot.alerts import wording
from earshot.alerts.compose import bare_address
from earshot.alerts.frame import SUBJECT_MOST, Frame, Headers, label, to_html
from earshot.alerts.letters import Letter, Telling
from earshot.alerts.plain import one_line, shorten
from earshot.alerts.plaintext import plain_text
from earshot.alerts.quote import Piece, quote_text, quote_title
from earshot.config.settings import Settings
from earshot.model import Message, Severity

_IN_FULL = 6
"""Tellings of one mail that are shown in full; Gmail cuts a mail at 102 KB."""


@dataclass(frozen=True, slots=True)
class Item:
    """One telling in words, nothing escaped. original: host and path, empty where there is nothing to follow."""

    severity: str
    title: tuple[Piece, ...]
    quote: tuple[Piece, ...]
    fired: str
    clause: str
    verdict: str
    sentiment: str
    found: str
    published: str
    story: str
    link: str
    original: str
    original_url: str

    @property
    def headline(self) -> str:
        """The title without its marks."""
        return "".join(piece.text for piece in self.title).strip()


@dataclass(frozen=True, slots=True)
class Page:
    """What both renderings of a mail show. more: tellings that are shown as a line each."""

    subject: str
    brand: str
    severity: str
    rule: str
    full: tuple[Item, ...]
    more: tuple[Item, ...]
    why_you: str
    stop: str
    stop_subject: str
    stop_link: str
    overview: str
    signature: str

    @property
    def count(self) -> int:
        """How many tellings there are in all."""
        return len(self.full) + len(self.more)


class AlertRenderer:
    """Writes alert mails in the name of a workspace."""

    def __init__(self, settings: Settings) -> None:
        """Keep what is the same in every mail.

        Args:
            settings: `mail.sender`, `dashboards.public_url` (else its host and port), and the workspace's name.
        """
        self._frame = Frame(settings)
        boards = settings.dashboards
        self._base = (boards.public_url or f"http://{boards.host}:{boards.port}").rstrip("/")

    def render(self, letter: Letter) -> Message:
        """Return the mail of a letter; the same letter gives the same mail.

        Raises:
            MailError: the sender or the recipient is no address.
        """
        page = self._page(letter)
        first = letter.tellings[0]
        return Message(
            message_id=letter.delivery.message_id,
            sender=self._frame.sender,
            recipient=bare_address(letter.recipient.address),
            subject=page.subject,
            text=plain_text(page),
            html=to_html("alert.html", page),
            headers=self._headers(first),
        )

    def _page(self, letter: Letter) -> Page:
        first = letter.tellings[0]
        items = tuple(self._item(telling, letter.recipient.time_zone) for telling in letter.tellings)
        rule, brand = one_line(first.rule.name or first.rule.id, 80), one_line(first.brand.name, 60)
        return Page(
            subject=_subject(brand, first.flag.severity, items),
            brand=brand,
            severity=wording.SEVERITY[first.flag.severity],
            rule=rule,
            full=items[:_IN_FULL],
            more=items[_IN_FULL:],
            why_you=f"You get this because the rule “{rule}” of {brand} names {letter.recipient.address}.",
            stop=f"To get no more of these, write to {self._frame.sender_address} with the subject",
            stop_subject=stop_subject(first),
            stop_link=self._frame.stop_link(stop_subject(first)),
            overview=f"{self._base}/mentions?flag={quote(first.rule.id)}&brand={quote(first.brand.id)}",
            signature=self._frame.signature,
        )

    def _item(self, telling: Telling, time_zone: str) -> Item:
        mention = telling.mention
        return Item(
            severity=wording.SEVERITY[telling.flag.severity],
            title=tuple(quote_title(mention, telling.flag)),
            quote=tuple(quote_text(mention, telling.flag)),
            fired=wording.fired(telling),
            clause=one_line(telling.flag.clause, 200),
            verdict=wording.verdict(telling),
            sentiment=mention.sentiment.value,
            found=one_line(mention.site, 80),
            published=wording.published(mention, time_zone),
            story=wording.story(telling),
            link=f"{self._base}/mentions/{quote(mention.id)}",
            original=wording.original(mention.url),
            original_url=mention.url if wording.original(mention.url) else "",
        )

    def _headers(self, telling: Telling) -> Headers:
        list_id = f"{label(telling.rule.id)}.{label(telling.brand.id)}"
        urgent = (("Importance", "high"),) if telling.flag.severity is Severity.CRITICAL else ()
        return (*self._frame.headers(list_id, stop_subject(telling)), *urgent)


def stop_subject(telling: Telling) -> str:
    """Return the subject by which a recipient asks for no more mails of a rule."""
    return f"unsubscribe {label(telling.brand.id)}/{label(telling.rule.id)}"


def _subject(brand: str, severity: Severity, items: Sequence[Item]) -> str:
    head = f"[{brand}] {wording.SEVERITY[severity]}: "
    if len(items) == 1:
        return shorten(one_line(head + items[0].headline), SUBJECT_MOST)
    others = f" and {len(items) - 1} more"
    first = shorten(items[0].headline, max(20, SUBJECT_MOST - len(head) - len(others)))
    return one_line(head + first) + others
