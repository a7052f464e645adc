"""What operations are told of a failed run of a scheduler."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from earshot import trouble as news
from earshot.errors import ConfigError, EarshotError, MailError, MailStopped, StorageError
from earshot.jobs.opening import opened
from earshot.operating import JobState
from earshot.wiring import Parts

Send = Callable[[str | None, str, str], None]
"""Hands a mail over: sender (None: whoever sends it knows one), subject, HTML. Raises whatever it likes."""

Sends = Send | Mapping[str, Send]
"""One for all who are mailed together, or one for each person, by address."""
_LATELY = timedelta(hours=1)
_MANY = 1_000_000
_EDIT = "Mend that, then run `earshot check`: it names every mistake that is left. The runs go on by themselves."
_WAIT = "See to its disk or its server. Nothing is lost, and the runs go on by themselves when it answers again."


def trouble(workspace: str, dag: str, run: str, send: Sends, brand: str = "", *, is_run: bool = True) -> dict[str, Any]:
    """Mail operations what is known of a failed run of a scheduler, unless they were told all of it within the hour.

    Args:
        workspace: its folder.
        dag: the scheduler's id of what failed.
        run: and of its run; empty where no scheduler ran it.
        send: takes the mail. What it raises goes up, and the news counts as untold: the next failed run tells it.
            Where there is one for each person, whoever has been told is not told again when another's fails.
        brand: id of the brand whose run it is, or empty.
        is_run: False where nothing failed, and only alarms are to be told.

    It needs as little as can be: where record or workspace are what failed, it says so. Alarms in the mail are noted
    as told in the record. Returns `subject`, and `told`: whether it was news to somebody.
    """
    folder = Path(workspace) / "var" / "told"
    with news.one_at_a_time(folder):
        failure, sender = _failure(workspace, dag, run, brand)
        mail = news.compose(replace(failure, is_run=is_run))
        is_told = _tell(folder, mail, sender, send if isinstance(send, Mapping) else {"": send})
        _note_told(workspace, mail.alarms)
    return {"subject": mail.subject, "told": is_told}


def _tell(folder: Path, mail: news.Trouble, sender: str | None, sends: Mapping[str, Send]) -> bool:
    """Tell each person to whom it is news; raise what went wrong after all were tried. True if anybody was told."""
    told, wrong = 0, list[Exception]()
    for person, send in sends.items():
        if not news.is_news(folder, mail, person):
            continue
        try:
            send(sender, mail.subject, mail.html)
        except Exception as error:  # noqa: BLE001 (raised below: one person's mail keeps no other's back)
            wrong.append(error)
            if isinstance(error, MailError) and (error.is_ours or isinstance(error, MailStopped)):
                break
        else:
            news.remember(folder, mail, person)
            told += 1
    if wrong:
        raise wrong[0]
    return told > 0


def _failure(workspace: str, dag: str, run: str, brand: str) -> tuple[news.Failure, str | None]:
    """Return what is known, and who sends mail here, if that is known."""
    pages, run_url, sender = _pages(workspace), "", None
    try:
        with opened(workspace) as parts:
            settings = parts.workspace.settings
            pages, sender = parts.workspace.pages_url, settings.mail.sender or None
            airflow = settings.airflow.url.rstrip("/")
            if airflow and run:
                run_url = f"{airflow}/dags/{quote(dag, safe='')}/runs/{quote(run, safe='')}"
            return _known(parts, news.Failure(dag, brand, pages=pages, run_url=run_url)), sender
    except EarshotError as error:
        advice = _EDIT if isinstance(error, ConfigError) else _WAIT
        return news.Failure(dag, brand, str(error), advice, pages=pages, run_url=run_url), sender


def _known(parts: Parts, failure: news.Failure) -> news.Failure:
    with parts.record.read() as reader:
        since = parts.clock.now() - _LATELY
        failed = reader.job_runs(states=[JobState.FAILED, JobState.LOST], since=since, limit=10)
        alarms = reader.alarms(limit=_MANY)
    names = {each.id: each.name for each in parts.workspace.brands}
    return replace(failure, failed=failed, alarms=alarms, names=names)


def _note_told(workspace: str, alarms: tuple[str, ...]) -> None:
    """Note it in the record; where that does not answer, the marks in the folder hold for an hour."""
    if not alarms:
        return
    with suppress(StorageError), opened(workspace) as parts, parts.record.write() as writer:
        writer.tell_alarms(alarms, parts.clock.now())


def _pages(workspace: str) -> str:
    """Return the address of the dashboards as the compiled schedule has it: a workspace with mistakes says nothing."""
    try:
        compiled = json.loads((Path(workspace) / "var" / "schedule.json").read_text(encoding="utf-8"))
        return str(compiled.get("pages_url", "")).rstrip("/")
    except (OSError, ValueError):
        return ""
