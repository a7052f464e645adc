"""What somebody has to do now, first things first: open alarms, and what stands wrong though no alarm says so.

Knows no template. The record's alarms are as old as the last upkeep; what is found here is true at this look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from dashboards import jobwords, wording
from dashboards.board import Board
from earshot.errors import Mistake
from earshot.model import Outcome
from earshot.operating import Alarm, AlarmKind, JobRun, JobState
from earshot.ports import Counts, SourceState

LATE = timedelta(minutes=30)
"""What is due is taken up within two minutes while anything collects; half an hour later, nothing does."""
CRITICAL = {
    AlarmKind.PIPELINE_STOPPED,
    AlarmKind.PIPELINE_NOT_HEARD,
    AlarmKind.RECORD_DAMAGED,
    AlarmKind.DISK_NEARLY_FULL,
    AlarmKind.MAIL_WAITING,
}
"""Kinds of alarms that mean nothing is heard, nobody is told, or something may be lost; the others can wait an hour."""
STALE = timedelta(hours=2)
"""After so long without upkeep the alarms say little of now."""


_LASTING = (Outcome.GONE, Outcome.BLOCKED, Outcome.NOT_A_FEED, Outcome.TOO_LARGE)
"""Outcomes that trying again does not mend."""
_MOST_NAMED = 6
MAIL = {AlarmKind.MAIL_WAITING}
_MAIL = "Mail waiting"


@dataclass(frozen=True, slots=True)
class MailTrouble:
    """Why no mail goes out. reason: the server's last word; empty where none is set. waiting: notices that nobody was
    told of. since: when the oldest of the mails that wait was made, or None.
    """

    reason: str
    waiting: int
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing to look at. weight: a severity of `wording.SEVERITIES`. runbook: its heading there, or empty where
    the advice names it.

    links: what it is about, each words and URL. mistakes: of the workspace, where they are what it is about.
    is_of_sources: it is about sources that are not fetched.
    """

    weight: str
    what: str
    advice: str
    since: datetime | None = None
    links: tuple[tuple[str, str], ...] = ()
    runbook: str = ""
    mistakes: tuple[Mistake, ...] = ()
    is_of_sources: bool = False

    @property
    def is_pressing(self) -> bool:
        """True unless it is only worth knowing."""
        return self.weight != "info"


def duties(
    board: Board,
    now: datetime,
    *,
    alarms: Sequence[Alarm],
    sources: Sequence[SourceState],
    counts: Counts,
    failing: Sequence[JobRun],
    index_problem: str,
    checked_at: datetime | None,
    mistakes: Sequence[Mistake] = (),
    mail: MailTrouble | None = None,
) -> tuple[Duty, ...]:
    """Return what is to be done.

    Args:
        board: names of brands, sources and rules.
        now: of the look.
        alarms: open ones, oldest first.
        sources: active ones.
        counts: of the record.
        failing: latest broken runs whose job has not succeeded since.
        index_problem: why the index does not answer, or empty.
        checked_at: end of the last upkeep, or None.
        mistakes: of the workspace's files as they stand now.
        mail: why no mail goes out now, or None.
    """
    found = [_mistaken(mistakes)] if mistakes else []
    if index_problem:
        advice = "Mentions wait in the record and nothing is lost, but pages cannot search. See that its engine is up."
        found.append(Duty("critical", f"The index does not answer: {index_problem}", advice))
    if AlarmKind.PIPELINE_STOPPED not in {alarm.kind for alarm in alarms}:
        found += _collecting(board, now, sources)
    found += [_of_mail(mail)] if mail and not any(alarm.kind in MAIL for alarm in alarms) else []
    found += [_of_alarm(board, alarm, mail) for alarm in alarms]
    found += _not_fetched(sources, alarms)
    found += [_of_run(board, run) for run in failing]
    told = {word for alarm in alarms for word in f"{alarm.kind} {alarm.key}".lower().split()}
    found += _set_aside(counts, told)
    found += _upkeep(now, checked_at, bool(sources))
    return tuple(sorted(found, key=lambda duty: ("critical", "warning", "info").index(duty.weight)))


