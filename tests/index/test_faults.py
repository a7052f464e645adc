"""Faults of a real cluster of three nodes: pushed back, a node killed while writing, gone as a whole and back again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest

from earshot.clock import SystemClock
from earshot.config.settings import IndexSettings, Settings
from earshot.errors import StorageError
from earshot.index.cluster.bulk import Answer
from earshot.index.cluster.errors import ClusterError
from earshot.index.cluster.index import ClusterIndex
from earshot.index.cluster.plan import Plan
from earshot.index.cluster.reading import Connection
from earshot.model import SearchRequest
from earshot.pipeline.publish import publish
from earshot.pipeline.verify import verify
from earshot.ports import IndexWrite
from scripts.engines.distributions import ALL, Distribution
from scripts.engines.nodes import Node
from tests.builders import make_mention
from tests.engines.clusters import Cluster
from tests.index.engines import CLUSTERS
from tests.pipeline.conftest import extractor, make_world  # noqa: F401 (fixtures)
from tests.pipeline.world import OWNER, World, item, rss
from tests.ports.mention_index import mention, put

pytestmark = pytest.mark.engines
PRESSURE = "1mb"
"""How many bytes of requests a node holds; more are pushed back with 429, by both products."""
OUTAGE_S = 6
"""For how long the whole cluster is gone, in real time: shorter than opensearch-py (60 s, then twice that and so
on) and the Elasticsearch client (30 s at most) leave a node alone that has failed. It is asked again all the same."""
FEED = "http://blog.example/feed"
Open = Callable[..., ClusterIndex]
MakeWorld = Callable[..., World]


@pytest.fixture(scope="module", params=ALL, ids=[each.product for each in ALL])
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    distribution: Distribution = request.param
    made = Cluster(distribution, {"indexing_pressure.memory.limit": PRESSURE})
    try:
        yield made.whole()
    finally:
        made.stop()


@pytest.fixture
def opening(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Open an index of the test's own; several times, as several processes do."""
    made: list[ClusterIndex] = []
    name = f"test-{abs(hash(request.node.name))}"

    def open_index(plan: Plan = Plan(replicas=1), timeout_s: float = 20) -> ClusterIndex:  # noqa: B008
        connection = Connection(cluster.urls, timeout=timedelta(seconds=timeout_s))
        made.append(CLUSTERS[cluster.distribution.product](connection, name, plan=plan, clock=SystemClock()))
        return made[-1]

    yield open_index
    for index in made:
        index.close()


@pytest.mark.fault(case="The cluster refuses a request for its size", promise="It is halved until it is taken")
def test_a_request_that_is_pushed_back_for_its_size_is_cut_down_until_it_is_taken(opening: Open) -> None:
    index = opening()
    put(index, mention(0))
    sent = watched(index)
    large = [make_mention(url=f"http://blog.example/{n}", text="pump " * 4000) for n in range(1, 150)]
    answers = put(index, *large)
    assert all(answer.is_done for answer in answers)
    assert {status for _, status in sent} == {200, 429}
    assert index.mentions() == 150


def watched(index: ClusterIndex) -> list[tuple[int, int]]:
    """Return a list that grows by each bulk request: its bytes, and the worst status of it or of what was in it."""
    sent: list[tuple[int, int]] = []
    send = index._bulk._send

    def watching(name: str, lines: bytes) -> Sequence[Answer]:
        try:
            answers = send(name, lines)
        except ClusterError as refusal:
            sent.append((len(lines), refusal.status))
            raise
        sent.append((len(lines), worst(answers)))
        return answers

    index._bulk._send = watching
    return sent


def worst(answers: Sequence[Answer]) -> int:
    return max([int(each["status"]) for each in answers if each["status"] != 201], default=200)


@pytest.mark.fault(
    case="The cluster answers 429: too many writes",
    promise="Writers wait and try again; nothing is lost",
)
def test_pushed_back_writers_wait_and_harm_nobody(opening: Open) -> None:
    """Several writers at a time; what one of them does not get in now, it gets in later."""
    put(opening(), mention(0))
    writers = [opening() for _ in range(4)]
    parts = [
        [make_mention(url=f"http://blog.example/{n}/{one}", text="valve " * 8000) for one in range(20)]
        for n in range(4)
    ]
    left = [list(part) for part in parts]
    sent = [watched(writer) for writer in writers]

    def write(number: int) -> None:
        for _ in range(20):
            answers = put(writers[number], *left[number])
            assert not any(answer.is_refused for answer in answers)
            left[number] = [m for m, a in zip(left[number], answers, strict=True) if not a.is_done]
            if not left[number]:
                return

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert left == [[]] * 4
    pushed, taken = ({size for one in sent for size, status in one if status == wanted} for wanted in (429, 200))
    assert pushed & taken, "no request was pushed back that is taken where nobody else writes"
    assert opening().mentions() == 81


