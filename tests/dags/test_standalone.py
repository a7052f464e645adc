"""A real scheduler over the demonstration's web: the same record as `earshot run`, whatever is killed or run again."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import psutil
import pytest

from earshot import jobs
from earshot.alerts.ledger import MaildirLedger
from earshot.config.workspace import load_workspace
from earshot.errors import StorageError
from earshot.jobs.opening import opened
from scripts.airflow_standalone import smtp_connection
from tests.builders import make_capture
from tests.dags.airflow_home import LiveAirflow, live_airflow
from tests.kill.account import (
    Facts,
    differences,
    facts,
    is_sound,
    misindexed,
    mistold,
    rows,
    undone,
)
from tests.kill.place import TERM, Place, world

pytestmark = pytest.mark.airflow

KILLED = ("collect", "ingest", "alert")
"""Jobs whose task is killed once each, while it works."""
FROZEN = ("collect", "ingest", "alert")
"""Jobs whose task stands still, with the process that watches it, until Airflow has begun its second try: a twin."""
SOON = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
}
"""A task that was killed, or stands still, is tried again sooner than `make airflow` does it."""
PATIENCE_S = 900.0
LATE_TITLE = "A Kestrava battery caught fire in the shed"
OPERATIONS = "operations@example.org"
CANARY = "kanarienvogel-4711"
"""In every password of the scene."""


@dataclass
class Scene:
    """The same web, heard by `earshot run` and by Airflow.

    expected: what the first made of it. killed: job -> task. batches: what all batch files held that were seen.
    """

    expected: Facts
    place: Place
    airflow: LiveAirflow
    killed: dict[str, int]
    frozen: list[Frozen]
    batches: str


@dataclass(frozen=True)
class Frozen:
    """A task that stands still. page: its page in Airflow, the same for each try. label: what it is called there."""

    job: str
    owner: str
    page: str
    label: str | None
    process: psutil.Process
    watcher: psutil.Process


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with world(tmp_path_factory.mktemp("airflow"), "prompt", "airflow") as places:
        prompt, place = places["prompt"], places["airflow"]
        settings = place.root / "earshot.yaml"
        text = settings.read_text().replace("proxy: http://", f"proxy: http://listening:{CANARY}-proxy@")
        assert f"{CANARY}-proxy@" in text
        settings.write_text(text + f"\nairflow: {{failure_mail: [{OPERATIONS}]}}\n")
        connection = smtp_connection(load_workspace(place.root, {}).settings.mail)
        secrets = {"EARSHOT_MAIL_PASSWORD": f"{CANARY}-mail", "AIRFLOW_CONN_SMTP_DEFAULT": connection}
        # Airflow starts and is struck while `earshot run` listens: neither is measured.
        with prompt.start("run") as run, live_airflow(place.root, **secrets, **SOON) as airflow:
            batches: set[str] = set()
            killed, frozen = _strike_one_of_each(place, airflow, batches)
            try:
                _wait_until_quiet(prompt)
                run.end(TERM)
                _thaw_beside_their_twins(place, frozen)
            finally:
                for each in frozen:
                    each.watcher.resume()
                    each.process.resume()
            _wait_until_quiet(place)
            yield Scene(facts(prompt), place, airflow, killed, frozen, "\n".join(batches))


@pytest.mark.fault(
    case="Tasks of Airflow are killed at work",
    promise="They run again; the record is the same as without",
)
def test_what_was_killed_was_at_work_and_was_run_again(scene: Scene) -> None:
    assert set(scene.killed) == set(KILLED)
    lost = {job for (job,) in rows(scene.place, "SELECT DISTINCT job FROM job_run WHERE state = 'running'")}
    assert lost >= set(KILLED), "a job that is killed never says how it ended"
    for dag in KILLED:
        tries = [task["try_number"] for task in scene.airflow.tasks(f"earshot_{dag}")]
        assert max(tries) >= 2, dag


@pytest.mark.fault(
    case="A task of Airflow freezes, is started again, and wakes up",
    promise="Both end; nothing is doubled, nobody is mailed twice",
)
def test_what_stood_still_went_on_beside_its_twin(scene: Scene) -> None:
    """That it changed nothing is what the tests below find."""
    assert {each.job for each in scene.frozen} == set(FROZEN)
    for each in scene.frozen:
        owners = [o for (o,) in rows(scene.place, f"SELECT owner FROM job_run WHERE origin_url = '{each.page}'")]
        assert len(owners) >= 2, each.job
        assert len(set(owners)) == len(owners), each.job


def test_a_mapped_task_has_its_label_while_it_works(scene: Scene) -> None:
    labels = {each.job: each.label or "" for each in scene.frozen}
    assert labels["alert"] in ("Harbor", "Kestrava", "Tannwick")
    assert re.fullmatch(r"\d+ of \d+ files", labels["ingest"])
    assert re.fullmatch(r"(english|continent)\b.*: \d+ address(es)? on \d+ sites?", labels["collect"])


def test_all_of_it_listens_on_the_loopback_alone(scene: Scene) -> None:
    listening = [
        connection.laddr
        for process in psutil.Process().children(recursive=True)
        for connection in _connections(process)
        if connection.status == psutil.CONN_LISTEN
    ]
    assert urlsplit(scene.airflow.home.url).port in {address.port for address in listening}
    assert [address for address in listening if address.ip not in ("127.0.0.1", "::1")] == []


def test_the_record_is_the_one_that_earshot_run_makes(scene: Scene) -> None:
    found = facts(scene.place)
    assert differences(scene.expected, found) == {}
    assert len(found.told) >= 20
    assert misindexed(scene.place) == []
    assert is_sound(scene.place)


def test_every_notice_was_told_exactly_once(scene: Scene) -> None:
    wrong = [line for line in mistold(scene.place) if "no delivery knows" not in line]
    assert wrong == []
    ours = {message_id for (message_id,) in rows(scene.place, "SELECT message_id FROM delivery")}
    assert [mail for mail in _alert_mails(scene.place) if mail.message_id not in ours] == []


def test_runs_are_named_after_brands_and_collections(scene: Scene) -> None:
    brands = {run["partition_key"] for run in scene.airflow.runs("earshot_alert")}
    assert brands == {"harbor", "kestrava", "tannwick"}
    told = {task["rendered_map_index"] for task in scene.airflow.tasks("earshot_alert")}
    assert told >= {"Harbor", "Kestrava", "Tannwick"}
    labels = {task["rendered_map_index"] for task in scene.airflow.tasks("earshot_collect") if task["map_index"] >= 0}
    assert {label.partition(":")[0] for label in labels if ":" in label} >= {"english", "continent"}


def test_a_task_leads_to_the_page_of_what_it_did_and_back(scene: Scene) -> None:
    for dag, task_id in (("earshot_publish", "publish"), ("earshot_collect", "collect"), ("earshot_alert", "alert")):
        task = next(
            task
            for task in scene.airflow.tasks(dag)
            if (task["task_id"], task["state"], task["try_number"]) == (task_id, "success", 1)
        )
        run, sibling = quote(task["dag_run_id"], safe=""), task["map_index"]
        path = f"dags/{dag}/dagRuns/{run}/taskInstances/{task_id}/links"
        link = scene.airflow.get(path, map_index=sibling)["extra_links"]["What it did"]
        job_id = re.fullmatch(r"http://127\.0\.0\.1:\d+/operations/runs/(\w+)", link)
        assert job_id, link
        ((job, url),) = rows(scene.place, f"SELECT job, origin_url FROM job_run WHERE id = '{job_id[1]}'")
        assert job == task_id
        mapped = f"/mapped/{sibling}" if sibling >= 0 else ""
        assert url == f"{scene.airflow.home.url}/dags/{dag}/runs/{run}/tasks/{task_id}{mapped}"


@pytest.mark.fault(case="Somebody clears a run of `collect` and starts it again", promise="Nothing changes")
def test_collect_cleared_and_triggered_again_changes_nothing(scene: Scene) -> None:
    before, told = facts(scene.place), len(_alert_mails(scene.place))
    first = scene.airflow.runs("earshot_collect")[-1]["dag_run_id"]
    scene.airflow.clear("earshot_collect", first)
    again = scene.airflow.trigger("earshot_collect", most_batches=1)
    assert scene.airflow.wait_for_run("earshot_collect", again)["state"] == "success"
    assert scene.airflow.wait_for_run("earshot_collect", first)["state"] == "success"
    _wait_until_quiet(scene.place)
    assert differences(before, facts(scene.place)) == {}
    assert len(_alert_mails(scene.place)) == told


@pytest.mark.parametrize("job", ["ingest", "publish", "alert"])
@pytest.mark.fault(case="Somebody clears finished runs of Airflow", promise="Nothing changes, nobody is mailed twice")
def test_a_run_that_is_cleared_changes_nothing_and_nobody_is_told_twice(scene: Scene, job: str) -> None:
    before, told = facts(scene.place), len(_alert_mails(scene.place))
    run = scene.airflow.runs(f"earshot_{job}", state="success")[-1]["dag_run_id"]
    first = _tries(scene, job, run)
    scene.airflow.clear(f"earshot_{job}", run)
    _wait_for(lambda: _tries(scene, job, run) > first, "it was not run again")
    assert scene.airflow.wait_for_run(f"earshot_{job}", run)["state"] == "success"
    _wait_until_quiet(scene.place)
    assert differences(before, facts(scene.place)) == {}
    assert len(_alert_mails(scene.place)) == told


@pytest.mark.fault(case="An event between two DAGs is lost", promise="The next timer picks the work up")
def test_captures_that_no_event_announced_are_told_of_all_the_same(scene: Scene) -> None:
    """The event is lost as if whoever wrote the file had died before Airflow heard of it. Nobody collects meanwhile."""
    _pause_collect(scene)
    try:
        announced = len(scene.airflow.runs("earshot_ingest", run_type="asset_triggered"))
        appeared_at = _leave_a_capture(scene.place)
        query = f"SELECT id FROM document WHERE title = '{LATE_TITLE}'"
        _wait_for(lambda: rows(scene.place, query), "the capture was not read")
        read_by = _run_that_read_last(scene)
        mails = _wait_for(lambda: len(_late_mails(scene.place)) == 2 and _late_mails(scene.place), "no mails came")
        _wait_until_quiet(scene.place)
        assert len(scene.airflow.runs("earshot_ingest", run_type="asset_triggered")) == announced
    finally:
        scene.airflow.pause("earshot_collect", is_paused=False)
    assert set(mails) == {"dara.voss@kestrava.example", "service@kestrava.example"}
    assert read_by["run_type"] == "scheduled"
    assert datetime.fromisoformat(read_by["run_after"]) - appeared_at <= timedelta(minutes=1)
    assert misindexed(scene.place) == []


def test_a_paused_brands_run_ends_as_skipped(scene: Scene) -> None:
    brand = scene.place.root / "brands" / "tannwick.yaml"
    text = brand.read_text(encoding="utf-8")
    brand.write_text(text + "\npaused: true\n", encoding="utf-8")
    run = scene.airflow.post(
        "dags/earshot_alert/dagRuns", {"logical_date": None, "conf": {}, "partition_key": "tannwick"}
    )
    scene.airflow.wait_for_run("earshot_alert", run["dag_run_id"])
    (task,) = scene.airflow.tasks("earshot_alert", run["dag_run_id"])
    brand.write_text(text, encoding="utf-8")
    assert task["state"] == "skipped"


def test_a_brand_is_judged_again_by_hand_and_the_log_says_how_far_it_is(scene: Scene) -> None:
    before = facts(scene.place)
    run = scene.airflow.trigger("earshot_reclassify", brand="harbor", share=1)
    assert scene.airflow.wait_for_run("earshot_reclassify", run)["state"] == "success"
    path = f"dags/earshot_reclassify/dagRuns/{run}/taskInstances/reclassify/logs/1"
    log = str(scene.airflow.get(path))
    documents = rows(scene.place, "SELECT count(*) FROM document")[0][0]
    assert f"100 % of {documents} done" in log
    assert re.search(r"harbor: enters \d+, leaves \d+, changes \d+, judged anew, the same \d+, as before \d+", log)
    assert differences(before, facts(scene.place)) == {}, "a report writes nothing"


def test_a_brands_brief_that_is_started_twice_is_one_mail_to_each_of_its_people(scene: Scene) -> None:
    """By partition key, as the scheduler starts it once a day."""
    body = {"logical_date": None, "conf": {}, "partition_key": "harbor"}
    started = [scene.airflow.post("dags/earshot_brief/dagRuns", body)["dag_run_id"] for _ in range(2)]
    assert {scene.airflow.wait_for_run("earshot_brief", run)["state"] for run in started} == {"success"}
    (label,) = {task["rendered_map_index"] for run in started for task in scene.airflow.tasks("earshot_brief", run)}
    assert label == "Harbor"
    query = "SELECT recipient, state FROM notice WHERE rule_id = '' AND brand_id = 'harbor'"
    _wait_for(lambda: {state for _, state in rows(scene.place, query)} == {"told"}, "the brief was not told")
    people = [recipient for recipient, _ in rows(scene.place, query)]
    query = """SELECT d.message_id FROM notice n JOIN delivery d ON d.key = n.delivery_key
        WHERE n.rule_id = '' AND n.brand_id = 'harbor'"""
    ours = {message_id for (message_id,) in rows(scene.place, query)}
    ledger = MaildirLedger(scene.place.maildir).messages(10_000)
    named = {message.subject for message in ledger if message.message_id in ours}
    sent = Counter(message.recipient for message in ledger if message.subject in named)
    assert sent == dict.fromkeys(people, 1), "whatever its Message-ID, one mail to each"
    assert people


def test_no_password_and_no_post_is_in_what_airflow_keeps(scene: Scene) -> None:
    """In its logs, its database with XCom, and the batch files. What was said stays where erasing reaches it."""
    said = [text for row in rows(scene.place, "SELECT title, url FROM document") for text in row if len(text) > 12]
    assert len(said) > 20
    kept = {
        file.relative_to(scene.place.root): file.read_bytes()
        for file in (scene.place.root / "var" / "airflow").rglob("*")
        if file.is_file() and not file.is_symlink()
    }
    assert [file for file in kept if file.name == "airflow.db"]
    assert len([file for file in kept if file.suffix == ".log"]) > 10
    assert [str(file) for file, content in kept.items() if CANARY.encode() in content] == []
    told = {text: str(file) for text in said for file, content in kept.items() if text.encode() in content}
    assert told == {}
    assert '"proxy"' in scene.batches
    assert CANARY not in scene.batches


def test_operations_get_one_mail_of_a_mistake_that_makes_every_dag_red(scene: Scene) -> None:
    broken = scene.place.root / "brands" / "broken.yaml"
    broken.write_text("id: Not An Id\n", encoding="utf-8")
    try:
        for dag in ("earshot_collect", "earshot_collect", "earshot_ingest"):
            run = scene.airflow.trigger(dag)
            assert scene.airflow.wait_for_run(dag, run)["state"] == "failed"
        _wait_for(lambda: _mails_of_mistakes(scene.place), "no mail came")
        time.sleep(5)  # the callbacks of the other runs
    finally:
        broken.unlink()
    (mail,) = _mails_of_mistakes(scene.place)
    assert "brands/broken.yaml:1" in mail.subject
    assert "/operations" in mail.html


def _strike_one_of_each(place: Place, airflow: LiveAirflow, batches: set[str]) -> tuple[dict[str, int], list[Frozen]]:
    """SIGKILL one task of each job of KILLED, then freeze the next of each of FROZEN, while they work.

    In this order: one that is killed leaves its work to the next, one that stands still holds it. Batch files that are
    seen meanwhile are added to `batches`.
    """
    killed: dict[str, int] = {}
    frozen: list[Frozen] = []
    end = time.monotonic() + PATIENCE_S
    while len(killed) < len(KILLED) or len(frozen) < len(FROZEN):
        done = f"killed so far: {killed}; frozen: {frozen}; still to be done: {undone(place)}"
        assert time.monotonic() < end, done
        batches |= set(_batch_files(place))
        for job, owner, page in _running(place):
            pid = int(owner.split("/")[1])
            if pid in killed.values() or any(owner == each.owner for each in frozen):
                continue
            is_to_die, is_to_freeze = job not in killed, job not in [each.job for each in frozen]
            if not ((is_to_die and job in KILLED) or (is_to_freeze and job in FROZEN)):
                continue
            time.sleep(0.3 if is_to_die else 0.1)  # it has begun; now it works
            if not psutil.pid_exists(pid) or (job, owner, page) not in _running(place):
                continue
            if is_to_die:
                os.kill(pid, signal.SIGKILL)
                killed[job] = pid
            else:
                frozen += _freeze(place, airflow, job, owner, page)
        time.sleep(0.02)
    return killed, frozen


def _batch_files(place: Place) -> Iterator[str]:
    """Yield what the batch files hold that are there now; each goes as soon as its batch has ended."""
    folder = place.root / "var" / "batches"
    for batch in folder.iterdir() if folder.exists() else []:
        with suppress(FileNotFoundError):
            yield (batch / "batch.json").read_text(encoding="utf-8")


def _connections(process: psutil.Process) -> list[Any]:
    try:
        return list(process.net_connections("inet"))
    except psutil.NoSuchProcess:
        return []


def _freeze(place: Place, airflow: LiveAirflow, job: str, owner: str, page: str) -> list[Frozen]:
    """Freeze a task and what watches it; not where it stands inside a transaction, which would hold up everything."""
    process = psutil.Process(int(owner.split("/")[1]))
    watcher = process.parent()
    assert watcher is not None
    process.suspend()
    if _is_locked(place):
        process.resume()
        return []
    watcher.suspend()
    return [Frozen(job, owner, page, _label(airflow, page), process, watcher)]


def _label(airflow: LiveAirflow, page: str) -> str | None:
    """Return what a mapped task is called in Airflow now."""
    _, dag, _, run, _, task, _, sibling = urlsplit(page).path.strip("/").split("/")
    found = airflow.get(f"dags/{dag}/dagRuns/{run}/taskInstances/{task}/{sibling}")["rendered_map_index"]
    return None if found is None else str(found)


def _is_locked(place: Place) -> bool:
    with closing(sqlite3.connect(place.record, timeout=2, isolation_level=None)) as db:
        try:
            db.execute("BEGIN IMMEDIATE")
            db.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return True
    return False


def _thaw_beside_their_twins(place: Place, frozen: list[Frozen]) -> None:
    """Let each go on once its second try has begun; what watches it wakes up later, as after a gap of the network."""
    end = time.monotonic() + PATIENCE_S
    for each in frozen:
        query = f"SELECT count(*) FROM job_run WHERE origin_url = '{each.page}'"
        while rows(place, query)[0][0] < 2:
            assert time.monotonic() < end, f"no second try of {each.page}"
            time.sleep(0.2)
    for each in frozen:
        each.process.resume()
    time.sleep(3)
    for each in frozen:
        each.watcher.resume()


def _running(place: Place) -> list[Any]:
    try:
        return rows(place, "SELECT job, owner, origin_url FROM job_run WHERE state = 'running'")
    except Exception:  # no record yet
        return []


def _wait_until_quiet(place: Place) -> None:
    """Wait until nothing is left to be done. Briefs come last: they wait until all that is due has been heard."""
    end = time.monotonic() + PATIENCE_S
    while left := _briefs_to_come(place) or undone(place):
        assert time.monotonic() < end, f"still to be done: {left}\n{place.said()}"
        time.sleep(0.2)


def _briefs_to_come(place: Place) -> dict[str, Any]:
    """Return what `earshot.jobs.briefs_due` says, empty where no brief is to come."""
    try:
        return {name: said for name, said in jobs.briefs_due(str(place.root)).items() if said}
    except StorageError:  # nobody has begun yet
        return {}


def _wait_for(look: Callable[[], Any], complaint: str) -> Any:
    """Wait until what is looked for is there; return it."""
    end = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < end, complaint
        time.sleep(0.2)
    return found


def _pause_collect(scene: Scene) -> None:
    """Let nothing be collected any more, and what was collected be read to its end, its events included.

    Airflow begins no task of a paused DAG, also none of a run that is at work: it is paused between two runs.
    """

    def is_paused_between_runs() -> bool:
        if _is_at_work(scene.airflow, "collect"):
            return False
        scene.airflow.pause("earshot_collect", is_paused=True)
        if not _is_at_work(scene.airflow, "collect"):
            return True
        scene.airflow.pause("earshot_collect", is_paused=False)
        return False

    _wait_for(is_paused_between_runs, "collect was always at work")
    events = ("ingest", "publish", "alert")
    _wait_for(lambda: not any(_is_at_work(scene.airflow, job) for job in events), "runs went on")
    _wait_until_quiet(scene.place)


def _tries(scene: Scene, job: str, run: str) -> int:
    """Return how often the tasks of a run were begun, all together."""
    return sum(task["try_number"] for task in scene.airflow.tasks(f"earshot_{job}", run))


def _is_at_work(airflow: LiveAirflow, job: str) -> bool:
    return any(airflow.runs(f"earshot_{job}", state=state) for state in ("queued", "running"))


def _leave_a_capture(place: Place) -> datetime:
    """Put a feed with one post more into the lake, and tell nobody; return when it appeared."""
    now = datetime.now(UTC).replace(microsecond=0)
    feed = f"""<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
        <title>Tidewatch</title><item><title>{LATE_TITLE}</title><link>http://tidewatch.localhost/late</link>
        <pubDate>{format_datetime(now)}</pubDate><content:encoded>The battery of my Kestrava caught fire while it was
        charging. Nobody was hurt, but this is dangerous.</content:encoded></item></channel></rss>"""
    url = "http://tidewatch.localhost/feed.atom"
    capture = make_capture(url=url, final_url=url, item_id="source:tidewatch", source_id="tidewatch", fetched_at=now)
    with opened(place.root) as parts:
        writer = parts.lake.open_writer()
        writer.add(capture, feed.encode())
        assert writer.publish()
    return datetime.now(UTC)


def _run_that_read_last(scene: Scene) -> dict[str, Any]:
    """Return the run of Airflow in which a document was made last."""
    query = "SELECT origin_url, counts FROM job_run WHERE job = 'ingest' ORDER BY started_at DESC LIMIT 50"
    urls = (url for url, counts in rows(scene.place, query) if json.loads(counts).get("new_documents"))
    run_id = re.search(r"/runs/([^/]+)/", unquote(next(urls)))
    assert run_id
    (run,) = [run for run in scene.airflow.runs("earshot_ingest") if run["dag_run_id"] == run_id[1]]
    return run


def _late_mails(place: Place) -> list[str]:
    """Return who got a mail of the post that nobody announced."""
    query = f"""SELECT DISTINCT n.recipient FROM notice n JOIN delivery d ON d.key = n.delivery_key
        JOIN incident_mention i ON i.incident_id = n.incident_id JOIN mention m ON m.id = i.mention_id
        JOIN document t ON t.id = m.document_id
        WHERE t.title = '{LATE_TITLE}' AND d.state = 'sent' AND n.rule_id = 'safety'"""
    return [recipient for (recipient,) in rows(place, query)]


def _mails_of_mistakes(place: Place) -> list[Any]:
    return [mail for mail in _mails_to(place, OPERATIONS) if "No job can start" in mail.subject]


def _mails_to(place: Place, recipient: str) -> list[Any]:
    ledger = MaildirLedger(place.maildir)
    found = [m for m in ledger.messages(1000) if recipient in m.recipient]
    return [message for each in found if (message := ledger.message(each.name))]


def _alert_mails(place: Place) -> list[Any]:
    return [m for m in MaildirLedger(place.maildir).messages(10_000) if OPERATIONS not in m.recipient]
