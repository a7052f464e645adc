"""Another process takes away what was just seen: that one item ends, and everything else goes on.

Nothing here waits and hopes: the other process comes along at the very place, by a hook in a real lake.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from dashboards.app import make_app
from earshot.config.settings import RetentionSettings, Settings
from earshot.errors import ConfigError, StorageError
from earshot.index.embedded import EmbeddedIndex
from earshot.lake import WarcLake
from earshot.model import Capture, CaptureRef, CollectEvent, FilePublished, SearchRequest
from earshot.pipeline.collect import collect
from earshot.pipeline.maintain.integrity import examine
from earshot.pipeline.maintain.retention import retain
from earshot.pipeline.plan import know_sources, plan
from earshot.pipeline.publish import publish
from earshot.pipeline.replay import of_time, replay
from earshot.pipeline.verify import verify
from earshot.ports import Held, IndexAnswer, IndexWrite
from tests.builders import make_source
from tests.dashboards.serving import serving
from tests.pipeline.world import LIMITS, OWNER, World, item, rss

pytestmark = pytest.mark.races
MakeWorld = Callable[..., World]
SOURCES = [make_source(), make_source(id="forum", url="http://forum.example/feed")]
FORGETS = Settings(retention=RetentionSettings(captures=timedelta(minutes=30)))


class Watched(WarcLake):
    """A lake beside which another process does something at a place that the test names; each time only once."""

    def __init__(self, world: World) -> None:
        super().__init__(world.workspace.lake_url, world.clock)
        self.listed: list[Callable[[], object]] = []
        self.opening: list[Callable[[], object]] = []
        self.refuses: Exception | None = None

    def iter_files(self) -> Iterator[str]:
        names = list(super().iter_files())
        _come_along(self.listed)
        yield from names

    def iter_captures(self, file: str) -> Iterator[tuple[Capture, bytes]]:
        _come_along(self.opening)
        yield from super().iter_captures(file)

    def rewrite_without(
        self, file: str, refs: Sequence[CaptureRef], known: Sequence[CaptureRef] = ()
    ) -> dict[CaptureRef, CaptureRef]:
        if self.refuses:
            raise self.refuses
        return super().rewrite_without(file, refs, known)

    def remove(self, file: str) -> None:
        if self.refuses:
            raise self.refuses
        super().remove(file)


def _come_along(waiting: list[Callable[[], object]]) -> None:
    if waiting:
        waiting.pop(0)()


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    made = make_world(sources=SOURCES, settings=FORGETS)
    made.lake = Watched(made)
    made.use(made.workspace)
    return made


def watched(world: World) -> Watched:
    assert isinstance(world.lake, Watched)
    return world.lake


def says(world: World, name: str) -> None:
    for source in world.workspace.sources:
        text = f"Halden {name} at {source.id}, said by somebody who knows."
        world.web.says(source.url, rss(item(source.url.replace("feed", name), f"Halden {name}", text)))


def fetched(world: World, name: str) -> str:
    """Fetch, and read nothing: return the file that waits."""
    says(world, name)
    with world.record.write() as writer:
        know_sources(writer, world.workspace, world.clock.now())
    (planned,) = plan(world.record, world.workspace, world.clock, OWNER, LIMITS)
    events = list(collect(world.record, world.web, world.workspace, world.clock, OWNER, planned.file))
    (file,) = [event.file for event in events if isinstance(event, FilePublished)]
    return file


def other(world: World) -> WarcLake:
    """The lake as the other process has it."""
    return WarcLake(world.workspace.lake_url, world.clock)


def drop_old(world: World) -> None:
    retain(world.record, other(world), world.workspace, world.clock)


def documents(world: World) -> int:
    with world.record.read() as reader:
        return reader.counts().documents


def assert_all_fits_together(world: World) -> None:
    world.round()
    assert examine(world.record, other(world), world.index, world.clock, OWNER).findings == ()


@pytest.mark.fault(
    case="Retention removes a file that a round is about to read",
    promise="That file is passed over; the round goes on",
)
def test_a_file_that_retention_removes_after_it_was_named_is_passed_over(world: World) -> None:
    says(world, "one")
    world.round()
    (old,) = other(world).iter_files()
    new = fetched(world, "two")
    watched(world).listed = [lambda: drop_old(world)]
    assert world.ingest.open_files() == [new]
    assert world.ingest.file(old).rewritten == 1
    assert world.ingest.file(new).new_documents == 2
    assert_all_fits_together(world)


def test_what_is_left_of_a_file_that_is_rewritten_before_it_is_opened_is_read_in_the_same_round(world: World) -> None:
    """A spider named the file; another process cut a capture out of it before this one opened it."""

    def cut_the_first() -> None:
        (file,) = other(world).iter_files()
        first = next(iter(other(world).iter_captures(file)))[0]
        world.record.move_captures(other(world).rewrite_without(file, [first.ref]), [first.ref])

    says(world, "one")
    watched(world).opening = [cut_the_first]
    world.round()
    assert documents(world) == 1
    assert_all_fits_together(world)


def test_a_file_that_was_known_again_after_it_went_is_forgotten(world: World) -> None:
    says(world, "one")
    world.round()
    (old,) = other(world).iter_files()
    drop_old(world)
    with world.record.write() as writer:
        writer.add_file(old, world.clock.now())
    assert world.ingest.file(old).rewritten == 1
    with world.record.read() as reader:
        assert reader.needed_files() == set()


@pytest.mark.fault(case="One file of the lake cannot be read", promise="The others are read")
def test_one_file_that_cannot_be_read_is_left_and_the_others_are_read(world: World) -> None:
    Path(world.workspace.lake_url, "20261120T000000.000000Z-broken.warc.gz").mkdir(parents=True)
    says(world, "one")
    report = world.round()
    assert documents(world) == 2
    assert report.ingested.unreadable == 0
    assert world.ingest.file("20261120T000000.000000Z-broken.warc.gz").unreadable == 1


def test_a_lake_that_does_not_answer_at_all_is_an_error(world: World) -> None:
    name = fetched(world, "one")

    def silent() -> None:
        raise StorageError("no route to the lake")

    watched(world).opening, watched(world).listed = [silent], [silent]
    with pytest.raises(StorageError, match="no route"):
        world.ingest.file(name)


def test_a_login_that_may_not_cut_ends_no_round(world: World) -> None:
    says(world, "one")
    world.round()
    watched(world).refuses = ConfigError("this login may not do it", where="lake.url")
    with world.record.write() as writer:
        writer.condemn_captures((), None, world.clock.now() + timedelta(days=1))
    says(world, "two")
    world.round()
    assert documents(world) == 4
    with world.record.read() as reader:
        assert len(reader.condemned()) == 2


@pytest.mark.fault(case="A capture goes before it is read again", promise="The next is read")
def test_a_capture_that_goes_before_it_is_read_again_is_lost_and_the_next_is_read(world: World) -> None:
    says(world, "one")
    world.round()
    says(world, "two")
    world.round()
    waiting = of_time(world.record, world.clock.now() - timedelta(days=1), world.clock.now(), ["blog"])
    other(world).remove(waiting[0].ref.file)
    done = replay(world.record, world.lake, world.ingest, world.clock, waiting, share=1.0)
    assert (done.tried, done.lost, done.ingested.captures) == (2, 1, 1)


@pytest.mark.fault(case="The working folder of a batch is removed", promise="Its items end; no other batch does")
def test_a_batch_whose_folder_is_removed_ends_its_items_and_no_more(world: World) -> None:
    from spiders.collector import ScrapyCollector

    says(world, "one")
    with world.record.write() as writer:
        know_sources(writer, world.workspace, world.clock.now())
    (planned,) = plan(world.record, world.workspace, world.clock, OWNER, LIMITS)

    class Removed(ScrapyCollector):
        def collect(self, batch_file: Path) -> Iterator[CollectEvent]:
            shutil.rmtree(batch_file.parent)
            return super().collect(batch_file)

    events = list(collect(world.record, Removed(world.clock), world.workspace, world.clock, OWNER, planned.file))
    assert [event.reason.partition(":")[0] for event in events] == ["the spider ended early"] * 2  # type: ignore[union-attr]


class Beside(EmbeddedIndex):
    """An index beside which an erasure happens just before it is written to, or just before it is asked."""

    before_write: Callable[[], object] | None = None
    before_held: Callable[[], object] | None = None

    def write(self, writes: Sequence[IndexWrite]) -> list[IndexAnswer]:
        come_along, self.before_write = self.before_write, None
        if come_along:
            come_along()
        return super().write(writes)

    def held(self, ids: Sequence[str]) -> dict[str, Held]:
        come_along, self.before_held = self.before_held, None
        if come_along:
            come_along()
        return super().held(ids)


def beside(world: World) -> Beside:
    world.index = Beside(world.workspace.var / "index")
    return world.index


def bury(world: World, url: str) -> None:
    with world.record.write() as writer:
        writer.erase(url=url, now=world.clock.now())


@pytest.mark.fault(case="A mention is erased while it is being indexed", promise="It is taken out again")
def test_what_is_erased_between_the_outbox_and_the_index_is_taken_out_again(world: World) -> None:
    index = beside(world)
    index.before_write = lambda: bury(world, "http://blog.example/one")
    says(world, "one")
    world.round()
    publish(world.record, index, world.clock, OWNER)
    assert [hit.mention.url for hit in index.search(SearchRequest()).hits] == ["http://forum.example/one"]


@pytest.mark.fault(case="A mention is erased while search is compared with the record", promise="It is not put back")
def test_what_is_erased_while_the_index_is_compared_is_not_put_back(world: World) -> None:
    index = beside(world)
    says(world, "one")
    world.round()
    index.write([IndexWrite(hit.mention.id, 1, None) for hit in index.search(SearchRequest()).hits])
    index.before_held = lambda: bury(world, "http://blog.example/one")
    verify(world.record, index, world.clock, OWNER)
    publish(world.record, index, world.clock, OWNER)
    assert [hit.mention.url for hit in index.search(SearchRequest()).hits] == ["http://forum.example/one"]
    assert verify(world.record, index, world.clock, OWNER).drift == 0


@pytest.mark.fault(case="Somebody opens a mention that was erased a moment ago", promise="The page says so")
def test_a_page_of_a_mention_that_was_erased_a_moment_ago_says_so(world: World) -> None:
    """The index still lists it; its page, its data and what is exported are answered, and nothing falls over."""
    says(world, "one")
    world.round()
    listed = next(hit.mention for hit in world.index.search(SearchRequest()).hits if "blog" in hit.mention.url)
    bury(world, listed.url)
    app = make_app(record=world.record, index=world.index, workspace=world.workspace, clock=world.clock)
    with serving(app) as url, httpx.Client(base_url=url) as client:
        assert client.get("/mentions?range=all").status_code == 200
        page = client.get(f"/mentions/{listed.id}")
        assert (page.status_code, "may have been withdrawn or erased" in page.text) == (404, True)
        assert client.get(f"/mentions/{listed.id}.json").status_code == 404
        assert client.get("/mentions.csv?range=all").status_code == 200
