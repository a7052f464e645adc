"""The brief stage over a real record: right numbers, each day's brief once, each recipient's mail once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from earshot.alerts.age import TOO_LATE
from earshot.briefs import Day, Figures, due_at, last_day
from earshot.config.settings import BriefSettings
from earshot.errors import MailError, MailUncertain
from earshot.model import Outcome, Role, Severity
from earshot.pipeline.brief import Due, Made, briefs_due, figures_of, make_brief, make_figures
from earshot.pipeline.collect import page_id
from earshot.pipeline.due import UNREAD
from earshot.ports import FrontierPage, MentionWrite, RunEnd
from earshot.record.engine import transaction
from tests.alerts.scene import Books, Scene, temporary
from tests.builders import FakeClock, make_brand, make_flag, make_recipient, make_rule, make_source, make_verdict

BERLIN = ZoneInfo("Europe/Berlin")
MARA, BO = make_recipient(), make_recipient(address="bo@example.org", time_zone="Europe/London")
HALDEN = make_brand(recipients=(MARA, BO), brief_recipients=(MARA, BO))
BREWLANE = make_brand(id="brewlane", name="Brewlane")
THAT_DAY = datetime(2026, 11, 19, 12, tzinfo=UTC)
"""Noon of the last whole day, as the scene's clock stands."""


class Place(Scene):
    """A scene that makes briefs."""

    def make(self, on: date | None = None, brand: int = 0) -> Made:
        day = Day(on, BERLIN) if on else last_day(self.clock.now(), BERLIN)
        return make_brief(self.record, self.brands, self.brands[brand], day, self.clock)

    def due(self) -> list[str]:
        return list(briefs_due(self.record, self.brands, self.settings, self.clock).brands)

    def held(self) -> str:
        return briefs_due(self.record, self.brands, self.settings, self.clock).held

    def say(self, number: int, at: datetime = THAT_DAY, brand: str = "halden", **verdict: Any) -> str:
        """Find a mention published at a time; return its id."""
        changes = {"flags": (), "brand": brand, "published_at": at, "found_at": at, "site": verdict.pop("site", "a.b")}
        changes["author"] = verdict.pop("author", "Ada")
        mention = self.find(number, **changes)
        own, flags = verdict.pop("is_own_voice", False), verdict.pop("flags", ())
        judged = make_verdict(brand_id=brand, **verdict)
        write = MentionWrite(mention.id, mention.document_id, judged, flags, own)
        with self.record.write() as writer:
            writer.put_mentions(mention.document_id, [write], self.clock.now())
        return mention.id

    def figures(self, day: Day | None = None) -> Figures:
        with self.record.read() as reader:
            return make_figures(reader, self.brands, self.brands[0], day or last_day(self.clock.now(), BERLIN))

    def listen(self, since: datetime, *spans: tuple[datetime, datetime]) -> None:
        """Listen to one source since a time, heard in these spans; it is not due before long."""
        with self.record.write() as writer:
            writer.put_sources([make_source(listening_since=since)], since)
            writer.end_run(RunEnd("blog", since, Outcome.UNCHANGED, "", next_due_at=since + timedelta(days=30)))
            for start, end in spans:
                writer.end_run(RunEnd("blog", end, Outcome.OK, "", next_due_at=end, heard_since=start))


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Place]]:
    places: list[Place] = []

    def make_place(now: datetime = datetime(2026, 11, 20, 12, tzinfo=UTC), **options: Any) -> Place:
        place = Place(tmp_path, FakeClock(now), options.pop("brands", (HALDEN, BREWLANE)), host="localhost", **options)
        place.settings = place.settings.model_copy(update={"time_zone": "Europe/Berlin"})
        places.append(place.begin())
        return place

    yield make_place
    for place in places:
        place.record.close()


# --- the figures


