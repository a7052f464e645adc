"""The way of the data, stage by stage, on real storage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from earshot import identity
from earshot.config.settings import AlertSettings, CollectSettings, Settings
from earshot.errors import ConfigError
from earshot.model import Outcome, SearchRequest, TextIs
from earshot.pipeline import run
from earshot.pipeline.erase import erase
from earshot.pipeline.publish import publish, reindex
from earshot.pipeline.wiping import wipe
from tests.builders import make_brand, make_source
from tests.pipeline.world import OWNER, World, item, page, rss, teaser

FEED = "http://blog.example/feed"
LONG = (
    "The Halden pump broke again last night and nobody at the shop could tell me why. I have carried it through "
    "three winters, I know every screw of it, and I am tired of sending it back. They promised a new valve, then "
    "a new hose, then silence. My neighbour has the same one and the same trouble, so it can hardly be me alone."
)

MakeWorld = Callable[..., World]


def test_an_entry_becomes_a_document_a_mention_and_something_to_find(make_world: MakeWorld) -> None:
    world = make_world()
    world.web.says(FEED, rss(item("http://blog.example/one", "Halden pump", LONG)))
    report = world.round()
    assert report.outcomes == {"ok": 1}
    assert (report.ingested.new_documents, report.ingested.mentions) == (1, 1)
    hit = world.index.search(SearchRequest("pump AND sentiment:negative")).hits[0].mention
    assert hit.document_id == identity.document_id("http://blog.example/one")
    assert hit.brand == "halden"
    assert [flag.rule_id for flag in hit.flags] == ["complaints"]


def test_the_second_round_makes_nothing_new(make_world: MakeWorld) -> None:
    world = make_world()
    world.web.says(FEED, rss(item("http://blog.example/one", "Halden pump", LONG)))
    world.round()
    with world.record.read() as reader:
        before = reader.counts()
    again = world.round()
    assert (again.ingested.new_documents, again.ingested.mentions, again.ingested.notices) == (0, 0, 0)
    with world.record.read() as reader:
        assert reader.counts().documents == before.documents


def test_the_same_article_in_two_feeds_is_one_document_with_two_sources(make_world: MakeWorld) -> None:
    other = make_source(id="planet", url="http://planet.example/feed")
    world = make_world(sources=[make_source(), other])
    one = item("http://blog.example/one?utm_source=planet", "Halden pump", LONG)
    world.web.says(FEED, rss(one.replace("?utm_source=planet", "")))
    world.web.says(other.url, rss(one))
    world.round()
    with world.record.read() as reader:
        assert reader.counts().documents == 1
        found = reader.found_in(identity.document_id("http://blog.example/one"))
    assert {f.source_id for f in found} == {"blog", "planet"}


def test_near_duplicates_join_one_story(make_world: MakeWorld) -> None:
    world = make_world()
    other = LONG.replace("last night", "on Friday")
    unlike = "Halden opened a shop in Graz today with music and free soup, and two hundred people came to look at it."
    world.web.says(
        FEED,
        rss(
            item("http://blog.example/one", "Pump", LONG),
            item("http://blog.example/two", "Pump again", other),
            item("http://blog.example/three", "Shop", unlike),
        ),
    )
    world.round()
    stories = {m.url[-3:]: m.story_id for m in (h.mention for h in world.index.search(SearchRequest()).hits)}
    assert stories["one"] == stories["two"] != stories["ree"]


def test_the_page_behind_a_teaser_replaces_it(make_world: MakeWorld) -> None:
    world = make_world()
    world.web.says(FEED, rss(teaser("http://blog.example/one", "Halden pump", "My Halden pump and I, a story ...")))
    world.web.says("http://blog.example/one", page("Halden pump", LONG))
    report = world.round()
    assert world.web.asked == [FEED, "http://blog.example/one"]
    assert report.ingested.new_documents == 1
    mention = world.index.search(SearchRequest()).hits[0].mention
    assert mention.text_is is TextIs.FULL
    assert mention.revision > 1
    assert "three winters" in mention.text


def test_a_teaser_whose_page_is_gone_is_judged_as_it_is(make_world: MakeWorld) -> None:
    world = make_world()
    world.web.says(FEED, rss(teaser("http://blog.example/one", "Halden", "My Halden pump broke ...")))
    world.round()
    with world.record.write() as writer:
        assert writer.documents_to_judge(world.clock.now()) == [identity.document_id("http://blog.example/one")]


def test_a_later_teaser_does_not_take_the_whole_text_away(make_world: MakeWorld) -> None:
    world = make_world()
    world.web.says(FEED, rss(item("http://blog.example/one", "Halden", LONG)))
    world.round()
    world.web.says(FEED, rss(teaser("http://blog.example/one", "Halden", "My Halden pump ...")))
    world.round()
    with world.record.read() as reader:
        document = reader.document(identity.document_id("http://blog.example/one"))
    assert document is not None
    assert document.text_is is TextIs.FULL
    assert "http://blog.example/one" not in world.web.asked


def test_two_sources_that_tell_it_differently_do_not_take_turns(make_world: MakeWorld) -> None:
    other = make_source(id="planet", url="http://planet.example/feed")
    world = make_world(sources=[make_source(), other])
    long, short = f"{LONG} And one more thing about the Halden pump.", LONG
    texts = []
    for number in range(3):  # bodies change each time, so that nothing is skipped as unchanged
        filler = item(f"http://blog.example/filler{number}", "Nothing", "Nothing of note today.")
        world.web.says(FEED, rss(item("http://blog.example/one", "Halden", short), filler))
        world.web.says(other.url, rss(item("http://blog.example/one", "Halden", long), filler))
        world.round()
        with world.record.read() as reader:
            document = reader.document(identity.document_id("http://blog.example/one"))
        assert document is not None
        texts.append(document.text)
    assert len(set(texts)) == 1


def test_entries_that_share_a_link_are_told_apart_by_their_own_ids(make_world: MakeWorld) -> None:
    world = make_world()
    world.web.says(
        FEED,
        rss(
            item("http://blog.example/", "Halden one", LONG, guid="tag:one"),
            item("http://blog.example/", "Halden two", "Halden makes tents too, they say.", guid="tag:two"),
        ),
    )
    world.round()
    world.round()
    with world.record.read() as reader:
        assert reader.counts().documents == 2


def test_a_guid_that_all_entries_share_names_none_of_them(make_world: MakeWorld) -> None:
    world = make_world()
    items = [item(f"http://blog.example/{n}", f"Halden {n}", f"Halden number {n}.", guid="tag:same") for n in range(4)]
    world.web.says(FEED, rss(*items[:3]))
    world.round()
    world.web.says(FEED, rss(*items))
    assert world.round().ingested.new_documents == 1


@pytest.mark.parametrize(
    "outcome", [Outcome.GONE, Outcome.BLOCKED, Outcome.THROTTLED, Outcome.FAILED, Outcome.TOO_LARGE]
)
def test_a_source_that_fails_is_seen_with_its_reason_and_waits_longer_each_time(
    make_world: MakeWorld, outcome: Outcome
) -> None:
    world = make_world()
    world.web.says(FEED, outcome)
    waits = []
    for _ in range(3):
        at = world.clock.now()
        assert world.round().failed == {"blog": f"{outcome}: as the test says"}
        with world.record.read() as reader:
            state = reader.source("blog")
        assert state is not None
        assert (state.last_outcome, state.last_reason) == (outcome, "as the test says")
        waits.append(state.next_due_at - at)
        world.clock.advance(seconds=(state.next_due_at - world.clock.now()).total_seconds() + 1)
    assert waits[0] < waits[1] < waits[2]


def test_a_login_page_where_a_feed_was_is_not_a_feed_and_not_silence(make_world: MakeWorld) -> None:
    world = make_world()
    world.web.says(FEED, b"<html><body><form>Please log in</form></body></html>")
    assert world.round().outcomes == {"not a feed": 1}


def test_a_host_is_left_alone_while_another_process_has_it(make_world: MakeWorld) -> None:
    world = make_world()
    now = world.clock.now()
    with world.record.write() as writer:
        writer.put_sources(world.workspace.sources, now)
        writer.lease(["host:blog.example"], "another/1/2", now, now + timedelta(minutes=2))
    assert world.round().sources == 0
    assert world.web.asked == []


def test_a_redirect_to_a_new_host_is_followed_once_that_host_is_leased(make_world: MakeWorld) -> None:
    world = make_world()
    world.web.says(FEED, "http://www.blog.example/feed")
    world.web.says("http://www.blog.example/feed", rss(item("http://blog.example/one", "Halden", LONG)))
    report = world.round()
    assert report.outcomes == {"ok": 1}
    assert report.handed_back == 1
    assert world.round().handed_back == 0


def test_a_spider_that_dies_ends_its_runs_as_failed_and_loses_nothing(make_world: MakeWorld) -> None:
    world = make_world()
    world.web.says(FEED, rss(item("http://blog.example/one", "Halden", LONG)))
    world.web.dies = True
    assert "ended early" in world.round().failed["blog"]
    world.web.dies = False
    assert world.round().ingested.new_documents == 1


def test_a_file_that_was_published_before_a_crash_is_ingested_at_the_next_start(make_world: MakeWorld) -> None:
    world = make_world()
    world.web.says(FEED, rss(item("http://blog.example/one", "Halden", LONG)))
    from earshot.pipeline.plan import plan
    from tests.pipeline.world import LIMITS

    with world.record.write() as writer:
        writer.put_sources(world.workspace.sources, world.clock.now())
    planned = plan(world.record, world.workspace, world.clock, OWNER, LIMITS)
    list(world.web.collect(planned[0].file))  # and here the process dies: the record knows nothing of it
    with world.record.write() as writer:
        writer.free(["host:blog.example"], OWNER)
    assert world.round().ingested.new_documents == 1


def test_one_entry_that_cannot_be_judged_is_set_aside_and_the_others_go_on(make_world: MakeWorld) -> None:
    world = make_world()
    world.judge.breaks_on = "poison"
    world.web.says(
        FEED,
        rss(
            item("http://blog.example/one", "Halden", LONG), item("http://blog.example/two", "Halden", "Halden poison.")
        ),
    )
    report = world.round()
    assert (report.ingested.new_documents, report.ingested.quarantined) == (1, 1)
    world.judge.breaks_on = ""
    with world.record.read() as reader:
        waiting = reader.quarantine()
    assert "the judge fell over" in waiting[0].reason
    done = world.ingest.replay(waiting[0].ref, waiting[0].id)
    assert done.new_documents == 1
    with world.record.read() as reader:
        assert reader.quarantine() == []
        assert reader.counts().documents == 2


def test_pages_of_a_sitemap_are_fetched_newest_first_and_no_more_than_a_round_may(make_world: MakeWorld) -> None:
    url = "http://news.example/sitemap.xml"
    entries = "".join(
        f"<url><loc>http://news.example/{n}</loc><lastmod>2026-11-{n:02}</lastmod></url>" for n in range(1, 8)
    )
    sitemap = f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{entries}</urlset>".encode()
    world = make_world(sources=[make_source(id="news", kind="sitemap", url=url, pages_per_round=3)])
    world.web.says(url, sitemap)
    world.round()
    assert world.web.asked == [url, *(f"http://news.example/{n}" for n in (7, 6, 5))]


def test_what_left_the_workspace_is_not_fetched(make_world: MakeWorld) -> None:
    other = make_source(id="planet", url="http://planet.example/feed")
    world = make_world(sources=[make_source(), other])
    world.change(sources=(other,))
    world.round()
    assert world.web.asked == ["http://planet.example/feed"]


def test_what_is_erased_is_nowhere_and_does_not_come_back(make_world: MakeWorld) -> None:
    world = make_world()
    secret = item("http://blog.example/one", "Halden", LONG)
    kept = item("http://blog.example/two", "Halden", "Halden makes tents too, and good ones, they say.")
    world.web.says(FEED, rss(secret, kept))
    world.round()
    reindex(world.record, world.index, world.clock, OWNER)
    report = erase(
        world.record,
        world.lake,
        lambda: publish(world.record, world.index, world.clock, OWNER),
        lambda: wipe(world.record, world.index, world.clock, OWNER),
        world.clock,
        url="http://blog.example/one",
    )
    with pytest.raises(ConfigError, match="no index is kept"):
        world.index.go_back()
    assert (report.documents, report.mentions, report.captures) == (1, 1, 1)
    world.web.says(FEED, rss(secret, kept, item("http://blog.example/three", "Halden", "Halden three.")))
    again = world.round()
    assert again.ingested.erased == 1
    assert again.ingested.new_documents == 1
    assert sorted(h.mention.url for h in world.index.search(SearchRequest()).hits) == [
        "http://blog.example/three",
        "http://blog.example/two",
    ]
    kept_bodies = b"".join(body for file in world.lake.iter_files() for _, body in world.lake.iter_captures(file))
    assert b"three winters" not in kept_bodies
    assert world.round().ingested.new_documents == 0


def test_a_rebuilt_index_holds_the_same(make_world: MakeWorld) -> None:
    world = make_world()
    world.web.says(FEED, rss(*(item(f"http://blog.example/{n}", "Halden", f"Halden number {n}.") for n in range(5))))
    world.round()
    before = world.index.search(SearchRequest()).hits
    assert reindex(world.record, world.index, world.clock, OWNER) == 5
    assert world.index.search(SearchRequest()).hits == before


def test_old_news_is_a_mention_but_no_incident(make_world: MakeWorld) -> None:
    old = item("http://blog.example/one", "Halden", LONG, date="Mon, 02 Nov 2026 10:00:00 GMT")
    world = make_world()
    world.web.says(FEED, rss(old))
    assert world.round().ingested.incidents == 0
    assert world.index.count(SearchRequest("flag:complaints")) == 1


def test_old_news_alerts_where_max_age_is_lifted(make_world: MakeWorld) -> None:
    old = item("http://blog.example/one", "Halden", LONG, date="Mon, 02 Nov 2026 10:00:00 GMT")
    world = make_world(settings=Settings(alerts=AlertSettings(max_age=None)))
    world.web.says(FEED, rss(old))
    assert (world.round().ingested.incidents, world.round().ingested.incidents) == (1, 0)


def test_own_voice_is_marked(make_world: MakeWorld) -> None:
    world = make_world(brands=[replace(make_brand(), owned_domains=("blog.example",))])
    world.web.says(FEED, rss(item("http://blog.example/one", "Halden", LONG)))
    world.round()
    mention = world.index.search(SearchRequest()).hits[0].mention
    assert mention.is_own_voice
    assert mention.flags == ()


def test_two_processes_share_the_hosts_out(make_world: MakeWorld) -> None:
    sources = [make_source(id=f"s{n}", url=f"http://s{n}.example/feed") for n in range(6)]
    world = make_world(sources=sources, settings=Settings(collect=CollectSettings(processes=2)))
    for source in sources:
        world.web.says(source.url, rss(item(f"{source.url}/x", "Halden", f"At {source.id}: {LONG}")))
    assert world.round().outcomes == {"ok": 6}
    assert sorted(world.web.asked) == sorted(s.url for s in sources)


def test_a_round_makes_briefs_once_everything_due_was_heard(make_world: MakeWorld) -> None:
    world = make_world()
    world.web.says("http://blog.example/feed", rss(item("http://blog.example/one", "Pump", "My Halden pump broke.")))
    heard: list[tuple[bool, int]] = []

    def brief(is_heard: bool) -> int:
        with world.record.read() as reader:
            heard.append((is_heard, reader.counts().mentions))
        return 0

    world.brief = brief
    world.round()
    assert heard == [(True, 1)]


def test_a_run_for_good_asks_for_briefs_every_half_minute_and_lets_the_stage_wait(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "_TICK_S", 0.01)
    world = make_world(sources=[make_source(id=f"s{n}", url=f"http://s{n}.example/feed") for n in range(3)])
    asked: list[tuple[float, bool]] = []

    def brief(is_heard: bool) -> int:
        asked.append((world.clock.monotonic(), is_heard))
        if len(asked) == 3:
            runner.stop()
        return 0

    world.brief = brief
    runner = world.runner()
    runner._drain = _slowly(runner._drain, world)  # a tick of the loop is a second of the test's clock
    runner.forever()
    times = [at for at, _ in asked]
    assert [is_heard for _, is_heard in asked] == [False, False, False]
    assert times[0] >= 30
    assert all(30 <= b - a <= 32 for a, b in pairwise(times))


def _slowly(drain: Callable[[], None], world: World) -> Callable[[], None]:
    def drained() -> None:
        drain()
        world.clock.advance(seconds=1)

    return drained
