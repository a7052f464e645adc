"""Judging anew what is in the record: who enters, leaves and changes, who is told, and what a pass leaves alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot import identity
from earshot.alerts.render import AlertRenderer
from earshot.config.settings import Settings
from earshot.errors import ConfigError, StorageError
from earshot.extract import BoundedExtractor
from earshot.model import Brand, Entry, Mention, Outcome, Recognised, SearchRequest, Verdict
from earshot.pipeline import reclassify
from earshot.pipeline.alert import alert
from earshot.pipeline.publish import publish
from earshot.pipeline.reclassified import Reclassified
from earshot.pipeline.reclassify import Reclassify, Scope
from nlp.classifier import SpacyClassifier
from tests.builders import NOW, FakeClock, make_brand, make_rule
from tests.pipeline.world import OWNER, WordJudge, World, item, rss, teaser

FEED = "http://blog.example/feed"
OLD, FRESH = "Mon, 02 Nov 2026 10:00:00 GMT", "Fri, 20 Nov 2026 10:00:00 GMT"
PUMP = "My Halden pump broke after two days and I want my money back. It is a terrible pump, really bad."
TENT = "The Norrvik tent is wonderful, we love it, and the Halden stove beside it is fine too."
CASTLE = "We walked to Halden, the town with the castle, and had a picnic in the sun."
NORRVIK = make_brand(id="norrvik", name="Norrvik", version="n1")

MakeWorld = Callable[..., World]


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """A world with the real classifier, in which a feed told of a pump, a tent and a town long ago."""
    made = make_world()
    made.judge = SpacyClassifier()  # type: ignore[assignment]
    made.use(made.workspace)
    say(made, OLD)
    made.round()
    return made


def say(world: World, date: str) -> None:
    texts = {"pump": PUMP, "tent": TENT, "castle": CASTLE}
    items = [item(f"http://blog.example/{name}", f"On a {name}", text, date=date) for name, text in texts.items()]
    world.web.says(FEED, rss(*items))


def stage(world: World, share: float = 1.0, owner: str = OWNER) -> Reclassify:
    parts = (world.record, world.reader, world.book, world.workspace, world.clock)
    return Reclassify(*parts, world.judge.model_version, owner, share=share)


def again(world: World, **scope: Any) -> Reclassified:
    return stage(world).write(Scope(**scope))


def mentions(world: World) -> dict[tuple[str, str], Mention]:
    with world.record.read() as reader:
        found = [mention for part in reader.iter_published() for mention in part]
    return {(mention.brand, mention.url.rsplit("/", 1)[1]): mention for mention in found}


def indexed(world: World) -> set[tuple[str, str]]:
    publish(world.record, world.index, world.clock, OWNER)
    found = world.index.search(SearchRequest(size=100)).hits
    return {(hit.mention.brand, hit.mention.url.rsplit("/", 1)[1]) for hit in found}


def told(world: World) -> int:
    with world.record.read() as reader:
        return len(reader.incidents(100))


def counts(report: Reclassified, brand: str = "halden") -> dict[str, int]:
    return report.brands[brand].counts


def stale(world: World) -> dict[str, int]:
    versions = {brand.id: brand.version for brand in world.workspace.brands}
    with world.record.read() as reader:
        return reader.stale(versions, world.judge.model_version)


# --- who enters, leaves and changes


def test_a_brand_that_was_added_is_heard_in_what_was_said_before_and_tells_nobody(world: World) -> None:
    world.change(brands=(make_brand(), replace(NORRVIK, rules=(make_rule(query="tent"),))))
    report = again(world, brand="norrvik")
    assert counts(report, "norrvik") == {"enters": 1}
    assert mentions(world)["norrvik", "tent"].flags
    assert ("norrvik", "tent") in indexed(world)
    assert (report.alerting, report.silent, told(world)) == (0, 1, 0)


def test_news_that_a_new_brand_hears_alerts_once(world: World) -> None:
    say(world, FRESH)
    world.web.says(FEED, rss(item("http://blog.example/new", "New", "A new Norrvik tent, at last.", date=FRESH)))
    world.round()
    world.change(brands=(make_brand(), replace(NORRVIK, rules=(make_rule(query="tent"),))))
    report = again(world)
    assert (report.alerting, report.silent, report.incidents, report.notices) == (1, 1, 1, 1)
    assert again(world).notices == 0
    world.round()
    assert told(world) == 1


def test_what_a_narrower_brand_does_not_hear_any_more_leaves_the_index_and_keeps_its_history(world: World) -> None:
    assert ("halden", "castle") in indexed(world)
    lost = mentions(world)["halden", "castle"]
    world.change(brands=(make_brand(version="v2", context_required=("pump", "stove")),))
    report = again(world)
    assert counts(report) == {"leaves": 1, "renewed": 2}
    assert indexed(world) == {("halden", "pump"), ("halden", "tent")}
    with world.record.read() as reader:
        history = [event.what for event in reader.mention_history(lost.id)]
    assert history[-1] == "withdrawn"
    world.change(brands=(make_brand(version="v3"),))
    assert counts(again(world)) == {"enters": 1, "renewed": 2}
    back = mentions(world)["halden", "castle"]
    assert (back.id, back.revision) == (lost.id, lost.revision + 2)
    assert ("halden", "castle") in indexed(world)


def test_what_changes_is_said_and_counts_the_revision_up(make_world: MakeWorld) -> None:
    world = make_world()
    say(world, OLD)
    world.round()
    before = mentions(world)["halden", "pump"]
    world.change(brands=(make_brand(rules=(make_rule(id="money", name="Money", query="money"),)),))
    report = stage(world).look(Scope())
    assert counts(report) == {"changes": 1, "stays": 2}
    assert report.brands["halden"].examples["changes"][0].what == ("flag +Money -Complaints",)
    assert mentions(world)["halden", "pump"] == before
    again(world)
    after = mentions(world)["halden", "pump"]
    assert ([flag.rule_id for flag in after.flags], after.revision) == (["money"], before.revision + 1)


def test_a_brand_that_left_the_workspace_leaves_with_all_its_mentions(world: World) -> None:
    world.change(brands=(NORRVIK,))
    assert stale(world) == {"halden": 3}
    assert counts(again(world)) == {"leaves": 3}
    assert indexed(world) == {("norrvik", "tent")}


def test_right_after_it_was_read_nothing_changes(world: World) -> None:
    assert counts(again(world)) == {"stays": 3}
    assert [mention.revision for mention in mentions(world).values()] == [1, 1, 1]


def test_twice_is_once(world: World) -> None:
    world.change(brands=(make_brand(version="v2", context_required=("pump",)), NORRVIK))
    again(world)
    indexed(world)
    before = mentions(world)
    report = again(world)
    assert (counts(report), counts(report, "norrvik")) == ({"stays": 1}, {"stays": 1})
    assert mentions(world) == before
    with world.record.read() as reader:
        assert reader.counts().behind == 0


def test_looking_says_what_writing_does_and_changes_nothing(world: World) -> None:
    world.change(brands=(make_brand(version="v2", context_required=("pump",)), NORRVIK))
    before = mentions(world)
    seen = asdict(stage(world).look(Scope()))
    assert mentions(world) == before
    done = asdict(again(world))
    assert {**seen, "is_written": True} == done
    assert done["brands"]["halden"]["counts"] == {"leaves": 2, "renewed": 1}


def test_only_the_brand_that_was_named_is_touched(world: World) -> None:
    world.change(brands=(make_brand(version="v2", context_required=("pump", "stove")), NORRVIK))
    report = again(world, brand="norrvik")
    assert list(report.brands) == ["norrvik"]
    assert {name: m.brand_version for name, m in mentions(world).items()} == {
        ("halden", "pump"): "v1",
        ("halden", "tent"): "v1",
        ("halden", "castle"): "v1",
        ("norrvik", "tent"): "n1",
    }
    again(world, brand="halden")
    assert set(mentions(world)) == {("halden", "pump"), ("halden", "tent"), ("norrvik", "tent")}


def test_one_brand_alone_is_judged_as_it_is_among_all(make_world: MakeWorld) -> None:
    world = make_world(brands=[make_brand(), NORRVIK])
    world.judge = SpacyClassifier()  # type: ignore[assignment]
    world.use(world.workspace)
    say(world, OLD)
    world.round()
    assert counts(again(world, brand="halden")) == {"stays": 3}


def test_only_what_was_published_in_the_time_is_judged(world: World) -> None:
    world.web.says(FEED, rss(item("http://blog.example/new", "New", "A new Halden tent.", date=FRESH)))
    world.round()
    world.change(brands=(make_brand(version="v2"),))
    day = NOW.replace(hour=0)
    assert (again(world, since=day).documents, stale(world)) == (1, {"halden": 3})
    assert (again(world, until=day).documents, stale(world)) == (3, {})


# --- what never alerts


def test_a_rule_that_is_changed_alerts_on_nothing_that_was_there_not_even_on_news(make_world: MakeWorld) -> None:
    world = make_world(brands=[make_brand(rules=())])
    say(world, FRESH)
    world.round()
    world.change(brands=(make_brand(),))
    report = again(world)
    assert counts(report)["changes"] == 1
    assert mentions(world)["halden", "pump"].flags
    assert (report.alerting, told(world)) == (0, 0)


def test_a_teaser_that_waits_for_its_page_is_told_when_it_is_judged_and_not_before(make_world: MakeWorld) -> None:
    world = make_world(brands=[NORRVIK])
    world.web.says(FEED, rss(teaser("http://blog.example/pump", "A pump", "My Halden pump broke ...", date=FRESH)))
    world.web.says("http://blog.example/pump", Outcome.THROTTLED)
    world.runner().once()
    world.change(brands=(make_brand(),))
    assert (counts(again(world)), told(world)) == ({"enters": 1}, 0)
    world.clock.advance(minutes=11)
    renderer = AlertRenderer(Settings())
    alert(world.record, None, None, renderer, world.book, Settings(), world.clock, OWNER)
    assert told(world) == 1


# --- broken off, beside others


def test_a_pass_that_was_broken_off_goes_on_where_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reclassify, "BATCH", 1)
    world.change(brands=(make_brand(version="v2"), NORRVIK))
    whole = asdict(stage(world).look(Scope()))
    breaks_after(world, 2)
    assert stale(world) == {"halden": 1}
    report = again(world)
    assert report.resumed == 2
    assert asdict(report) == {**whole, "is_written": True, "resumed": 2}
    assert stale(world) == {}
    assert again(world).resumed == 0


def breaks_after(world: World, batches: int) -> None:
    def breaks(report: Reclassified) -> None:
        if report.documents == batches:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stage(world).write(Scope(), breaks)


def test_it_begins_anew_where_the_brand_has_changed_since_or_a_day_has_passed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reclassify, "BATCH", 1)
    for version, hours in (("v2", 0), ("v3", 25)):
        world.change(brands=(make_brand(version=version),))
        breaks_after(world, 2)
        world.clock.advance(hours=hours)
        if not hours:
            world.change(brands=(make_brand(version=f"{version}b"),))
        assert again(world).resumed == 0


def test_two_passes_over_one_brand_do_not_compete(world: World) -> None:
    world.change(brands=(make_brand(version="v2"), NORRVIK))
    other = "elsewhere/1/1"
    with world.record.write() as writer:
        writer.lease(["reclassify:halden"], other, NOW, NOW + timedelta(days=1))
    for scope in (Scope("halden"), Scope()):
        with pytest.raises(StorageError, match="another process is reclassifying"):
            stage(world).write(scope)
    assert stale(world) == {"halden": 3}
    assert counts(again(world, brand="norrvik"), "norrvik") == {"enters": 1}
    with world.record.write() as writer:
        writer.free(["reclassify:halden"], other)
    again(world)
    assert stale(world) == {}


class Meddler(WordJudge):
    """A judge while whom something happens, once."""

    def __init__(self, meddle: Callable[[], None]) -> None:
        super().__init__()
        self._meddle: Callable[[], None] | None = meddle

    def classify(self, entry: Entry, language: str, heard: Sequence[Recognised]) -> list[Verdict]:
        meddle, self._meddle = self._meddle, None
        if meddle:
            meddle()
        return super().classify(entry, language, heard)


def test_what_the_live_run_changes_meanwhile_is_judged_by_its_new_text(make_world: MakeWorld) -> None:
    world = make_world(brands=[NORRVIK])
    world.web.says(FEED, rss(item("http://blog.example/pump", "Pump", "My Halden pump broke.", date=OLD)))
    world.round()
    live = world.ingest

    def meddle() -> None:
        world.web.says(FEED, rss(item("http://blog.example/pump", "Pump", "My Halden pump works after all.", date=OLD)))
        world.change(brands=(NORRVIK,))
        world.ingest = live
        world.round()

    world.judge = Meddler(meddle)
    world.change(brands=(make_brand(), NORRVIK))
    passing = stage(world)
    assert counts(passing.write(Scope())) == {"enters": 1}
    mention = mentions(world)["halden", "pump"]
    assert (mention.text, str(mention.sentiment)) == ("My Halden pump works after all.", "neutral")


def test_what_is_erased_meanwhile_stays_away(make_world: MakeWorld) -> None:
    world = make_world(brands=[NORRVIK])
    say(world, OLD)
    world.round()

    def meddle() -> None:
        with world.record.write() as writer:
            writer.erase(document_id=identity.document_id("http://blog.example/pump"), now=NOW)

    world.judge = Meddler(meddle)  # type: ignore[assignment]
    world.change(brands=(make_brand(),))
    again(world)
    assert set(mentions(world)) == {("halden", "tent"), ("halden", "castle")}


def test_a_document_that_cannot_be_judged_is_named_and_the_others_go_on(make_world: MakeWorld) -> None:
    world = make_world()
    say(world, OLD)
    world.round()
    world.judge.breaks_on = "castle"
    world.change(brands=(make_brand(version="v2"),))
    report = again(world)
    assert (counts(report), report.broken) == ({"renewed": 2}, 1)
    assert report.problems == [(identity.document_id("http://blog.example/castle"), "ValueError: the judge fell over")]
    assert stale(world) == {"halden": 1}


class Slow(WordJudge):
    """A judge that takes two seconds."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    def classify(self, entry: Entry, language: str, heard: Sequence[Recognised]) -> list[Verdict]:
        self._clock.advance(seconds=2)
        return super().classify(entry, language, heard)