def test_mentions_are_counted_as_the_pages_count_them(make: Callable[..., Place]) -> None:
    place = make()
    place.say(1, sentiment="negative", categories=("complaint", "safety"), flags=(make_flag(),))
    place.say(2, sentiment="negative", categories=("complaint",), site="c.d")
    place.say(3, sentiment="positive", categories=())
    place.say(4, relevance=0.49)
    place.say(5, is_own_voice=True)
    place.say(6, brand="brewlane")
    place.say(7, THAT_DAY - timedelta(days=1), sentiment="neutral", categories=("complaint",))
    gone = place.say(8)
    with place.record.write() as writer:
        writer.put_mentions(writer.mentions([gone])[0].document_id, [], place.clock.now())
    figures = place.figures()
    assert figures.date == date(2026, 11, 19)
    now, before = figures.now, figures.before
    assert (now.mentions, now.negative, now.neutral, now.positive, now.flagged) == (3, 2, 0, 1, 1)
    assert (before.mentions, before.neutral, figures.own) == (1, 1, 1)
    assert [(v.name, v.count, v.before) for v in figures.voices] == [("halden", 3, 1), ("brewlane", 1, 0)]
    assert [(s.name, s.count) for s in figures.sites] == [("a.b", 2), ("c.d", 1)]
    assert [(c.name, c.count, c.before) for c in figures.categories] == [("complaint", 2, 1), ("safety", 1, 0)]


@pytest.mark.parametrize(
    ("on", "hours", "first", "last"),
    [
        (date(2026, 11, 19), 24, "2026-11-18T23:00", "2026-11-19T23:00"),
        (date(2026, 10, 25), 25, "2026-10-24T22:00", "2026-10-25T23:00"),
        (date(2026, 3, 29), 23, "2026-03-28T23:00", "2026-03-29T22:00"),
    ],
)
def test_a_day_is_the_zones_day_also_where_clocks_change(
    make: Callable[..., Place], on: date, hours: int, first: str, last: str
) -> None:
    place = make()
    since, until = (datetime.fromisoformat(f"{each}:00+00:00") for each in (first, last))
    second = timedelta(seconds=1)
    for number, at in enumerate((since - second, since, until - second, until)):
        place.say(number, at)
    place.listen(since - timedelta(days=3))
    day = Day(on, BERLIN)
    figures = place.figures(day)
    assert (day.hours, figures.now.mentions, figures.before.mentions) == (hours, 2, 1)
    assert place.figures(Day(on + timedelta(days=1), BERLIN)).before.mentions == 2
    assert (figures.hours.all, figures.hours.unheard) == (hours, hours)


@pytest.mark.parametrize("zone", ["Africa/Cairo", "America/Havana", "America/Santiago", "Asia/Beirut", "Asia/Kolkata"])
def test_days_follow_one_another_without_gap_or_overlap_in_any_zone(zone: str) -> None:
    days = [Day(date(2026, 1, 1) + timedelta(days=n), ZoneInfo(zone)) for n in range(365)]
    assert all(a.until == b.since == b.before.until for a, b in pairwise(days))
    assert {day.hours for day in days} <= {23, 24, 25}
    for day in days:
        moment = day.since.astimezone(day.zone)
        assert moment.date() == day.date
        assert (day.since - timedelta(seconds=1)).astimezone(day.zone).date() < day.date


def test_incidents_opened_that_day_are_counted_and_the_most_urgent_come_first(make: Callable[..., Place]) -> None:
    place = make(datetime(2026, 11, 19, 9, tzinfo=UTC))
    critical = make_flag(rule_id="safety", severity=Severity.CRITICAL)
    brand = make_brand(rules=(make_rule(), make_rule(id="safety")), brief_recipients=(MARA,))
    place.use(brand, BREWLANE)
    place.judge(place.find(1))
    first = place.find(2, flags=(critical,))
    place.judge(first)
    place.judge(place.find(3, flags=(critical,), story_of=first.story_id))
    place.judge(place.find(4, brand="brewlane"))
    place.clock.advance(days=1)
    place.judge(place.find(5))  # today's
    figures = place.figures()
    assert [(each.rule_id, each.mentions) for each in figures.incidents] == [("safety", 2), ("complaints", 1)]
    assert (figures.flagged, figures.opened) == (2, {Severity.CRITICAL: 1, Severity.WARNING: 1})


