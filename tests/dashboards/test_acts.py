"""The buttons of the Operations page: what they do, the trace they leave, and who may press them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from earshot.errors import StorageError
from earshot.operating import JobRun, JobState
from tests.dashboards import seed
from tests.dashboards.serving import app_of, serving
from tests.dashboards.test_pages import text_of

TOKEN = "correct horse battery staple"
PAUSE = "/operations/brands/halden/pause"
ALL = "/operations/quarantine/replay"


class Asked:
    """Actions that only remember what was asked for, and how to say that it has ended."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, Callable[[str], None]]] = []

    def replay(self, quarantine_id: str, on_end: Callable[[str], None]) -> None:
        self.requests.append((quarantine_id, on_end))

    @property
    def ids(self) -> list[str]:
        return [id_ for id_, _ in self.requests]


class Scene:
    def __init__(self, world: seed.World, asked: Asked, client: httpx.Client) -> None:
        self.world, self.asked, self.client = world, asked, client

    def runs(self, job: str) -> list[JobRun]:
        with self.world.record.read() as reader:
            return reader.job_runs(job=job)

    def paused(self) -> dict[str, str]:
        with self.world.record.read() as reader:
            return {pause.brand_id: pause.by for pause in reader.pauses()}

    def aside(self) -> list[str]:
        with self.world.record.read() as reader:
            return [one.id for one in reader.quarantine()]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    world, asked = seed.make_world(tmp_path, days=3), Asked()
    seed.operate(world)
    with serving(app_of(world, actions=asked)) as url, httpx.Client(base_url=url) as client:
        yield Scene(world, asked, client)
    world.record.close()


def test_pause_pauses_and_resume_ends_it_and_both_leave_a_trace(scene: Scene) -> None:
    answer = scene.client.post(PAUSE)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/operations?did=pause&brand=halden#brands"
    assert scene.paused()["halden"] == "somebody on the pages"
    assert "Alerts for Halden are paused until you resume them" in text_of(
        scene.client.get(answer.headers["location"]).text
    )
    answer = scene.client.post("/operations/brands/halden/resume")
    assert "halden" not in scene.paused()
    assert "Alerts for Halden are on again" in text_of(scene.client.get(answer.headers["location"]).text)
    for job in ("pause", "resume"):
        (run,) = scene.runs(job)
        assert (run.subject, run.state, run.origin) == ("halden", JobState.DONE, "pages")
        assert run.reason == "by somebody on the pages"
        assert "Halden" in text_of(scene.client.get(f"/operations/runs/{run.id}").text)


def test_pressed_twice_is_once(scene: Scene) -> None:
    for _ in range(2):
        assert scene.client.post(PAUSE).status_code == 303
    assert len(scene.runs("pause")) == 1


def test_what_a_button_did_is_not_claimed_when_it_no_longer_holds(scene: Scene) -> None:
    assert 'role="status"' not in scene.client.get("/operations?did=pause&brand=halden").text
    assert 'role="status"' not in scene.client.get("/operations?did=resume&brand=aurin").text
    assert 'role="status"' not in scene.client.get("/operations?did=<b>&brand=<i>").text


def test_a_brand_paused_in_its_file_is_not_resumed_by_a_form(scene: Scene) -> None:
    answer = scene.client.post("/operations/brands/mint/resume", headers={"accept": "text/html"})
    assert answer.status_code == 409
    assert "paused in its file" in answer.text
    assert scene.client.post("/operations/brands/nobody/pause").status_code == 404
    assert scene.runs("pause") == scene.runs("resume") == []


