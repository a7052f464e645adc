"""Mail: who takes a message, and who knows what was taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from earshot.model import Message, SentMessage


class BeforeDot(Protocol):
    """Called when all was said but the final dot; what it raises stops the message from being sent."""

    def __call__(self) -> None:
        """Commit the state `dot`."""


def never() -> bool:
    """Tell that nobody has asked to end."""
    return False


class Mailer(Protocol):
    """Hands messages to a mail server. Whatever that does, it comes to an end."""

    def send(self, message: Message, before_dot: BeforeDot, is_stopping: Callable[[], bool] = never) -> None:
        """Send one message to its one recipient; returns only after the server took it.

        is_stopping: asked all along; True ends it within three seconds.

        Raises:
            MailError: it was not taken, and is certain not to be. is_permanent: the recipient was refused.
            MailStopped: nothing was sent, since the run is to end.
            MailUncertain: no clear answer came to the final dot; it may have been taken.
        """


class MailLedger(Protocol):
    """What the mail server itself holds of our messages: where it was accepted, so that nothing is sent twice."""

    def find(self, message_id: str) -> bool:
        """Tell whether the server took a message with this Message-ID."""

    def told(self, since: datetime) -> Mapping[str, frozenset[str]]:
        """Return which mentions the server's mails told of, by recipient (case folded), of mails taken since.

        Mentions as `earshot.alerts.mentions_header` names them. Empty where no such mail was taken.
        """

    def messages(self, limit: int = 100) -> list[SentMessage]:
        """Return messages, latest first."""

    def headers(self, limit: int = 100) -> list[SentMessage]:
        """Return messages, latest first, with text and html left empty: what a list needs, and quickly."""

    def message(self, name: str) -> SentMessage | None:
        """Return one message by its ledger name."""