def test_an_incident_that_was_opened_later_is_of_the_day_that_its_mentions_tell_of(make: Callable[..., Place]) -> None:
    place = make(datetime(2026, 11, 20, 9, tzinfo=UTC))  # a new installation: all of yesterday is found today
    place.use(make_brand(brief_recipients=(MARA,)))
    place.judge(place.find(1, published_at=datetime(2026, 11, 19, 15, tzinfo=UTC)))
    assert place.figures().opened == {Severity.WARNING: 1}


def test_hours_and_sources_that_were_not_heard_are_named(make: Callable[..., Place]) -> None:
    place = make()
    since = datetime(2026, 11, 18, 23, tzinfo=UTC)
    hour = timedelta(hours=1)
    with place.record.write() as writer:
        sources = [make_source(id=name, listening_since=since + 2 * hour) for name in ("good", "deaf", "never", "ill")]
        writer.put_sources(sources, since)
        for name, ends in (("good", 24), ("ill", 24), ("deaf", 2)):
            end = since + ends * hour
            writer.end_run(RunEnd(name, end, Outcome.OK, "", next_due_at=end, heard_since=since + 8 * hour))
        for name in ("deaf", "ill"):
            now = place.clock.now()
            writer.end_run(RunEnd(name, now, Outcome.BLOCKED, "403", next_due_at=now))
    figures = place.figures()
    hours = figures.hours
    assert (hours.all, hours.heard, hours.partly, hours.unheard, hours.before) == (24, 16, 0, 6, 2)
    assert [(gap.state, (gap.since - since) / hour, (gap.until - since) / hour) for gap in hours.gaps] == [
        ("before", 0, 2),
        ("unheard", 2, 8),
    ]
    missed = {each.source_id: (each.outcome, each.heard, each.listening) for each in figures.sources}
    assert missed == {"never": ("", 0, 22), "deaf": ("blocked", 0, 22), "ill": ("blocked", 16, 22)}
    assert (figures.missed, figures.gappy, figures.listened) == (3, 2, 4)
    assert figures.sources[0].source_id == "never"


def test_figures_hold_no_word_of_a_mention_and_come_back_as_they_were(make: Callable[..., Place]) -> None:
    place = make(datetime(2026, 11, 19, 9, tzinfo=UTC))
    place.judge(place.find(1, title="A secret headline", author="Ada Secret", site="a.b"))
    place.clock.advance(days=1)
    made = place.make()
    assert made.figures is not None
    with transaction(place.record._engine, writes=False) as connection:
        stored = connection.execute(text("SELECT figures FROM brief")).scalar_one()
    assert "ecret" not in stored
    assert "blog.example/1" not in stored
    assert Figures.model_validate_json(stored) == made.figures == place.figures()


# --- once


def test_a_brief_made_twice_is_one_mail_to_each(make: Callable[..., Place]) -> None:
    place = make()
    place.say(1)
    first = place.make()
    place.say(2)
    again = place.make()
    assert (first.is_new, first.notices, again.is_new, again.notices) == (True, 2, False, 0)
    assert again.figures == first.figures
    assert place.alert().sent == 2
    assert (place.make().notices, place.alert().sent) == (0, 0)
    assert sorted(message.recipient for message in place.inbox.taken) == ["bo@example.org", "mara@example.org"]
    assert len({message.message_id for message in place.inbox.taken}) == 2
    with place.record.read() as reader:
        assert len(reader.briefs()) == 1
        assert figures_of(reader, place.brands, HALDEN, first.figures.day) == first.figures


