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
from earshot.alerts.mentions_header import mentions_header
from earshot.alerts.plain import one_line, shorten
from earshot.alerts.plaintext import plain_text
from earshot.alerts.quote import Piece, quote_text, quote_title
from earshot.alerts.unsubscribing import ALERTS, Unsubscribing
from earshot.config.settings import Settings
from earshot.model import Mention, Message, Occasion, Severity

_IN_FULL = 6
"""Tellings of one mail that are shown in full; Gmail cuts a mail at 102 KB."""


@dataclass(frozen=True, slots=True)
class Line:
    """Another mention of an incident, as a line."""

    headline: str
    found: str
    published: str
    link: str


@dataclass(frozen=True, slots=True)
class Item:
    """One incident in words, nothing escaped. original: host and path, empty where there is nothing to follow.

    course: how many tell of it, where and since when. newest: what came since the last mail. incident: its page.
    """

    severity: str
    title: tuple[Piece, ...]
    quote: tuple[Piece, ...]
    fired: str
    rules: str
    clause: str
    verdict: str
    sentiment: str
    found: str
    published: str
    course: str
    newest: tuple[Line, ...]
    incident: str
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
    gathered: str
    full: tuple[Item, ...]
    more: tuple[Item, ...]
    why_you: str
    stop_page: str
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

    def __init__(self, settings: Settings, unsubscribing: Unsubscribing | None = None) -> None:
        """Keep what is the same in every mail.

        Args:
            settings: `mail.sender`, `dashboards.public_url` (else its host and port), and the workspace's name.
            unsubscribing: makes the link that stops a person's alerts, or None.
        """
        self._frame, self._unsubscribing = Frame(settings), unsubscribing
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
            headers=(*self._headers(first, page.stop_page), mentions_header(letter.tellings)),
        )

    def _page(self, letter: Letter) -> Page:
        first, address = letter.tellings[0], letter.recipient.address
        stop_page = self._unsubscribing.link(address, first.brand.id, ALERTS) if self._unsubscribing else ""
        items = tuple(self._item(telling, letter.recipient.time_zone) for telling in letter.tellings)
        rule, brand = one_line(first.rule.name or first.rule.id, 80), one_line(first.brand.name, 60)
        return Page(
            subject=_subject(brand, letter.tellings, items),
            brand=brand,
            severity=wording.SEVERITY[first.flag.severity],
            rule=items[0].rules,
            gathered=_gathered(letter.tellings),
            full=items[:_IN_FULL],
            more=items[_IN_FULL:],
            why_you=f"You get this because the rule “{rule}” of {brand} names {address}.",
            stop_page=stop_page,
            stop=f"To get no more of these, write to {self._frame.sender_address} with the subject",
            stop_subject=stop_subject(first),
            stop_link=self._frame.stop_link(stop_subject(first)),
            overview=f"{self._base}/incidents?brand={quote(first.brand.id)}",
            signature=self._frame.signature,
        )

    def _item(self, telling: Telling, time_zone: str) -> Item:
        mention = telling.mention
        return Item(
            severity=wording.SEVERITY[telling.flag.severity],
            title=tuple(quote_title(mention, telling.flag)),
            quote=tuple(quote_text(mention, telling.flag)),
            fired=wording.fired(telling),
            rules=", ".join(one_line(rule, 80) for rule in telling.rules) or one_line(telling.rule.name, 80),
            clause=one_line(telling.flag.clause, 200),
            verdict=wording.verdict(telling),
            sentiment=mention.sentiment.value,
            found=one_line(mention.site, 80),
            published=wording.published(mention, time_zone),
            course=wording.course(telling, time_zone),
            newest=tuple(self._line(mention, time_zone) for mention in telling.newest),
            incident=f"{self._base}/incidents/{quote(telling.incident.id)}",
            link=f"{self._base}/mentions/{quote(mention.id)}",
            original=wording.original(mention.url),
            original_url=mention.url if wording.original(mention.url) else "",
        )

    def _line(self, mention: Mention, time_zone: str) -> Line:
        return Line(
            headline=one_line(mention.title or mention.text, 160) or one_line(mention.site, 80),
            found=one_line(mention.site, 80),
            published=wording.published(mention, time_zone),
            link=f"{self._base}/mentions/{quote(mention.id)}",
        )

    def _headers(self, telling: Telling, stop_page: str) -> Headers:
        """Return the headers; a further mail about an incident answers the first, so that both are one thread.

        Source: RFC 5322 section 3.6.4.
        """
        list_id = f"alerts.{label(telling.brand.id)}"
        is_urgent = telling.flag.severity is Severity.CRITICAL and telling.occasion is not Occasion.UPDATE
        urgent = (("Importance", "high"),) if is_urgent else ()
        thread = (("In-Reply-To", telling.thread), ("References", telling.thread)) if telling.thread else ()
        return (*self._frame.headers(list_id, stop_subject(telling), stop_page), *urgent, *thread)


def stop_subject(telling: Telling) -> str:
    """Return the subject by which a recipient asks for no more alerts of a brand."""
    return f"unsubscribe {label(telling.brand.id)}"


def _gathered(tellings: Sequence[Telling]) -> str:
    """Say why several incidents share a mail; empty where there is one."""
    if len(tellings) < 2:
        return ""
    brand = tellings[0].brand
    name = one_line(brand.name, 60)
    return f"{len(tellings)} in one mail: you get at most {brand.max_per_hour} alerts about {name} an hour."


def _subject(brand: str, tellings: Sequence[Telling], items: Sequence[Item]) -> str:
    """Name the brand, the severity and the event; of an update how many mentions there are."""
    first = tellings[0]
    severity = wording.SEVERITY[first.flag.severity]
    headline = items[0].headline
    if first.before:
        kind = f"Now {severity.lower()}" if first.occasion is Occasion.RISE else "Update"
        count = "1 mention" if first.size == 1 else f"{first.size} mentions"
        head, headline = f"[{brand}] {kind}: {count}: ", one_line(first.headline) or headline
    else:
        head = f"[{brand}] {severity}: "
    if len(items) == 1:
        return shorten(one_line(head + headline), SUBJECT_MOST)
    others = f" and {len(items) - 1} more"
    cut = shorten(headline, max(20, SUBJECT_MOST - len(head) - len(others)))
    return one_line(head + cut) + others
