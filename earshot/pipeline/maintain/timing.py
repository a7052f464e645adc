"""When `earshot run` does the upkeep: in a thread of its own, one part at a time, while listening goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import structlog

from earshot.config.cron import Cron
from earshot.config.settings import Workspace
from earshot.errors import EarshotError
from earshot.ports import Clock

log = structlog.get_logger(__name__)
FRESHNESS, NIGHTLY = ("freshness",), ("retention", "index", "integrity")
BACKUP = ("backup",)


class Upkeep:
    """Does parts of maintain when their schedules say. `maintain` is called with the part's name, in a thread.

    New alarms, which it may answer under `new`, go to the log: nobody else may be told of them.
    A part whose time comes while another is at work is done after it, once.
    """

    def __init__(self, maintain: Callable[[str], Mapping[str, Any] | None], workspace: Workspace, clock: Clock) -> None:
        self._maintain, self._clock = maintain, clock
        schedules, zone = workspace.settings.schedules, workspace.settings.time_zone
        crons = {
            FRESHNESS: Cron(schedules.maintain_freshness, zone),
            NIGHTLY + (BACKUP if workspace.settings.backup.folder else ()): Cron(schedules.maintain_nightly, zone),
        }
        now = clock.now()
        self._due: dict[tuple[str, ...], tuple[Cron, datetime]] = {
            parts: (cron, cron.next_after(now)) for parts, cron in crons.items()
        }
        self._looked_at = now
        self._thread: threading.Thread | None = None

    def tick(self) -> None:
        """Begin what is due, unless something is at work. Quick."""
        if self._thread and self._thread.is_alive():
            return
        now = self._clock.now()
        if now < self._looked_at:  # the clock was set back: what was due by the false one is due by this one
            self._due = {parts: (cron, cron.next_after(now)) for parts, (cron, _) in self._due.items()}
        self._looked_at = now
        for parts, (cron, at) in self._due.items():
            if at <= now:
                self._due[parts] = (cron, cron.next_after(now))
                self._thread = threading.Thread(target=self._do, args=(parts,), name="upkeep", daemon=True)
                self._thread.start()
                return

    def wait(self, seconds: float) -> None:
        """Wait for what is at work, so long at most. What is cut off is done by the next."""
        if self._thread:
            self._thread.join(timeout=seconds)

    def _do(self, parts: tuple[str, ...]) -> None:
        for part in parts:
            try:
                _tell(self._maintain(part))
            except EarshotError as error:
                log.error("upkeep was not done", part=part, reason=str(error))
            except Exception:  # one part's failure is noted in the book of jobs, and the next begins
                log.exception("upkeep failed", part=part)


def _tell(answer: Mapping[str, Any] | None) -> None:
    if refused := (answer or {}).get("refused"):
        log.warning("the index was not kept in shape", reason=refused)
    for alarm in (answer or {}).get("new", ()):
        log.warning("alarm", what=alarm["what"], advice=alarm["advice"])