def test_a_recipient_who_came_later_gets_the_same_figures_if_somebody_asks(make: Callable[..., Place]) -> None:
    place = make(brands=(make_brand(brief_recipients=(MARA,)),))
    first = place.make()
    place.alert()
    place.say(1)
    place.use(HALDEN)
    later = place.make()
    assert (later.is_new, later.notices, later.figures) == (False, 1, first.figures)
    assert place.alert().sent == 1
    assert [message.recipient for message in place.inbox.taken] == ["mara@example.org", "bo@example.org"]


def test_two_days_asked_for_are_two_mails_and_no_rules_budget_holds_them(make: Callable[..., Place]) -> None:
    place = make(brands=(make_brand(max_per_hour=1, brief_recipients=(MARA,)),))
    for days in range(1, 5):
        place.make(date(2026, 11, 20) - timedelta(days=days))
    assert place.alert().sent == 4
    assert len({message.subject for message in place.inbox.taken}) == 4


def test_a_brief_cut_off_at_the_dot_is_settled_as_an_alert_is(make: Callable[..., Place]) -> None:
    place = make(brands=(make_brand(brief_recipients=(MARA,)),), ledger_wait=timedelta(minutes=10))
    books = Books()
    place.make()
    place.inbox.lost = [MailUncertain("no answer")]
    assert place.alert(ledger=books).waiting == 1
    place.clock.advance(minutes=10)
    report = place.alert(ledger=books)
    assert (report.recovered, report.sent, place.states()) == (1, 1, {"sent": 1})


def test_a_recipient_taken_off_the_brief_is_not_told(make: Callable[..., Place]) -> None:
    place = make()
    place.make()
    place.use(make_brand(brief_recipients=(BO,)))
    report = place.alert()
    assert (report.sent, report.dead) == (1, 1)
    assert [message.recipient for message in place.inbox.taken] == ["bo@example.org"]


def test_a_recipient_struck_off_gets_no_brief(make: Callable[..., Place]) -> None:
    place = make()
    with place.record.write() as writer:
        writer.suppress("bo@example.org", "550", place.clock.now())
    place.make()
    assert place.alert().sent == 1
    assert place.notices() == {"told": 1, "suppressed": 1}


@pytest.mark.parametrize("error", [temporary(), MailError("login refused: 535", is_ours=True)])
def test_a_brief_that_could_not_go_out_for_a_day_is_given_up_and_seen(
    make: Callable[..., Place], error: MailError
) -> None:
    place = make(brands=(make_brand(brief_recipients=(MARA,)),))
    place.make()
    place.inbox.fail["*"] = [error]
    place.alert()
    place.clock.advance(hours=23)
    place.inbox.fail["*"] = [error]
    place.alert()
    place.clock.advance(hours=4)
    assert (place.alert().sent, place.reasons()) == (0, [TOO_LATE])


# --- when


def test_a_brief_is_due_from_its_hour_until_it_is_made(make: Callable[..., Place]) -> None:
    place = make(datetime(2026, 11, 20, 5, 59, 59, tzinfo=UTC))  # 06:59:59 there
    place.listen(THAT_DAY)
    assert place.due() == []
    place.clock.advance(seconds=1)
    assert place.due() == ["halden"]
    place.make()
    assert place.due() == []
    place.clock.advance(days=1)
    assert place.due() == ["halden"]
    place.clock.advance(hours=16, minutes=59)  # not made all day
    assert place.due() == ["halden"]
    place.clock.advance(minutes=1)  # midnight: its day is not the last one any more
    assert place.due() == []


@pytest.mark.parametrize(("on", "due"), [((10, 25), "06:00"), ((10, 24), "05:00"), ((3, 29), "05:00")])
def test_its_hour_is_the_wall_clocks(on: tuple[int, int], due: str) -> None:
    day = Day(date(2026, *on) - timedelta(days=1), BERLIN)
    assert f"{due_at(day, BriefSettings().at):%H:%M}" == due