@pytest.mark.fault(
    case="A node of the cluster is killed while it is written to",
    promise="No mention is lost or doubled",
)
def test_a_node_that_is_killed_while_writing_loses_nothing_and_doubles_nothing(cluster: Cluster, opening: Open) -> None:
    index = opening(Plan(replicas=1, max_mentions=400))
    put(index, mention(0))
    done: set[int] = {0}
    is_over = threading.Event()

    def write() -> None:
        number = 1
        while not is_over.is_set():
            part = [mention(n) for n in range(number, number + 50)]
            changed = mention(number // 2, revision=2 + number)
            try:
                answers = index.write([IndexWrite(m.id, m.revision, m) for m in (*part, changed)])
            except StorageError:
                continue
            if all(answer.is_done for answer in answers):
                done.update(range(number, number + 50))
                number += 50

    writing = threading.Thread(target=write)
    writing.start()
    wait_for(lambda: len(done) > 500)
    keeper = opening(Plan(replicas=1, max_mentions=400))
    assert keeper.keep().begun
    cluster.whole()  # else the only copy of what was just begun may be on the node that goes
    victim = primary_node(cluster.nodes[0], index)
    assert victim is not None
    survivor = cluster.nodes[(victim + 1) % 3]
    cluster.nodes[victim].kill()
    before = len(done)
    wait_for(lambda: len(done) > before + 300)
    assert primary_node(survivor, index) not in (victim, None)
    cluster.nodes[victim].resume()
    cluster.whole()
    is_over.set()
    writing.join()
    asked = [mention(n).id for n in sorted(done)]
    held = index.held(asked)
    assert held.keys() == set(asked)
    assert {each.copies for each in held.values()} == {1}
    shown = [hit.mention.id for hit in every_hit(index)]
    assert len(shown) == len(set(shown)) == index.mentions()


def primary_node(asked: Node, index: ClusterIndex) -> int | None:
    """Return the number of the node that holds the primary shard of the newest index; None while none does."""
    rows = asked.ask(f"/_cat/shards/{index._generations.in_force().newest}?format=json")
    name = next(row["node"] for row in rows if row["prirep"] == "p")
    return int(name.removeprefix("node-").split()[0]) if name else None


def every_hit(index: ClusterIndex) -> Iterator[object]:
    request = SearchRequest(sort="oldest", size=500)
    while True:
        page = index.search(request)
        yield from page.hits
        if not page.next_cursor:
            return
        request = SearchRequest(sort="oldest", size=500, cursor=page.next_cursor)


def wait_for(is_so: Callable[[], bool], seconds: float = 300) -> None:
    waiting = threading.Event()
    for _ in range(int(seconds * 10)):
        if is_so():
            return
        waiting.wait(0.1)
    raise AssertionError("it did not come to that")


@pytest.mark.fault(
    case="All nodes of the cluster are gone for a while",
    promise="Collecting and alerts go on; afterwards search is whole",
)
def test_collecting_goes_on_while_the_index_is_gone_and_all_of_it_is_there_afterwards(
    cluster: Cluster,
    opening: Open,
    make_world: MakeWorld,  # noqa: F811
) -> None:
    """The engines are back while clients still hold them for dead; hours between rounds pass on the world's clock."""
    world = make_world(settings=Settings(index=IndexSettings()))
    world.index = opening(timeout_s=5)  # type: ignore[assignment]
    world.web.says(FEED, feed(range(3)))
    world.round()
    assert world.index.mentions() == 3
    for node in cluster.nodes:
        node.kill()
    for upto in (8, 14, 20):
        world.web.says(FEED, feed(range(upto)))
        assert world.round().published.waiting
        world.clock.advance(hours=1)
        time.sleep(OUTAGE_S / 3)
    with world.record.read() as reader:
        assert (reader.counts().mentions, reader.counts().behind, reader.counts().dead_letters) == (20, 17, 0)
    for node in cluster.nodes:
        node.resume()
    cluster.whole()
    order: list[str] = []
    write = world.index.write
    world.index.write = lambda writes: order.extend(w.id for w in writes) or write(writes)  # type: ignore[method-assign,assignment,func-returns-value]
    with world.record.read() as reader:
        waiting = [row.mention_id for row in reader.outbox("index")]
    done = publish(world.record, world.index, world.clock, OWNER)
    assert (done.written, done.waiting) == (17, "")
    assert order == waiting
    assert verify(world.record, world.index, world.clock, OWNER).drift == 0
    assert world.index.mentions() == 20
    with world.record.read() as reader:
        assert reader.counts().behind == 0


def feed(numbers: range) -> bytes:
    return rss(*(item(f"http://blog.example/{n}", "Halden", f"Halden number {n}.") for n in numbers))
