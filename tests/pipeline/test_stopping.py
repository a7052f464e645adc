"""A run that is asked to end ends soon, whatever it was doing, and leaves the rest to the next start."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from earshot.alerts.renderer import Renderer
from earshot.model import CollectEvent
from earshot.pipeline.alert import alert
from earshot.pipeline.run import Runner
from tests.alerts.scene import Scene
from tests.builders import make_source
from tests.pipeline.world import World, item, rss

MakeWorld = Callable[..., World]


def test_in_the_middle_of_a_file_it_leaves_the_rest_to_the_next_start(make_world: MakeWorld) -> None:
    sources = [make_source(id=name, url=f"http://{name}.example/feed") for name in ("alder", "birch", "cedar")]
    world = make_world(sources=sources)
    for each in sources:
        world.web.says(each.url, rss(item(f"http://{each.id}.example/one", "Pump", f"Halden pump at {each.id}.")))
    runners: list[Runner] = []
    first = world.runner(on_change=lambda report: runners[0].stop() if report.ingested.captures else None)
    runners.append(first)
    assert first.once().ingested.captures == 1
    assert world.runner().once().ingested.captures == 2
    with world.record.read() as reader:
        assert reader.counts().documents == 3


@pytest.mark.fault(
    case="TERM arrives while a site makes a spider wait",
    promise="The process ends without waiting for the site",
)
def test_it_does_not_wait_for_a_spider_that_waits_for_its_site(make_world: MakeWorld) -> None:
    world, released = make_world(), threading.Event()

    def waits(_: Path) -> Iterator[CollectEvent]:
        while not released.wait(0.01):
            world.clock.sleep(0.1)
        yield from ()

    world.web.collect = waits  # type: ignore[method-assign]
    runner = world.runner()
    threading.Timer(0.2, runner.stop).start()
    began = time.monotonic()
    runner.forever()
    took_s, thread = time.monotonic() - began, runner._collecting
    released.set()
    assert thread is not None
    thread.join()
    assert took_s < 5


def test_between_two_mails_it_leaves_the_rest_to_the_next_run(tmp_path: Path) -> None:
    scene = Scene(tmp_path).begin()
    scene.flag(3)

    def run(is_stopping: Callable[[], bool]) -> int:
        parts = (scene.record, scene.inbox, None, Renderer(scene.settings), scene.book, scene.settings)
        return alert(*parts, scene.clock, "here/1/0.00", is_stopping).sent

    assert run(lambda: len(scene.inbox.taken) > 0) == 1
    assert scene.states() == {"sent": 1, "pending": 2}
    assert run(lambda: False) == 2
    scene.record.close()