def alarm_links(board: Board, alarm: Alarm) -> tuple[tuple[str, str], ...]:
    """Return where an alarm's subject is shown: a source's page, a collection's sources, a brand."""
    subject = alarm.subject
    if subject in board.source_ids and "collection" not in alarm.kind:
        return ((board.source_name(subject), f"/sources/{_quoted(subject)}"),)
    if subject in board.brands and "collection" not in alarm.kind:
        return ((board.brand_name(subject), f"/?{urlencode({'brand': subject})}"),)
    if subject in board.collections:
        return ((f"Sources of {subject}", f"/sources?{urlencode({'collection': subject})}"),)
    return ()


def _mistaken(mistakes: Sequence[Mistake]) -> Duty:
    are = "a mistake" if len(mistakes) == 1 else wording.plural(len(mistakes), "mistake")
    advice = (
        "Fix the lines below and save. No new job starts until then, so Airflow fetches nothing and raises no alarm. A"
        " running `earshot run` and these pages keep the last good files."
    )
    return Duty("critical", f"No job can start: the workspace’s files have {are}", advice, mistakes=tuple(mistakes))


def _of_mail(mail: MailTrouble) -> Duty:
    if not mail.reason:
        what = f"Nobody is told: no mail server is set, and {_waiting(mail)}"
        return Duty("info", what, "Name one under `mail:` in earshot.yaml, or pause the brands.", mail.since)
    advice = (
        f"Its last word: {mail.reason}. Mend `mail:` in earshot.yaml (server, login, sender), or the server."
        f" Nothing is lost: {_waiting(mail)}; one mail a minute is tried, and all of them go out once one is taken."
    )
    runs = (("Runs of alerting", f"/operations/runs?{urlencode({'job': 'alert'})}"),)
    return Duty("critical", "Nobody is told: the mail server takes no mail from us", advice, mail.since, runs, _MAIL)


def _waiting(mail: MailTrouble) -> str:
    return f"{wording.plural(mail.waiting, 'notice')} {'waits' if mail.waiting == 1 else 'wait'}"


def _of_alarm(board: Board, alarm: Alarm, mail: MailTrouble | None) -> Duty:
    weight = "critical" if alarm.kind in CRITICAL else "warning"
    heading = "" if "runbook" in alarm.advice.lower() else alarm.kind.capitalize()
    why = f"The mail server’s last word: {mail.reason}. " if mail and mail.reason and alarm.kind in MAIL else ""
    return Duty(weight, alarm.what, why + alarm.advice, alarm.since, alarm_links(board, alarm), heading)


def _of_run(board: Board, run: JobRun) -> Duty:
    about = f" ({board.subject_name(run)})" if run.subject in board.brands else ""
    links = [("The run", f"/operations/runs/{run.id}")]
    if run.origin_url:
        links.append(("Its log in Airflow", run.origin_url))
    _, _, meaning = jobwords.STATES[run.state]
    how = "failed" if run.state is JobState.FAILED else "was lost"
    what = f"{jobwords.job_name(run.job)}{about} {how}, and has not succeeded since"
    reason = f"{run.reason}. " if run.reason and not run.reason.endswith(".") else run.reason
    return Duty("warning", what, f"{reason}{meaning}", run.ended_at or run.started_at, tuple(links))