def test_nothing_is_due_that_nobody_gets_or_that_has_nothing_to_say(make: Callable[..., Place]) -> None:
    place = make()
    assert place.due() == []  # nobody was listening on that day
    place.listen(THAT_DAY)
    assert place.due() == ["halden"]
    place.pause()
    assert place.due() == []
    assert "paused" in place.make().skipped
    place.resume()
    place.use(make_brand(is_paused=True, brief_recipients=(MARA,)))
    assert place.due() == []
    assert "paused" in place.make().skipped
    place.use(BREWLANE)
    assert place.due() == []
    assert "nobody" in place.make().skipped
    place.use(HALDEN)
    mail = place.settings.mail.model_copy(update={"host": ""})
    place.settings = place.settings.model_copy(update={"mail": mail})
    assert place.due() == []
    with place.record.read() as reader:
        assert reader.briefs() == []
        assert reader.all_notices() == []


def outage(place: Place, *names: str) -> None:
    """Sources that were heard until the evening before, and are due since; now it is noon of the day after."""
    evening = THAT_DAY + timedelta(hours=6)
    with place.record.write() as writer:
        writer.put_sources([make_source(id=name, listening_since=THAT_DAY) for name in names], THAT_DAY)
        for name in names:
            writer.end_run(RunEnd(name, evening, Outcome.OK, "", next_due_at=evening + timedelta(minutes=15)))


def ask(place: Place, name: str, outcome: Outcome = Outcome.UNCHANGED) -> None:
    """A source is asked now, and due again in a quarter of an hour."""
    with place.record.write() as writer:
        now = place.clock.now()
        writer.end_run(RunEnd(name, now, outcome, "", next_due_at=now + timedelta(minutes=15)))


def test_after_an_outage_a_brief_waits_until_every_source_that_is_due_was_asked(make: Callable[..., Place]) -> None:
    place = make()
    outage(place, "one", "two", "ill")
    assert (place.due(), place.held()) == ([], "3 sources to be heard")
    place.clock.advance(hours=2)
    assert place.due() == [], "nobody listens yet"
    ask(place, "one")
    ask(place, "ill", Outcome.BLOCKED)
    assert (place.due(), place.held()) == ([], "1 source to be heard")
    ask(place, "two")
    assert (place.due(), place.held()) == (["halden"], "")


def test_what_was_found_of_that_day_is_read_before_the_brief_is_made(make: Callable[..., Place]) -> None:
    place = make()
    outage(place, "one")
    ask(place, "one")
    now, minute = place.clock.now(), timedelta(minutes=1)
    found = {"then": THAT_DAY, "undated": None, "ill": THAT_DAY, "today": now}
    pages = {
        name: FrontierPage(page_id(url, Role.PAGE), url, Role.PAGE, "one", now, published_at=at)
        for name, at in found.items()
        for url in [f"http://one.example/{name}"]
    }
    with place.record.write() as writer:
        writer.add_pages(list(pages.values()))
        writer.end_page(pages["ill"].id, Outcome.FAILED, "503", now, now + 5 * minute)
    assert place.held() == "2 pages to be read"
    with place.record.write() as writer:
        for name in ("then", "undated"):  # fetched, as the collect stage notes it
            writer.end_page(pages[name].id, Outcome.OK, "fetched, to be read", now, now + 15 * minute)
    assert place.held() == "2 pages to be read"
    with place.record.write() as writer:
        for name in ("then", "undated"):
            writer.end_page(pages[name].id, Outcome.OK, "", now, None)
    assert place.due() == ["halden"]


def test_a_source_that_was_fetched_and_not_read_is_not_heard_yet(make: Callable[..., Place]) -> None:
    place = make()
    outage(place, "one")
    with place.record.write() as writer:
        now = place.clock.now()
        writer.put_off("one", now, now + UNREAD)
    assert place.held() == "1 source to be heard"


