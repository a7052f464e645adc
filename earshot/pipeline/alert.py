"""The alert stage: judge late teasers, and let each brand that has something to tell have its relay's turn.

Knows neither SMTP nor HTML, nor how a delivery is sent (`earshot.pipeline.relay`). Every brand has a lease of its own,
so that runs of several brands, a run of all of them and `earshot run` may be at work at the same time, in any number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from earshot.alerts.false_times import end_false_times
from earshot.alerts.gate import PATIENCE, last_refusal
from earshot.alerts.renderer import Renderer
from earshot.alerts.routing import Judged, judge_document
from earshot.alerts.rules import RuleBook
from earshot.config.settings import Settings
from earshot.errors import EarshotError
from earshot.pipeline.relay import Post, Relay, lease_length, pause_of, remember_pause
from earshot.ports import Clock, Mailer, MailLedger, Record

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AlertReport:
    """What one run of the stage did, in counts.

    judged: late teasers. bound: deliveries made. held: notices that wait for quiet hours to end or for the hour's
    budget. dropped: notices nobody is to be told of any more. postponed: deliveries to be tried again. waiting:
    deliveries whose fate the ledger does not know yet. recovered: deliveries found left over by a process that ended.
    paused: brands that have something to tell and are paused; why_paused: of one of them. problem: what a person has
    to mend before mail can go out, or empty. is_busy: another relay of one of the brands is at work.
    """

    judged: int = 0
    incidents: int = 0
    notices: int = 0
    bound: int = 0
    held: int = 0
    dropped: int = 0
    sent: int = 0
    postponed: int = 0
    unknown: int = 0
    dead: int = 0
    waiting: int = 0
    recovered: int = 0
    paused: int = 0
    why_paused: str = ""
    problem: str = ""
    is_busy: bool = False


def alert(
    record: Record,
    mailer: Mailer | None,
    ledger: MailLedger | None,
    renderer: Renderer,
    book: RuleBook,
    settings: Settings,
    clock: Clock,
    owner: str,
    is_stopping: Callable[[], bool] = lambda: False,
    *,
    brand_id: str = "",
) -> AlertReport:
    """Run the stage once: everything that is due now is told. May run twice at any moment, anywhere.

    Args:
        record: the record.
        mailer: None where the workspace names no mail server: teasers are judged, notices wait.
        ledger: what the mail server accepted, or None; without one a delivery cut off at the dot ends as unknown.
        renderer: makes the message of a letter.
        book: the workspace's rules.
        settings: the workspace's settings.
        clock: time.
        owner: `earshot.leases.me()`; one owner runs this stage once at a time.
        is_stopping: asked before each mail; True leaves the rest for the next run.
        brand_id: whose notices are told; empty means every brand's, those of brands that are gone too.

    Raises:
        StorageError: the record did not answer; what was done stays done, the rest is done by the next run.
    """
    end_false_times(record, book, clock)
    judged, count = _judge_late(record, book, settings, clock)
    told: dict[str, Any] = {"judged": count, "incidents": judged.incidents, "notices": judged.notices}
    if mailer is None:
        with record.read() as reader:
            why = pause_of(reader, book, brand_id)
        return AlertReport(**told, paused=int(bool(why)), why_paused=why, problem=_no_server(record))
    post = Post(record, mailer, ledger, renderer, book, settings, clock, owner, is_stopping)
    if brand_id:
        return _relay(post, [brand_id], told)
    now = clock.now()
    with record.read() as reader:  # every claim is looked at: whether somebody is at work on it, its lease says
        waiting = reader.brands_waiting(now, stuck_before=now + lease_length(settings))
    return _relay(post, list(waiting), told)


def judge(record: Record, book: RuleBook, settings: Settings, clock: Clock) -> tuple[Judged, list[str]]:
    """Judge late teasers; return what came of it, and the brands, by id, for which a run of `alert` has work now.

    Work is what is due, and what an ended process left between claim and answer. A paused brand is named only for the
    latter: nobody is told of it, but what became of a mail is written down all the same. While the mail server takes
    nothing from us one brand a minute is named, to try again; without a mail server none is.
    """
    end_false_times(record, book, clock)
    judged, _ = _judge_late(record, book, settings, clock)
    now = clock.now()
    with record.read() as reader:
        waiting = reader.brands_waiting(now, stuck_before=now - lease_length(settings))
        paused = [brand_id for brand_id in waiting if pause_of(reader, book, brand_id)]
        refused = last_refusal(reader)
    if paused:
        with record.write() as writer:
            for brand_id in paused:
                remember_pause(writer, brand_id, now)
    if not settings.mail.host:
        return judged, []
    left_over = [brand_id for brand_id, is_left_over in waiting.items() if is_left_over]
    told = [brand_id for brand_id in waiting if brand_id not in paused and brand_id not in left_over]
    if refused is not None:
        told = told[:1] if now - refused.at >= PATIENCE else []
    return judged, sorted(left_over + told)


def _relay(post: Post, brand_ids: list[str], told: dict[str, Any]) -> AlertReport:
    """Run these brands' relays one after another, until there is a problem or the run is to end."""
    counts: Counter[str] = Counter()
    problem = why_paused = ""
    is_busy = False
    for brand_id in brand_ids:
        if post.is_stopping():
            break
        relay = Relay(post, brand_id)
        try:
            is_busy |= not relay.run()
        except EarshotError:
            raise
        except Exception as error:  # one brand's failure is reported, and the next brand's mails go out
            log.exception("the mails of a brand failed in an unforeseen way", brand=brand_id)
            problem = problem or f"unforeseen error with the mails of {brand_id}: {type(error).__name__}: {error}"
        counts += relay.counts
        counts["paused"] += bool(relay.paused)
        why_paused, problem = why_paused or relay.paused, problem or relay.problem
    return AlertReport(**told | counts, why_paused=why_paused, problem=problem, is_busy=is_busy)


def _judge_late(record: Record, book: RuleBook, settings: Settings, clock: Clock) -> tuple[Judged, int]:
    """Judge every teaser whose page failed or is late, in transactions of some hundred."""
    incidents = notices = count = 0
    while True:
        with record.write() as writer:
            now = clock.now()
            late = writer.documents_to_judge(now)
            for document_id in late:
                done = judge_document(writer, document_id, now, settings.alerts, book)
                incidents, notices = incidents + done.incidents, notices + done.notices
        count += len(late)
        if not late:
            return Judged(incidents, notices), count


def _no_server(record: Record) -> str:
    with record.read() as reader:
        waiting = reader.counts().notices.get("pending", 0)
    return f"no mail server is set (mail.host), {waiting} notices wait" if waiting else ""