def _collecting(board: Board, now: datetime, sources: Sequence[SourceState]) -> list[Duty]:
    """Return the duty to start collecting, where sources are due for long and none at all was asked lately."""
    start = "Start earshot run, or switch the DAGs on and see that the scheduler is up."
    if not sources:
        return [Duty("warning", "There is no source to listen to", "Add a file to sources/, then run earshot check.")]
    if all(source.last_run_at is None for source in sources):
        known_at = min(source.added_at for source in sources)
        weight = "critical" if now - known_at >= LATE else "warning"  # else it has only just been set up
        return [Duty(weight, "Nothing was ever collected", start, known_at, (("The sources", "/sources"),))]
    paces = [source.pace_s for source in board.workspace.sources]
    patience = max(LATE, 2 * timedelta(seconds=min(paces, default=0)))
    due_at = min(source.next_due_at for source in sources)
    asked_at = max(source.last_run_at for source in sources if source.last_run_at)
    if now - due_at < patience or now - asked_at < patience:
        return []
    late = sum(1 for source in sources if now - source.next_due_at >= patience)
    what = f"Nothing is being collected: {wording.plural(late, 'source')} {'is' if late == 1 else 'are'} overdue"
    return [Duty("critical", what, start, asked_at, (("The sources", "/sources"),))]


def _not_fetched(sources: Sequence[SourceState], alarms: Sequence[Alarm]) -> list[Duty]:
    """Return the sources that are not fetched, without those that an alarm is about: nothing is said twice."""
    if {alarm.kind for alarm in alarms} & {AlarmKind.PIPELINE_STOPPED, AlarmKind.PIPELINE_NOT_HEARD}:
        return []
    told = {alarm.subject for alarm in alarms}
    found = [each for each in sources if each.is_not_fetched and not {each.source_id, each.collection} & told]
    if not found:
        return []
    found.sort(key=lambda each: (each.last_outcome not in _LASTING, -each.failures, each.name))
    lasting = sum(1 for each in found if each.last_outcome in _LASTING)
    what = f"{wording.plural(len(found), 'source')} {'is' if len(found) == 1 else 'are'} not fetched"
    advice = (
        f"{wording.number(lasting)} will not come back without you (gone, blocked, no feed): change or remove them."
        if lasting
        else "Earshot tries again by itself, less and less often. Each source’s page says why."
    )
    links = [(_named(each), f"/sources/{_quoted(each.source_id)}") for each in found[:_MOST_NAMED]]
    links.append(("All that are not fetched", "/sources?outcome=problem"))
    weight = "warning" if any(each.is_fetched for each in sources) else "critical"
    return [Duty(weight, what, advice, links=tuple(links), is_of_sources=True)]


def _named(source: SourceState) -> str:
    outcome = wording.OUTCOMES[source.last_outcome or "never"][0].lower()
    return f"{source.name or source.source_id}: {outcome}"


def _set_aside(counts: Counts, told: set[str]) -> list[Duty]:
    """Return what is set aside, unless an alarm says so already."""
    found = []
    if counts.dead_letters and not told & {"dead", "refused"}:
        what = f"The index refused {wording.plural(counts.dead_letters, 'mention')}"
        advice = "They are in the record but no search finds them. After an update: earshot reindex."
        found.append(Duty("warning", what, advice))
    if counts.quarantined and not told & {"quarantine", "quarantined"}:
        what = f"{wording.plural(counts.quarantined, 'capture')} set aside"
        advice = "They could not be read. Look at the reasons below, then try again, best after an update."
        found.append(Duty("info", what, advice, None, (("Set aside", "#quarantine"),)))
    return found


def _upkeep(now: datetime, checked_at: datetime | None, has_sources: bool) -> list[Duty]:
    if checked_at is None:
        what = "Upkeep has not run yet, so there are no alarms and no curves"
        soon = "`earshot run` and the DAGs bring it within minutes; at the prompt it is `earshot maintain`."
        advice = soon if has_sources else ""
        return [Duty("info", what, advice)]
    if now - checked_at < STALE:
        return []
    advice = "The alarms are as old as that. See that the scheduler is up, and what its last run said."
    links = (("Its runs", f"/operations/runs?{urlencode({'job': 'maintain'})}"),)
    return [Duty("warning", "Nobody has looked after things lately: upkeep is late", advice, checked_at, links)]


def _quoted(text: str) -> str:
    return urlencode({"": text})[1:]
