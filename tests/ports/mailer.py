"""The contract suite of the Mailer port: what every adapter does with a message and its final dot.

An adapter's test gives a fixture `post` with `mailer`, `arrived()` and `spoil(how)`.
"""

from __future__ import annotations

from typing import Any

import pytest

from earshot.errors import MailError, MailUncertain, StorageError
from earshot.model import Message


def make_message(**changes: Any) -> Message:
    values = {
        "message_id": "<abc@example.org>",
        "sender": "Earshot <alerts@example.org>",
        "recipient": "mara@example.org",
        "subject": "Halden: Überhitzt",
        "text": "Text\n.\n..dots\n",
        "html": "<p>Text</p>",
    }
    return Message(**{**values, **changes})


class Steps:
    """Counts the calls of before_dot, and what had arrived by then."""

    def __init__(self, post: Any) -> None:
        self.post, self.calls, self.arrived_before = post, 0, 0

    def __call__(self) -> None:
        self.calls += 1
        self.arrived_before = len(self.post.arrived())


class MailerContract:
    """What every Mailer promises."""

    def test_a_message_reaches_its_one_recipient_and_the_dot_comes_first(self, post: Any) -> None:
        steps = Steps(post)
        post.mailer.send(make_message(), steps)
        assert steps.calls == 1
        assert steps.arrived_before == 0
        assert post.arrived() == [("alerts@example.org", ["mara@example.org"])]

    def test_what_before_the_dot_raises_stops_the_message(self, post: Any) -> None:
        def lost() -> None:
            raise StorageError("lease lost")

        with pytest.raises(StorageError):
            post.mailer.send(make_message(), lost)
        post.mailer.send(make_message(recipient="other@example.org"), lambda: None)
        assert [to for _, to in post.arrived()] == [["other@example.org"]]

    def test_an_unknown_recipient_is_permanent_and_never_reaches_the_dot(self, post: Any) -> None:
        post.spoil("recipient unknown")
        steps = Steps(post)
        with pytest.raises(MailError) as caught:
            post.mailer.send(make_message(), steps)
        assert caught.value.is_permanent
        assert not caught.value.is_ours
        assert (steps.calls, post.arrived()) == (0, [])

    def test_a_full_mailbox_is_temporary(self, post: Any) -> None:
        post.spoil("mailbox full")
        with pytest.raises(MailError) as caught:
            post.mailer.send(make_message(), lambda: None)
        assert not caught.value.is_permanent
        assert not caught.value.is_ours

    def test_a_refusal_after_the_dot_is_certain(self, post: Any) -> None:
        post.spoil("refused after the dot")
        with pytest.raises(MailError) as caught:
            post.mailer.send(make_message(), lambda: None)
        assert not caught.value.is_permanent
        assert post.arrived() == []

    def test_silence_after_the_dot_is_uncertain_and_the_mailer_can_go_on(self, post: Any) -> None:
        post.spoil("cut after the dot")
        steps = Steps(post)
        with pytest.raises(MailUncertain):
            post.mailer.send(make_message(), steps)
        assert steps.calls == 1
        post.mailer.send(make_message(recipient="other@example.org"), lambda: None)
        assert ["other@example.org"] in [to for _, to in post.arrived()]
