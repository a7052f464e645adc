"""Hosts stay leased between plan and collect, also where these are two processes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from earshot.pipeline.collect import collect
from earshot.pipeline.plan import plan
from tests.builders import make_source
from tests.pipeline.world import LIMITS, OWNER, World, item, rss

FEED = "http://blog.example/feed"
MakeWorld = Callable[..., World]


def planned(world: World, owner: str) -> list:
    with world.record.write() as writer:
        writer.put_sources(world.workspace.sources, world.clock.now())
    return plan(world.record, world.workspace, world.clock, owner, LIMITS, most_batches=2)


def run(world: World, owner: str, file: object) -> list:
    return list(collect(world.record, world.web, world.workspace, world.clock, owner, file))


def test_a_planned_host_is_not_planned_again_before_it_is_collected(make_world: MakeWorld) -> None:
    world = make_world()
    assert len(planned(world, "planned/one")) == 1
    assert planned(world, "planned/two") == []


def test_collect_takes_the_hosts_over_and_frees_them(make_world: MakeWorld) -> None:
    world = make_world()
    world.web.says(FEED, rss(item("http://blog.example/one", "Halden", "Halden.")))
    batch = planned(world, "planned/one")[0]
    assert run(world, OWNER, batch.file)
    with world.record.write() as writer:
        now = world.clock.now()
        assert writer.lease(["host:blog.example"], "another", now, now)


def test_a_batch_whose_host_another_took_meanwhile_asks_nobody(make_world: MakeWorld) -> None:
    world = make_world(sources=[make_source(), make_source(id="planet", url="http://planet.example/feed")])
    late = planned(world, "planned/one")
    world.clock.advance(minutes=10)  # its lease has run out, and another took the hosts
    now = world.clock.now()
    with world.record.write() as writer:
        writer.lease(["host:blog.example", "host:planet.example"], "another", now, now + timedelta(minutes=2))
    assert [event for batch in late for event in run(world, OWNER, batch.file)] == []
    assert world.web.asked == []


def test_a_batch_that_is_over_has_nothing_left_to_do(make_world: MakeWorld) -> None:
    world = make_world()
    batch = planned(world, OWNER)[0]
    run(world, OWNER, batch.file)
    assert run(world, OWNER, batch.file) == []


def test_each_collection_has_batches_of_its_own_and_a_host_is_in_one(make_world: MakeWorld) -> None:
    blogs = [make_source(id=f"blog{n}", url=f"http://blog{n}.example/feed", collection="blogs") for n in range(3)]
    shared = make_source(id="shared", url="http://blog0.example/news", collection="news")
    paper = make_source(id="paper", url="http://paper.example/feed", collection="news")
    world = make_world(sources=[*blogs, shared, paper])
    with world.record.write() as writer:
        writer.put_sources(world.workspace.sources, world.clock.now())
    found = plan(world.record, world.workspace, world.clock, OWNER, LIMITS, most_batches=4, by_collection=True)
    assert [one.label for one in found] == ["blogs, news: 4 addresses on 3 sites", "news: 1 address on 1 site"]
    hosts = [host for one in found for host in one.batch.hosts]
    assert sorted(hosts) == ["blog0.example", "blog1.example", "blog2.example", "paper.example"]


def test_a_large_collection_is_shared_out_into_bounded_batches(make_world: MakeWorld) -> None:
    many = [make_source(id=f"s{n}", url=f"http://s{n}.example/feed", collection="blogs") for n in range(401)]
    world = make_world(sources=many)
    with world.record.write() as writer:
        writer.put_sources(world.workspace.sources, world.clock.now())
    found = plan(world.record, world.workspace, world.clock, OWNER, LIMITS, most_batches=8, by_collection=True)
    assert [len(one.batch.items) for one in found] == [134, 134, 133]
