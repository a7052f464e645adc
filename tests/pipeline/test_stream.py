"""Collecting as a stream, with real spiders and servers: nobody waits for a host, and nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from earshot.clock import SystemClock
from earshot.config.settings import Settings, Workspace
from earshot.model import CollectEvent, Fetched, Outcome, Role, Source
from earshot.pipeline.collect import page_id
from earshot.pipeline.plan import know_sources
from earshot.pipeline.stream import Stream
from earshot.ports import FrontierPage, RunEnd
from earshot.record import SqlRecord
from spiders.collector import ScrapyCollector
from tests.builders import make_brand, make_source
from tests.spiders.batches import make_limits
from tests.spiders.server import MisbehavingServer, serving

OWNER = "here"


class Scene:
    """A record with sources that answered once, and a stream over them."""

    def __init__(self, root: Path, server: MisbehavingServer) -> None:
        (root / "var").mkdir()
        self.root, self.server, self.clock = root, server, SystemClock()
        self.record = SqlRecord(f"sqlite:///{root / 'var' / 'record.db'}", self.clock)
        self.record.migrate()
        self.stream: Stream | None = None
        self.events: list[CollectEvent] = []

    def listen(self, *sources: Source, **limits: float) -> Stream:
        workspace = Workspace(self.root, Settings(), (make_brand(),), sources)
        now = self.clock.now()
        with self.record.write() as writer:
            know_sources(writer, workspace, now)
            for source in sources:
                end = RunEnd(source.id, now, Outcome.OK, "", now, status=200, etag='"v1"')
                writer.end_run(end)
        spider = ScrapyCollector(self.clock)
        self.stream = Stream(self.record, spider, workspace, make_limits(**limits), self.clock, OWNER)
        return self.stream

    def run(self, is_enough: Callable[[], bool], seconds: float = 30.0) -> None:
        assert self.stream is not None
        until = time.monotonic() + seconds
        while not is_enough():
            assert time.monotonic() < until, self.server.paths()
            self.events += self.stream.step()
            time.sleep(0.05)

    def looks(self, path: str) -> list[float]:
        return [seen.at for seen in self.server.seen if seen.path.partition("?")[0] == path]

    def held(self) -> set[str]:
        with self.record.read() as reader:
            return {lease.name for lease in reader.held_leases("none")}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with serving(robots={"127.0.0.3": (200, b"User-agent: *\nCrawl-delay: 3\n")}) as server:
        made = Scene(tmp_path, server)
        yield made
        if made.stream is not None:
            made.stream.end()
        made.record.close()


@pytest.mark.fault(
    case="A feed that answers after a long time, and a site with Crawl-delay and many pages",
    promise="The other sources are looked at as often as without them; nobody waits for a host",
)
def test_a_slow_host_and_one_with_a_long_delay_make_no_other_source_late(scene: Scene) -> None:
    good = make_source(id="good", url=scene.server.url("/feed"), pace_s=1, delay_s=0.0)
    slow = make_source(id="slow", url=scene.server.url("/slow?6", 1), pace_s=1)
    site = make_source(id="site", url=scene.server.url("/status?404", 2), pace_s=900, delay_s=0.0)
    scene.listen(good, slow, site, timeout_s=20.0)
    with scene.record.write() as writer:
        urls = [scene.server.url(f"/page?{n}", 2) for n in range(5)]
        writer.add_pages([FrontierPage(page_id(u, Role.PAGE), u, Role.PAGE, "site", scene.clock.now()) for u in urls])
    scene.run(lambda: len(scene.looks("/feed")) > 4 and len(scene.looks("/page")) > 1)
    ends = {event.source_id for event in scene.events if isinstance(event, Fetched)}
    assert "slow" not in ends
    waits = [later - earlier for earlier, later in pairwise(at for at in scene.looks("/feed"))]
    assert sorted(waits)[len(waits) // 2] < 2.5
    pages = scene.looks("/page")
    assert all(later - earlier > 2.7 for earlier, later in pairwise(pages))
    assert scene.held() == {"host:127.0.0.2", "host:127.0.0.3"} | (scene.held() & {"host:127.0.0.1"})


def test_a_stream_that_ends_gives_everything_back(scene: Scene) -> None:
    slow = make_source(id="slow", url=scene.server.url("/slow?30", 1))
    stream = scene.listen(slow, timeout_s=60.0)
    scene.run(lambda: bool(scene.looks("/slow")))
    assert scene.held() == {"host:127.0.0.2"}
    stream.end()
    stream.end()
    assert scene.held() == set()
    assert not list((scene.root / "var" / "batches").iterdir())
    with scene.record.write() as writer:
        assert [one.source_id for one in writer.due_sources(scene.clock.now(), 9)] == ["slow"]
        assert writer.failures("slow") == 0


@pytest.mark.fault(
    case="A spider process is killed while it visits many hosts",
    promise="What it had not come to ends as failed, the hosts are free, and the next process goes on",
)
def test_a_spider_that_dies_is_followed_by_another(scene: Scene) -> None:
    slow = make_source(id="slow", url=scene.server.url("/slow?30", 1))
    good = make_source(id="good", url=scene.server.url("/feed"), pace_s=1, delay_s=0.0)
    stream = scene.listen(slow, good, timeout_s=60.0)
    scene.run(lambda: bool(scene.looks("/slow")))
    stream._spiders[0].session._child.kill()  # type: ignore[attr-defined]
    before = len(scene.looks("/feed"))
    scene.run(lambda: len(scene.looks("/feed")) > before + 1)
    (reason,) = {event.reason for event in scene.events if isinstance(event, Fetched) and event.source_id == "slow"}
    assert reason.startswith("the spider ended early")
