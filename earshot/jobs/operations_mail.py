"""Mails operations about `earshot run` itself: a stage that failed, an alarm that is new. The DAGs do it by Airflow."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from html import unescape

import structlog

from earshot import jobbook
from earshot.alerts.binding import message_id
from earshot.errors import EarshotError, MailError, MailStopped, MailUncertain
from earshot.identity import digest
from earshot.jobs.failing import trouble
from earshot.jobs.opening import noted
from earshot.model import Message
from earshot.ports import never
from earshot.wiring import Parts

log = structlog.get_logger(__name__)
_LINE_END = re.compile(r"</(?:p|li)>|<br>")
_TAG = re.compile(r"<[^>]+>")


class OperationsMail:
    """Tells operations, in a thread of its own: neither the stages nor the upkeep wait for a mail server."""

    def __init__(self, parts: Parts, is_stopping: Callable[[], bool] = never) -> None:
        """Keep what it tells with. is_stopping: True ends a mail that is on its way."""
        self._parts, self._is_stopping = parts, is_stopping
        self._waiting: dict[str, bool] = {}
        self._lock, self._is_at_work = threading.Lock(), False

    @property
    def is_telling(self) -> bool:
        """Whether somebody is still to be told."""
        with self._lock:
            return self._is_at_work

    def note_failure(self, stage: str, error: Exception) -> None:
        """Note a stage's unforeseen failure as a failed job, and have it mailed to operations. Quick."""
        job, _, subject = stage.partition(" ")
        with suppress(Exception), noted(self._parts, job, subject, jobbook.RUN):
            raise error
        self.tell(job)

    def tell(self, job: str, *, is_failed: bool = True) -> None:
        """Have each of `operations.mail` mailed once what failed and which alarms are new. Quick.

        Where the mail server takes nothing, that is logged, and the next call tells it.
        """
        if not self._parts.workspace.settings.operations_mail or self._parts.mailer is None:
            return
        with self._lock:
            self._waiting[job] = self._waiting.get(job, False) or is_failed
            if not self._is_at_work:
                self._is_at_work = True
                threading.Thread(target=self._work, name="mails to operations", daemon=True).start()

    def _work(self) -> None:
        while (waiting := self._next()) is not None:
            self._tell(*waiting)

    def _next(self) -> tuple[str, bool] | None:
        with self._lock:
            if not self._waiting or self._is_stopping():
                self._is_at_work = False
                return None
            return self._waiting.popitem()

    def _tell(self, job: str, is_failed: bool) -> None:
        people = self._parts.workspace.settings.operations_mail
        sends = {person: partial(self._send, person) for person in people}
        try:
            trouble(str(self._parts.workspace.root), f"earshot_{job}", "", sends, is_run=is_failed)
        except MailStopped:
            log.info("operations are mailed by the next run: this one was asked to end")
        except EarshotError as error:
            log.error("operations could not be mailed; it is tried again", reason=str(error))
        except Exception:  # this mail is about a failure, and must not become one
            log.exception("operations could not be mailed")

    def _send(self, person: str, sender: str | None, subject: str, html: str) -> None:
        """Send one mail. One that may have arrived, or never will, counts as told: it is not sent again."""
        assert self._parts.mailer is not None
        key = digest("operations", subject, person, self._parts.clock.now().isoformat())
        name = message_id(key, sender or "")
        message = Message(name, sender or "", person, subject, as_text(html), html)
        try:
            self._parts.mailer.send(message, lambda: None, self._is_stopping)
        except MailUncertain as error:
            log.warning("a mail to operations may have arrived or not", person=person, reason=error.reason)
        except MailError as error:
            if not error.is_permanent:
                raise
            log.error("operations cannot be mailed at this address", person=person, reason=error.reason)


def as_text(html: str) -> str:
    """Return the plain text of a mail to operations: a line for each paragraph and item."""
    lines = (unescape(_TAG.sub("", part)).strip() for part in _LINE_END.split(html))
    return "\n".join(line for line in lines if line) + "\n"