def test_a_brief_does_not_wait_longer_than_half_an_hour_from_when_listening_began_again(
    make: Callable[..., Place],
) -> None:
    place = make()
    outage(place, "one", "never")
    place.clock.advance(hours=1)
    ask(place, "one")
    place.clock.advance(minutes=29)
    ask(place, "one")
    assert place.due() == []
    place.clock.advance(minutes=1)
    assert place.due() == ["halden"]


def test_where_nobody_listens_all_day_the_brief_is_made_nine_hours_late_and_says_so(
    make: Callable[..., Place],
) -> None:
    place = make()
    outage(place, "one", "two")
    place.clock.advance(hours=2, minutes=59)
    assert (place.due(), place.held()) == ([], "2 sources to be heard")
    place.clock.advance(minutes=1)
    assert (place.due(), place.held()) == (["halden"], "")
    assert place.figures().hours.unheard > 0


def test_who_listens_all_the_time_waits_for_nothing_and_neither_does_who_has_just_heard_all(
    make: Callable[..., Place],
) -> None:
    place = make()
    outage(place, "one", "late")
    heard = briefs_due(place.record, place.brands, place.settings, place.clock, is_heard=True)
    assert heard == Due(("halden",))
    place.clock.advance(hours=-12)
    ask(place, "one")  # at midnight there, and again and again since
    place.clock.advance(hours=12)
    assert place.due() == ["halden"], "one source that is due just now holds nothing"


def test_sources_that_are_not_due_are_not_waited_for(make: Callable[..., Place]) -> None:
    place = make()
    place.listen(THAT_DAY)
    with place.record.write() as writer:
        writer.add_pages([FrontierPage("p", "http://blog.example/p", Role.PAGE, "blog", place.clock.now())])
    assert place.due() == ["halden"]


def test_a_brief_that_a_pause_held_is_told_the_same_day_and_not_later(make: Callable[..., Place]) -> None:
    place = make(brands=(make_brand(brief_recipients=(MARA,)),))
    for hours, sent in ((5, 1), (25, 0)):
        place.make()
        place.pause()
        assert place.alert().sent == 0
        place.clock.advance(hours=hours)
        place.resume()
        assert place.alert().sent == sent
        place.clock.advance(days=1)
    assert place.reasons() == [TOO_LATE]


# --- what was erased


def test_an_erased_mention_is_in_no_mail_written_later_and_in_no_subject(make: Callable[..., Place]) -> None:
    place = make(datetime(2026, 11, 19, 9, tzinfo=UTC))
    place.judge(place.find(1, title="A secret headline", author="Ada"))
    place.judge(place.find(2, title="An open headline", author="Bo"))
    place.clock.advance(days=1)
    place.make()
    with place.record.write() as writer:
        writer.erase(author="Ada", now=place.clock.now())
    assert place.alert().sent >= 2
    mails = [message for message in place.inbox.taken if "DAILY BRIEF" in message.text]
    assert len(mails) == 2
    for message in mails:
        assert "An open headline" in message.text
        assert "erased since" in message.text
        for part in (message.subject, message.text, message.html):
            assert "secret" not in part
    with place.record.read() as reader:
        assert all("headline" not in d.subject for d in reader.deliveries() if "Nov" in d.subject)


def test_a_site_that_holds_nothing_after_an_erasure_is_in_no_figures(make: Callable[..., Place]) -> None:
    place = make()
    place.say(1, site="ada.example", author="Ada")
    place.say(2, site="shared.example", author="Ada")
    place.say(3, site="shared.example", author="Bo")
    made = place.make()
    assert made.brief is not None
    with place.record.write() as writer:
        writer.erase(author="ada", now=place.clock.now())
        figures = writer.brief(made.brief.id).figures
    assert [(site["name"], site["count"]) for site in figures["sites"]] == [("shared.example", 2)]
    assert figures["now"]["negative"] == 3
    assert "ada.example" not in str(figures)
