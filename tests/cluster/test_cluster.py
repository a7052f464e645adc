"""The shape of docker-compose.yml as processes: the same web in, the same record out as on one machine.

PostgreSQL, Redis, OpenSearch, an S3 server, Airflow with Celery and two workers, one of which is killed half-way.
Commands and settings are read from the compose file.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
import httpx
import psutil
import psycopg
import pytest

from earshot.clock import SystemClock
from earshot.ports import MentionIndex
from earshot.wiring import make_index
from tests.cluster.outfit import Outfit, outfit
from tests.dags.airflow_home import LiveAirflow
from tests.kill.account import Facts, differences, facts, misindexed, mistold, rows, undone
from tests.kill.place import TERM, NothingThereError, Place, world

pytestmark = pytest.mark.cluster

WORKERS = ("worker-1", "worker-2")
PATIENCE_S = 900.0


@dataclass(frozen=True)
class ClusterPlace(Place):
    """A workspace whose record, lake and index lie in servers."""

    made: Outfit = field(kw_only=True)

    def rows(self, query: str) -> list[Any]:
        try:
            return [tuple(row) for row in self._record.execute(query).fetchall()]
        except psycopg.errors.UndefinedTable as error:
            raise NothingThereError(str(error)) from error

    def lake_files(self) -> set[str]:
        pages = self._bucket.get_paginator("list_objects_v2").paginate(Bucket="earshot", Prefix="lake/")
        return {item["Key"].removeprefix("lake/") for page in pages for item in page.get("Contents", [])}

    def index(self) -> MentionIndex:
        return make_index(self.made.loaded(), SystemClock())

    @cached_property
    def _record(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.made.loaded().record_url, autocommit=True)

    @cached_property
    def _bucket(self) -> Any:
        keys = dict(line.split(" = ") for line in (self.made.secrets / "s3_credentials").read_text().splitlines()[1:])
        return boto3.client("s3", endpoint_url=f"http://127.0.0.1:{self.made.ports['lake']}", **keys)

    def close(self) -> None:
        self._record.close()
        self._bucket.close()


@dataclass
class Scene:
    """The same web, heard by `earshot run` and by the cluster. killed: the job of the killed worker, and its owner."""

    expected: Facts
    place: ClusterPlace
    made: Outfit
    killed: tuple[str, str]
    open_to_others: list[str]
    unhealthy: dict[str, str]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("cluster")
    with world(folder, "prompt", "many") as places:
        prompt = places["prompt"]
        many = places["many"]
        # The servers start while `earshot run` listens: neither is measured, and both mostly wait.
        with prompt.start("run") as run, outfit(many.root, folder / "outfit") as made, ExitStack() as stack:
            _wait_until_quiet(prompt)
            run.end(TERM)
            expected = facts(prompt)
            place = stack.enter_context(closing(ClusterPlace(many.root, many.maildir, made=made)))
            for name in WORKERS:
                made.start("airflow-worker", name, "--celery-hostname", name)
            killed = _kill_a_worker_at_work(place, made)
            _wait_until_quiet(place, made)
            yield Scene(expected, place, made, killed, made.open_to_others(), _unhealthy(made))


@pytest.mark.fault(case="A Celery worker is killed at work", promise="The other one takes over")
def test_the_worker_that_was_killed_was_at_work(scene: Scene) -> None:
    job, owner = scene.killed
    ended = rows(scene.place, f"SELECT state FROM job_run WHERE owner = '{owner}' AND job = '{job}'")
    assert ("running",) in ended, "a job that is killed never says how it ended"
    assert len(scene.made.processes) == 8, "one worker of two is gone; everything else still runs"


@pytest.mark.fault(case="A Celery worker is killed at work", promise="The record is the same as without")
def test_the_record_is_the_one_that_earshot_run_makes(scene: Scene) -> None:
    found = facts(scene.place)
    assert differences(scene.expected, found) == {}
    assert len(found.told) >= 20
    assert misindexed(scene.place) == []


def test_every_notice_was_told_exactly_once_and_no_other_mail_was_sent(scene: Scene) -> None:
    assert mistold(scene.place) == []


@pytest.mark.fault(case="The file of one brand has a mistake", promise="Airflow starts; the other brands go on")
def test_a_brand_with_a_mistake_did_not_keep_airflow_from_starting(scene: Scene) -> None:
    said = scene.made.log("airflow-init").read_text(errors="replace")
    assert "brands/broken.yaml:1:1: name: is missing" in said
    assert said.count("Airflow starts all the same") == 1


def test_captures_lie_in_the_bucket_and_nowhere_else(scene: Scene) -> None:
    assert scene.place.lake_files() == {name for (name,) in rows(scene.place, "SELECT name FROM lake_file")} != set()
    left = {path.name for path in (scene.place.root / "var").iterdir()}
    assert left.isdisjoint({"lake", "index", "record.db"})


def test_every_task_ran_in_one_of_both_workers(scene: Scene) -> None:
    airflow = LiveAirflow(scene.made)  # type: ignore[arg-type]
    with closing(airflow.client):
        tasks = [task for dag in ("collect", "ingest", "publish") for task in airflow.tasks(f"earshot_{dag}")]
    said = {name: scene.made.log(name).read_text(errors="replace") for name in WORKERS}
    ended = [task["id"] for task in tasks if task["state"] == "success" and task["pid"]]
    assert len(ended) > 10
    assert [task for task in ended if not any(task in text for text in said.values())] == []
    assert all("succeeded in" in text for text in said.values()), said


def test_the_pages_show_it_to_whoever_has_the_token_and_to_nobody_else(scene: Scene) -> None:
    token = (scene.made.secrets / "dashboards_token").read_text()
    with httpx.Client(base_url=scene.made.pages_url, trust_env=False, follow_redirects=False, timeout=30) as client:
        assert client.get("/mentions").status_code in (303, 401, 403)
        page = client.get("/mentions", params={"q": "melted OR smoking"}, headers={"Authorization": f"Bearer {token}"})
    assert page.status_code == 200
    assert "<mark>" in page.text


def test_everything_listens_on_the_loopback_only(scene: Scene) -> None:
    assert scene.open_to_others == []


def test_every_service_is_healthy_by_its_own_check(scene: Scene) -> None:
    assert scene.unhealthy == {}


def _unhealthy(made: Outfit) -> dict[str, str]:
    """Return the services whose health check says no, with what it said. The S3 server here is another one."""
    left = next(name for name in WORKERS if name in made.processes)
    named = {"airflow-worker": left}
    checked = [name for name, service in made.services.items() if "healthcheck" in service]
    found = {name: made.check(name, named.get(name, "")) for name in checked if name not in ("lake", "mails")}
    return {name: done.stdout + done.stderr for name, done in found.items() if done.returncode}


def _kill_a_worker_at_work(place: ClusterPlace, made: Outfit) -> tuple[str, str]:
    """SIGKILL one worker, with all it started, while it collects or reads."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        for job, owner in _running(place):
            pid = int(owner.split("/")[1])
            for name in WORKERS:
                children = [p.pid for p in _descendants(made, name)]
                if job in ("collect", "ingest") and pid in children:
                    assert pid in made.kill(name)
                    return job, owner
        time.sleep(0.1)
    raise AssertionError(f"no worker was seen at work: {undone(place)}\n{made.said('worker-1')}")


def _descendants(made: Outfit, name: str) -> list[Any]:
    return psutil.Process(made.processes[name].pid).children(recursive=True)


def _running(place: Place) -> list[Any]:
    try:
        return rows(place, "SELECT job, owner FROM job_run WHERE state = 'running'")
    except NothingThereError:
        return []


def _wait_until_quiet(place: Place, made: Outfit | None = None) -> None:
    end = time.monotonic() + PATIENCE_S
    while left := undone(place):
        words = "\n".join(made.said(name) for name in ("airflow-scheduler", *WORKERS)) if made else place.said()
        assert time.monotonic() < end, f"still to be done: {left}\n{words}"
        time.sleep(2)  # asking costs what the tasks need