def test_one_capture_is_asked_for_and_the_request_lasts_until_it_has_ended(scene: Scene) -> None:
    first, second = scene.aside()
    assert scene.client.post(f"/operations/quarantine/{first}/replay").status_code == 303
    assert scene.asked.ids == [first]
    page = text_of(scene.client.get("/operations").text)
    assert page.count("being tried again…") == 1
    (run,) = scene.runs("ask replay")
    assert (run.state, run.subject, run.origin) == (JobState.RUNNING, first, "pages")
    scene.asked.requests[0][1]("")
    assert [each.state for each in scene.runs("ask replay")] == [JobState.DONE]
    scene.client.post(f"/operations/quarantine/{second}/replay")
    scene.asked.requests[1][1]("`earshot replay` ended with code 4: the record did not answer")
    failed = scene.runs("ask replay")
    assert {each.state for each in failed} == {JobState.DONE, JobState.FAILED}
    assert "ended with code 4" in scene.client.get("/operations").text


def test_what_is_being_tried_already_is_not_asked_for_again(scene: Scene) -> None:
    first, second = scene.aside()
    for url in (f"/operations/quarantine/{first}/replay", f"/operations/quarantine/{first}/replay", ALL, ALL):
        assert scene.client.post(url).headers["location"] == "/operations?did=ask+replay#quarantine"
    scene.client.post(f"/operations/quarantine/{second}/replay")
    assert scene.asked.ids == [first, ""]


def test_a_capture_that_is_not_set_aside_is_not_tried(scene: Scene) -> None:
    answer = scene.client.post("/operations/quarantine/nothing/replay", headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert scene.asked.ids == []


def test_buttons_are_only_pressed_never_followed(scene: Scene) -> None:
    for path in (PAUSE, ALL):
        assert scene.client.get(path).status_code == 405
    assert "halden" not in scene.paused()


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
def test_forms_of_other_sites_press_nothing(scene: Scene, headers: dict[str, str]) -> None:
    for path in (PAUSE, ALL, f"/operations/quarantine/{scene.aside()[0]}/replay"):
        assert scene.client.post(path, headers=headers).status_code == 403
    assert "halden" not in scene.paused()
    assert scene.asked.ids == []


@pytest.mark.fault(case="A foreign host name on the Operations page's buttons", promise="Nothing is pressed")
def test_a_foreign_host_name_presses_nothing(scene: Scene) -> None:
    assert scene.client.post(PAUSE, headers={"host": "evil.example"}).status_code == 421
    assert "halden" not in scene.paused()


def test_where_a_token_is_set_buttons_need_it(tmp_path: Path) -> None:
    world = seed.make_world(tmp_path, days=1, token=SecretStr(TOKEN))
    with serving(app_of(world, actions=Asked())) as url, httpx.Client(base_url=url) as client:
        scene = Scene(world, Asked(), client)
        assert client.post(PAUSE, headers={"authorization": "Bearer wrong"}).status_code == 401
        assert client.post(PAUSE, headers={"accept": "text/html"}).headers["location"].startswith("/sign-in")
        assert scene.paused() == {}
        assert client.post(PAUSE, headers={"authorization": f"Bearer {TOKEN}"}).status_code == 303
        assert scene.paused() == {"halden": "somebody on the pages"}


def test_without_somebody_to_try_there_is_neither_button_nor_address(tmp_path: Path) -> None:
    world = seed.make_world(tmp_path, days=1)
    seed.operate(world)
    with serving(app_of(world)) as url:
        assert 'action="/operations/quarantine' not in httpx.get(f"{url}/operations").text
        assert httpx.post(url + ALL).status_code == 404


def test_a_record_that_is_busy_pauses_nothing_and_says_so(tmp_path: Path) -> None:
    world = seed.make_world(tmp_path, days=1)

    class Busy:
        def __getattr__(self, name: str) -> Any:
            return getattr(world.record, name)

        def write(self) -> Any:
            raise StorageError("the record did not answer within 30 s")

    busy = seed.World(Busy(), world.index, world.workspace, world.clock, [])  # type: ignore[arg-type]
    with serving(app_of(busy)) as url:
        answer = httpx.post(url + PAUSE, headers={"accept": "text/html"})
    assert answer.status_code == 503
    assert "Nothing is lost; try again shortly" in answer.text
