"""The plain text of a brief, as its first recipient would get it, for somebody at a prompt. Sends nothing."""

from __future__ import annotations

from earshot.alerts.brief_render import BriefRenderer
from earshot.alerts.brief_text import plain_text
from earshot.alerts.letters import brief_letter
from earshot.alerts.rules import RuleBook
from earshot.briefs import Figures
from earshot.config.settings import Settings
from earshot.model import Brand, Delivery, DeliveryState, Recipient
from earshot.ports import RecordReader


def preview(reader: RecordReader, figures: Figures, brand: Brand, book: RuleBook, settings: Settings) -> str:
    """Return subject and plain text of a brief; where nobody gets it, as somebody in the workspace's zone would.

    Without `mail.sender` an address that is nobody's stands in its place.
    """
    people = brand.brief_recipients or (Recipient("nobody@earshot.invalid", time_zone=settings.time_zone),)
    if not settings.mail.sender:
        mail = settings.mail.model_copy(update={"sender": "earshot@earshot.invalid"})
        settings = settings.model_copy(update={"mail": mail})
    delivery = Delivery("preview", "mail", people[0].address, DeliveryState.PENDING, "<preview@earshot.invalid>", 0, ())
    page = BriefRenderer(settings).page(brief_letter(reader, figures, brand, people[0], delivery, book))
    return f"Subject: {page.subject}\n\n{plain_text(page)}"
