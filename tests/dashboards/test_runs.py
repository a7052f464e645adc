"""The pages of job runs: narrowed and paged by their URL, in words, each leading to what it did."""

from __future__ import annotations

import html
import re
from dataclasses import fields
from pathlib import Path

import httpx
import pytest

from dashboards import jobwords
from earshot.operating import JobState
from earshot.pipeline.alert import AlertReport
from earshot.pipeline.publish import Published
from earshot.pipeline.writing import Ingested
from tests.builders import NOW
from tests.dashboards import seed
from tests.dashboards.conftest import Served
from tests.dashboards.serving import app_of, serving
from tests.dashboards.test_operations import empty_world
from tests.dashboards.test_pages import text_of


def ids_of(page: str) -> list[str]:
    return re.findall(r'<a href="/operations/runs/([^"?]+)"><strong>', page)


def test_a_list_is_narrowed_by_job_state_and_subject(served: Served) -> None:
    assert set(ids_of(served.client.get("/operations/runs?state=failed&state=lost").text)) == {
        "broken",
        "mended",
        "vanished",
    }
    assert ids_of(served.client.get("/operations/runs?state=running").text) == ["busy2", "busy"]
    paused = ids_of(served.client.get("/operations/runs?job=alert&subject=aurin&state=skipped").text)
    assert paused == ["alert-aurin0", "alert-aurin1", "alert-aurin2"]
    page = served.client.get("/operations/runs?job=alert").text
    assert "<h1>Runs: Alerting</h1>" in page
    assert 'href="/operations/runs?job=alert&amp;state=failed&amp;state=lost"' in page


def test_pages_of_the_list_lose_no_run_and_show_none_twice(served: Served) -> None:
    with served.world.record.read() as reader:
        everything = [run.id for run in reader.job_runs(limit=1000)]
    for form, find in (("", ids_of), (".json", None)):
        seen: list[str] = []
        url, pages = f"/operations/runs{form}", 0
        while url:
            answer = served.client.get(url)
            pages += 1
            if find:
                seen += find(answer.text)
                onward = re.search(r'href="([^"]+)" rel="next"', answer.text)
                url = html.unescape(onward[1]) if onward else ""
            else:
                seen += [run["id"] for run in answer.json()["runs"]]
                url = answer.json()["next"]
        assert pages > 5
        assert seen == everything


def test_what_means_nothing_is_told_to_people_and_refused_to_programs(served: Served) -> None:
    for query, said in (
        ("state=happy", "“happy” is no state of a run"),
        ("colour=red", "“colour” is nothing a list of runs can be narrowed by"),
        ("until=soon", "“soon” is not a time"),
    ):
        page = served.client.get(f"/operations/runs?{query}")
        assert page.status_code == 200
        assert said in text_of(page.text)
        assert served.client.get(f"/operations/runs.json?{query}").status_code == 400


def test_a_search_without_a_match_and_a_book_without_a_run_say_so(served: Served, tmp_path: Path) -> None:
    assert "No matching runs" in served.client.get("/operations/runs?job=erase").text
    with serving(app_of(empty_world(tmp_path))) as url:
        assert "No job has run yet" in httpx.get(f"{url}/operations/runs").text


def test_a_failed_run_says_why_and_where_its_log_is(served: Served) -> None:
    page = served.client.get("/operations/runs/broken").text
    said = text_of(page)
    assert "Briefing: Halden" in said
    assert "StorageError: the record did not answer within 30 s" in said
    assert "Took 31 s" in said
    assert "its next run goes on from there" in said
    assert f'href="{seed.AIRFLOW}"' in page


def test_a_run_that_waits_says_what_for_and_one_without_work_that_there_was_none(tmp_path: Path) -> None:
    world = empty_world(tmp_path)
    waited = {"waits": "another process is publishing", "idle": ""}
    with world.record.write() as writer:
        for name, reason in waited.items():
            writer.begin_job(seed.make_run(name, "publish", 5))
            writer.end_job(name, JobState.DONE, NOW, {}, reason)
    with serving(app_of(world)) as url:
        said = {name: text_of(httpx.get(f"{url}/operations/runs/{name}").text) for name in waited}
    assert "Nothing yet: another process is publishing." in said["waits"]
    assert "There was nothing to do" not in said["waits"]
    assert "There was nothing to do." in said["idle"]


def test_a_run_says_in_words_what_it_did_and_leads_to_it(served: Served) -> None:
    collected = served.client.get("/operations/runs/collect1").text
    assert "4 fetched 2 nothing new 1 file of captures written" in text_of(collected)
    assert 'href="/sources?collection=press"' in collected
    told = served.client.get("/operations/runs/alert-halden1").text
    assert "1 mail sent" in text_of(told)
    assert 'href="/incidents?brand=halden"' in told
    assert 'href="/mails"' in told
    assert "Nothing, and that was right." in text_of(served.client.get("/operations/runs/alert-aurin1").text)
    assert "nobody knows when" in text_of(served.client.get("/operations/runs/vanished").text)
    assert "3 min 24 s so far" in text_of(served.client.get("/operations/runs/busy").text)


def test_a_run_is_seen_beside_its_like(served: Served) -> None:
    page = served.client.get("/operations/runs/alert-aurin1").text
    assert "none of the last 4 failed or were lost" in text_of(page)
    assert ids_of(page) == ["alert-aurin0", "alert-aurin2", "alert-aurin3"]


def test_a_run_of_a_job_nobody_knows_here_is_still_shown(tmp_path: Path) -> None:
    world = empty_world(tmp_path)
    with world.record.write() as writer:
        writer.begin_job(seed.make_run("x", "tidy_up", 3))
        writer.end_job("x", JobState.DONE, NOW, {"old_things": 3})
    with serving(app_of(world)) as url:
        said = text_of(httpx.get(f"{url}/operations/runs/x").text)
        assert "Tidy up" in said
        assert "3 old things" in said
        assert '<option value="tidy_up">' in httpx.get(f"{url}/operations/runs").text


def test_an_unknown_run_is_a_friendly_404(served: Served) -> None:
    answer = served.client.get("/operations/runs/nobody")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text
    assert served.client.get("/operations/runs/nobody.json").status_code == 404
    assert served.client.get("/operations/runs/broken.json").json()["state"] == "failed"


@pytest.mark.parametrize("report", [Ingested, Published, AlertReport])
def test_every_count_of_a_report_has_its_words(report: type) -> None:
    counts = {each.name for each in fields(report) if each.type in ("int", int)}
    assert counts
    assert counts <= jobwords.COUNTS.keys()


def test_every_state_has_its_words_and_broken_ones_do_not_look_done() -> None:
    assert {*jobwords.STATES} == {*JobState}
    assert jobwords.STATES[JobState.DONE][1] != jobwords.STATES[JobState.FAILED][1] == "✕"


def test_one_and_many_are_said_apart() -> None:
    run = seed.make_run("x", "alert", 1, counts={"sent": 1, "held": 0, "mentions": 2})
    assert [one.what for one in jobwords.did(run)] == ["mail sent", "mentions"]


def test_a_name_that_a_job_means_otherwise_is_said_otherwise() -> None:
    said = {
        job: jobwords.did(seed.make_run("x", job, 1, counts={"captures": 2}))[0].what for job in ("ingest", "erase")
    }
    assert said == {"ingest": "captures read", "erase": "captures cut out of the lake"}
