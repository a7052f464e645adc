"""The renderer of every letter that the relay sends. Knows which is written by whom."""

from __future__ import annotations

from earshot.alerts.brief_render import BriefRenderer
from earshot.alerts.letters import AnyLetter, BriefLetter
from earshot.alerts.render import AlertRenderer
from earshot.alerts.unsubscribing import Unsubscribing
from earshot.config.settings import Settings
from earshot.model import Message


class Renderer:
    """Writes alert mails and briefs in the name of a workspace."""

    def __init__(self, settings: Settings, unsubscribing: Unsubscribing | None = None) -> None:
        """Make both. unsubscribing: makes the links that stop a person's mails; None: only by writing to the sender."""
        self._alerts = AlertRenderer(settings, unsubscribing)
        self._briefs = BriefRenderer(settings, unsubscribing)

    def render(self, letter: AnyLetter) -> Message:
        """Return the mail of a letter; the same letter gives the same mail.

        Raises:
            MailError: the sender or the recipient is no address.
        """
        return self._briefs.render(letter) if isinstance(letter, BriefLetter) else self._alerts.render(letter)
