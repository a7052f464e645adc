"""The mail to operations: what it says, and how often."""

from __future__ import annotations

import os
from pathlib import Path

from earshot.operating import Alarm, JobRun, JobState
from earshot.trouble import AGAIN_S, compose, is_news
from tests.builders import NOW

FAILED = JobRun("j", "ingest", "", JobState.FAILED, "airflow", NOW, reason="StorageError: <disk> full")
ALARM = Alarm("silent: blog", "silent", "blog", "blog was not heard for 4 h", "Look at its page.", NOW, NOW)


def test_it_names_what_failed_and_why_and_where_to_look() -> None:
    mail = compose("earshot_ingest", [FAILED], [], "http://pages.example", "http://airflow.example/run")
    assert mail.subject == "[Earshot] earshot_ingest failed"
    assert "ingest: StorageError: &lt;disk&gt; full" in mail.html
    assert "http://pages.example/operations" in mail.html
    assert "http://airflow.example/run" in mail.html


def test_a_failed_look_for_alarms_is_headed_by_the_newest_alarm() -> None:
    mail = compose("earshot_maintain", [], [ALARM], "", "")
    assert mail.subject == "[Earshot] blog was not heard for 4 h"
    assert "Look at its page." in mail.html


def test_where_the_record_says_nothing_it_says_so() -> None:
    assert "look at the task's log" in compose("earshot_collect", [], [], "", "").html


def test_the_same_news_is_told_once_an_hour(tmp_path: Path) -> None:
    folder = tmp_path / "told"
    mail, other = compose("earshot_ingest", [FAILED], [], "", ""), compose("earshot_maintain", [], [ALARM], "", "")
    assert [is_news(folder, mail, "earshot_ingest") for _ in range(2)] == [True, False]
    assert is_news(folder, other, "earshot_maintain")
    for mark in folder.iterdir():
        os.utime(mark, (0, mark.stat().st_mtime - AGAIN_S))
    assert is_news(folder, mail, "earshot_ingest")


def test_a_subject_is_one_line(tmp_path: Path) -> None:
    alarm = Alarm("k", "silent", "s", "one\r\nBcc: two", "", NOW, NOW)
    assert compose("earshot_maintain", [], [alarm], "", "").subject == "[Earshot] one Bcc: two"
