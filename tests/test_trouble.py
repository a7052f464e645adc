"""The mail to operations: what it says, and how often."""

from __future__ import annotations

import dataclasses
import os
import threading
import time
from datetime import timedelta
from pathlib import Path

from earshot.operating import TOLD_FOR, Alarm, JobRun, JobState
from earshot.trouble import Failure, Trouble, compose, is_news, one_at_a_time, remember
from tests.builders import NOW

FAILED = JobRun("j", "ingest", "", JobState.FAILED, "airflow", NOW, reason="StorageError: <disk> full")
ALARM = Alarm("silent: blog", "silent", "blog", "blog was not heard for 4 h", "Look at its page.", NOW, NOW)
TOLD = dataclasses.replace(ALARM, key="disk", what="The disk is full", told_at=NOW)
INGEST = Failure("earshot_ingest", failed=[FAILED])


def failed(brand: str, reason: str = "KeyError: 'x'") -> JobRun:
    return dataclasses.replace(FAILED, job="alert", subject=brand, reason=reason)


def of_brand(brand: str, *runs: JobRun) -> Failure:
    return Failure("earshot_alert", brand, failed=runs, names={"one1": "One", "one2": "Two"})


def told(folder: Path, failure: Failure) -> bool:
    """Tell it if it is news, as the job does."""
    folder.mkdir(exist_ok=True)
    mail = compose(failure)
    found = is_news(folder, mail)
    if found:
        remember(folder, mail)
    return found


def test_it_names_what_failed_and_why_and_where_to_look() -> None:
    mail = compose(dataclasses.replace(INGEST, pages="http://pages.example", run_url="http://airflow.example/run"))
    assert mail.subject == "[Earshot] ingest failed"
    assert "ingest: StorageError: &lt;disk&gt; full" in mail.html
    assert "http://pages.example/operations" in mail.html
    assert "http://airflow.example/run" in mail.html


def test_a_brand_is_called_by_its_name() -> None:
    mail = compose(of_brand("one2", failed("one2")))
    assert mail.subject == "[Earshot] alert of Two failed"
    assert "alert of Two: KeyError" in mail.html
    assert compose(of_brand("gone")).subject == "[Earshot] alert of gone failed"


def test_a_failed_look_for_alarms_is_headed_by_what_nobody_was_told_of() -> None:
    mail = compose(Failure("earshot_maintain", alarms=[TOLD, ALARM]))
    assert mail.subject == "[Earshot] blog was not heard for 4 h"
    assert mail.html.index("Look at its page.") < mail.html.index("The disk is full")
    assert mail.alarms == (ALARM.key,)
    second = dataclasses.replace(ALARM, key="other")
    assert compose(Failure("earshot_maintain", alarms=[ALARM, second])).subject.endswith("for 4 h And 1 more.")


def test_upkeep_that_failed_itself_is_not_headed_by_an_alarm_that_was_told() -> None:
    run = dataclasses.replace(FAILED, job="maintain", subject="retention")
    mail = compose(Failure("earshot_maintain", failed=[run], alarms=[TOLD]))
    assert mail.subject == "[Earshot] maintain (retention) failed"
    assert "The disk is full" in mail.html


def test_where_the_record_says_nothing_it_says_so() -> None:
    assert "look at the task's log" in compose(Failure("earshot_collect")).html


def test_a_run_whose_process_was_lost_is_named_and_what_failed_alike_is_one_line() -> None:
    lost = dataclasses.replace(FAILED, state=JobState.LOST, reason="")
    html = compose(Failure("earshot_ingest", failed=[lost, FAILED, FAILED])).html
    assert "ingest: its process ended without a word" in html
    assert html.count("<li>") == 2


def test_the_same_news_is_told_once_an_hour(tmp_path: Path) -> None:
    folder = tmp_path / "told"
    other = Failure("earshot_maintain", alarms=[ALARM])
    assert [told(folder, INGEST) for _ in range(2)] == [True, False]
    assert told(folder, other)
    for mark in folder.iterdir():
        os.utime(mark, (0, mark.stat().st_mtime - TOLD_FOR.total_seconds()))
    assert told(folder, INGEST)
    alarms = {name for name in compose(other).news if name.startswith("alarm-")}
    assert {mark.name for mark in folder.iterdir()} == {*compose(INGEST).news, *alarms}, "what is old is swept"


def test_a_mark_of_a_time_to_come_is_not_believed(tmp_path: Path) -> None:
    folder = tmp_path / "told"
    assert told(folder, INGEST)
    for mark in folder.iterdir():
        os.utime(mark, (0, mark.stat().st_mtime + 7200))
    assert [told(folder, INGEST) for _ in range(2)] == [True, False]


def test_another_brand_another_cause_and_another_alarm_are_news_within_the_hour(tmp_path: Path) -> None:
    folder = tmp_path / "told"
    first = failed("one1")
    assert told(folder, of_brand("one1", first))
    assert told(folder, of_brand("one2", failed("one2"), first))
    assert told(folder, of_brand("one2", failed("one2", "OSError: no route"), first))
    assert not told(folder, of_brand("one1", first))
    assert told(folder, Failure("earshot_maintain", alarms=[ALARM]))
    assert told(folder, Failure("earshot_maintain", alarms=[dataclasses.replace(ALARM, key="another")]))
    again = dataclasses.replace(ALARM, since=NOW + timedelta(hours=3))
    assert told(folder, Failure("earshot_maintain", alarms=[again]))


def test_the_same_reason_with_another_number_in_it_is_no_news(tmp_path: Path) -> None:
    folder = tmp_path / "told"
    for number, is_told in ((4711, True), (12, False)):
        reason = f"StorageError: process {number} holds it"
        assert told(folder, Failure("earshot_ingest", failed=[dataclasses.replace(FAILED, reason=reason)])) is is_told


def test_one_cause_that_stops_every_job_is_one_mail_whichever_run_met_it(tmp_path: Path) -> None:
    problem = "brands/one.yaml:1:5: id: 'Not An Id' will not do\n    write it in small letters"
    mails = [Failure(f"earshot_{dag}", problem=problem, advice="Mend <that>.") for dag in ("collect", "ingest")]
    assert [told(tmp_path / "told", mail) for mail in mails] == [True, False]
    mail = compose(mails[0])
    assert mail.subject == "[Earshot] No job can start: brands/one.yaml:1:5: id: 'Not An Id' will not do"
    assert "write it in small letters" in mail.html
    assert "Mend &lt;that&gt;." in mail.html


def test_a_subject_is_one_line() -> None:
    alarm = dataclasses.replace(ALARM, what="one\r\nBcc: two")
    assert compose(Failure("earshot_maintain", alarms=[alarm])).subject == "[Earshot] one Bcc: two"


def test_two_that_would_tell_the_same_at_once_tell_it_once(tmp_path: Path) -> None:
    folder, sent = tmp_path / "told", []

    def tell(mail: Trouble) -> None:
        with one_at_a_time(folder):
            if is_news(folder, mail):
                time.sleep(0.2)
                sent.append(mail)
                remember(folder, mail)

    threads = [threading.Thread(target=tell, args=[compose(INGEST)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == 1
