"""The renderer of every letter that the relay sends. Knows which is written by whom."""

from __future__ import annotations

from earshot.alerts.brief_render import BriefRenderer
from earshot.alerts.letters import AnyLetter, BriefLetter
from earshot.alerts.render import AlertRenderer
from earshot.config.settings import Settings
from earshot.model import Message


class Renderer:
    """Writes alert mails and briefs in the name of a workspace."""

    def __init__(self, settings: Settings) -> None:
        """Make both."""
        self._alerts, self._briefs = AlertRenderer(settings), BriefRenderer(settings)

    def render(self, letter: AnyLetter) -> Message:
        """Return the mail of a letter; the same letter gives the same mail.

        Raises:
            MailError: the sender or the recipient is no address.
        """
        return self._briefs.render(letter) if isinstance(letter, BriefLetter) else self._alerts.render(letter)
