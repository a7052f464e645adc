"""The mail to operations when a scheduler's run has failed: what failed and why, which alarms are open.

Plain: one look on a phone. Knows no scheduler; it is made of what the record says, and says so where that is silent.
The same news is worth one mail an hour, however often the run fails again; it counts as told when the mail was taken.
"""

from __future__ import annotations

import fcntl
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from html import escape
from pathlib import Path

from earshot.identity import digest
from earshot.operating import TOLD_FOR, Alarm, JobRun

_MOST_LISTED = 20
_LOCK = "lock"
_ALARM = "alarm-"
_ALARM_TOLD_FOR = timedelta(days=30)
"""How long it is kept who knows of an alarm while others do not: the record notes it once everybody does."""

_CLOCKS_DIFFER_S = 60.0
_LOST = "its process ended without a word"


@dataclass(frozen=True, slots=True)
class Failure:
    """What is known of a run that failed.

    dag: id of the scheduler's DAG. brand: whose run it is, by id, or empty. problem: why the workspace or its record
    could not even be opened, or empty, and advice what to do about it; then neither jobs nor alarms are known. failed:
    jobs that failed or were lost lately, latest first. alarms: what is open now, oldest first. names: of brands, by
    id. pages: address of the dashboards, or empty. run_url: where the scheduler shows the run, or empty. is_run: a run
    has failed, which is news itself; False where only its alarms and jobs may be.
    """

    dag: str
    brand: str = ""
    problem: str = ""
    advice: str = ""
    failed: Sequence[JobRun] = ()
    alarms: Sequence[Alarm] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    pages: str = ""
    run_url: str = ""
    is_run: bool = True


@dataclass(frozen=True, slots=True)
class Trouble:
    """A mail, not yet sent. subject: one line. news: what it tells, each under a name that is the same next time.

    alarms: keys of the open ones that nobody was told of before.
    """

    subject: str
    html: str
    news: tuple[str, ...]
    alarms: tuple[str, ...] = ()


def compose(failure: Failure) -> Trouble:
    """Return the mail. Alarms that nobody was told of come first, and are its subject where the upkeep failed."""
    untold = [alarm for alarm in failure.alarms if not alarm.is_told]
    alarms = [*untold, *(alarm for alarm in failure.alarms if alarm.is_told)][:_MOST_LISTED]
    what = _headline(failure, untold)
    parts = [f"<p><strong>{escape(what)}</strong></p>"]
    if failure.problem:
        lines = (f"<li>{escape(line.strip())}</li>" for line in failure.problem.splitlines()[: 2 * _MOST_LISTED])
        parts.append(f"<ul>{''.join(lines)}</ul><p>{escape(failure.advice)}</p>")
    if failure.failed:
        parts.append(f"<p>Jobs that failed within the hour:</p><ul>{_lines(failure)}</ul>")
    if alarms:
        lines = (f"<li>{escape(alarm.what)} <em>{escape(alarm.advice)}</em></li>" for alarm in alarms)
        more = len(failure.alarms) - len(alarms)
        rest = f"<p>{more} more are on the Operations page.</p>" if more else ""
        parts.append(f"<p>Open alarms:</p><ul>{''.join(lines)}</ul>{rest}")
    if not failure.problem and not failure.failed and not alarms:
        parts.append("<p>The record says nothing of it: look at the task's log.</p>")
    links = [
        (failure.run_url, "The run in Airflow"),
        (f"{failure.pages}/operations" if failure.pages else "", "The Operations page"),
    ]
    parts += [f'<p><a href="{escape(url)}">{escape(url)}</a><br>{name}</p>' for url, name in links if url]
    subject = " ".join(f"[Earshot] {what}".split())[:140]
    return Trouble(subject, "".join(parts), _news(failure, untold), tuple(alarm.key for alarm in untold))


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Wait until no other process tells operations anything; where the folder cannot be locked, go on all the same."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("a") as lock:
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def is_news(folder: Path, trouble: Trouble, person: str = "") -> bool:
    """Tell whether anything of it is news to a person (empty: to all who are mailed together).

    What failed is news again after an hour, an alarm is told once. Needs no record: that may be what failed.
    """
    return any(not _holds(folder / _mark(name, person)) for name in trouble.news)


def remember(folder: Path, trouble: Trouble, person: str = "") -> None:
    """Note that it was told to a person now: a small file for each news. Those that are old go."""
    for mark in folder.iterdir():
        if mark.name != _LOCK and not _holds(mark):
            mark.unlink(missing_ok=True)
    for name in trouble.news:
        (folder / _mark(name, person)).touch()


def _mark(name: str, person: str) -> str:
    return f"{name}-{digest(person)[:12]}" if person else name


def _holds(mark: Path) -> bool:
    """Tell whether what a mark stands for is no news yet. One with a time to come was made by a wrong clock."""
    kept_for = _ALARM_TOLD_FOR if mark.name.startswith(_ALARM) else TOLD_FOR
    return -_CLOCKS_DIFFER_S <= _age_s(mark) < kept_for.total_seconds()


def _age_s(mark: Path) -> float:
    """Return how old a mark is; one that is not there is older than anything."""
    try:
        return time.time() - mark.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _headline(failure: Failure, untold: Sequence[Alarm]) -> str:
    job = failure.dag.removeprefix("earshot_").replace("_", " ")
    if failure.problem:
        return f"No job can start: {failure.problem.splitlines()[0]}"
    if job == "maintain" and untold:
        return untold[0].what + (f" And {len(untold) - 1} more." if len(untold) > 1 else "")
    if job == "maintain" and (mine := [run for run in failure.failed if run.job == job and run.subject]):
        return f"{job} ({mine[0].subject}) failed"
    return f"{job} of {failure.names.get(failure.brand, failure.brand)} failed" if failure.brand else f"{job} failed"


def _lines(failure: Failure) -> str:
    """Return the failed jobs as lines of a list; of those that failed alike again and again only the latest."""
    said = (f"{_title(run, failure.names)}: {run.reason or _LOST}" for run in failure.failed)
    return "".join(f"<li>{escape(line)}</li>" for line in dict.fromkeys(said))


def _news(failure: Failure, untold: Sequence[Alarm]) -> tuple[str, ...]:
    """Return what is told, under names: one cause that stops every job is one piece of news, whichever run met it."""
    if failure.problem:
        return (_name("problem", _without_numbers(failure.problem)),)
    run = (_name("run", failure.dag, failure.brand),) if failure.is_run else ()
    return (
        *run,
        *(_name("job", run.job, _about(run, failure.names), _without_numbers(run.reason)) for run in failure.failed),
        *(_ALARM + _name("alarm", alarm.key, alarm.since.isoformat()) for alarm in untold),
    )


def _name(*parts: str) -> str:
    return digest(*parts)[:24]


def _about(run: JobRun, names: Mapping[str, str]) -> str:
    return run.subject if run.subject in names else _without_numbers(run.subject)


def _without_numbers(text: str) -> str:
    """Return a reason as one that is the same next time: numbers in it are of processes, bytes, seconds."""
    return re.sub(r"\d+", "0", text)


def _title(run: JobRun, names: Mapping[str, str]) -> str:
    return f"{run.job} of {names.get(run.subject, run.subject)}" if run.subject else run.job