@pytest.mark.parametrize(("share", "took_s"), [(1.0, 6), (0.5, 12), (0.25, 24)])
def test_it_works_no_more_than_its_share_of_the_time(make_world: MakeWorld, share: float, took_s: int) -> None:
    world = make_world(brands=[NORRVIK])
    say(world, OLD)
    world.round()
    world.judge = Slow(world.clock)
    world.change(brands=(make_brand(),))
    began = world.clock.monotonic()
    stage(world, share).write(Scope())
    assert world.clock.monotonic() - began == took_s


@pytest.mark.parametrize("share", [0, -1, 1.5])
def test_a_share_that_is_none_is_refused(world: World, share: float) -> None:
    with pytest.raises(ConfigError, match="above 0 and at most 1"):
        stage(world, share)


# --- the law

words = st.lists(st.sampled_from(["pump", "tent", "castle", "stove", "sun", "money"]), max_size=2, unique=True)
definitions = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["Halden", "Norrvik", "pump"]),
        "context_required": words.map(tuple),
        "context_excluded": words.map(tuple),
        "rules": st.sampled_from([(), (make_rule(),), (make_rule(query="tent OR castle"),)]),
    }
)


@settings(max_examples=12, deadline=None)
@given(st.lists(definitions, min_size=1, max_size=3), definitions)
def test_a_record_that_was_judged_again_is_as_if_it_had_been_judged_so_from_the_start(
    tmp_path_factory: pytest.TempPathFactory,
    extractor: BoundedExtractor,
    before: list[dict[str, Any]],
    last: dict[str, Any],
) -> None:
    def brands(number: int, definition: dict[str, Any]) -> tuple[Brand, ...]:
        return make_brand(version=f"v{number}", **definition), NORRVIK

    changed = begun(tmp_path_factory.mktemp("changed"), extractor, brands(0, before[0]))
    for number, definition in enumerate(before[1:], 1):
        changed.change(brands=brands(number, definition))
        again(changed)
    changed.change(brands=brands(99, last))
    again(changed)
    straight = begun(tmp_path_factory.mktemp("straight"), extractor, brands(99, last))
    assert judged(changed) == judged(straight)
    assert indexed(changed) == indexed(straight) == set(mentions(straight))
    changed.record.close()
    straight.record.close()


def begun(root: Path, extractor: BoundedExtractor, brands: Sequence[Brand]) -> World:
    world = World(root, FakeClock(), extractor, brands=brands)
    say(world, OLD)
    world.round()
    return world


def judged(world: World) -> dict[tuple[str, str], Mention]:
    return {name: replace(mention, revision=0) for name, mention in mentions(world).items()}
