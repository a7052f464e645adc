"""Mails operations about `earshot run` itself: a stage that failed, an alarm that is new. The DAGs do it by Airflow."""

from __future__ import annotations

import re
from contextlib import suppress
from html import unescape

import structlog

from earshot import jobbook
from earshot.alerts.binding import message_id
from earshot.errors import EarshotError
from earshot.identity import digest
from earshot.jobs.failing import trouble
from earshot.jobs.opening import noted
from earshot.model import Message
from earshot.wiring import Parts

log = structlog.get_logger(__name__)
_LINE_END = re.compile(r"</(?:p|li)>|<br>")
_TAG = re.compile(r"<[^>]+>")


def note_failure(parts: Parts, stage: str, error: Exception) -> None:
    """Note a stage's unforeseen failure as a failed job, and mail it to operations."""
    job, _, subject = stage.partition(" ")
    with suppress(Exception), noted(parts, job, subject, jobbook.RUN):
        raise error
    tell_operations(parts, job)


def tell_operations(parts: Parts, job: str) -> None:
    """Mail what failed and which alarms are new to `operations.mail`, each piece of news once.

    Where the mail server takes nothing, that is logged, and the next call tells it.
    """
    people, mailer = parts.workspace.settings.operations_mail, parts.mailer
    if not people or mailer is None:
        return

    def send(sender: str | None, subject: str, html: str) -> None:
        at = parts.clock.now().isoformat()
        for person in people:
            key = digest("operations", subject, person, at)
            name = message_id(key, sender or "")
            mailer.send(Message(name, sender or "", person, subject, as_text(html), html), lambda: None)

    try:
        trouble(str(parts.workspace.root), f"earshot_{job}", "", send)
    except EarshotError as error:
        log.error("operations could not be mailed; it is tried again", reason=str(error))
    except Exception:  # this mail is about a failure, and must not become one
        log.exception("operations could not be mailed")


def as_text(html: str) -> str:
    """Return the plain text of a mail to operations: a line for each paragraph and item."""
    lines = (unescape(_TAG.sub("", part)).strip() for part in _LINE_END.split(html))
    return "\n".join(line for line in lines if line) + "\n"
