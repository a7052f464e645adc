"""The mail of a brief: says the most important thing first, is frank about what was not heard, and every number leads
to exactly what it counts.
"""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest

from dashboards import listening, wording
from dashboards.view import read_view
from earshot.alerts import brief_words as words
from earshot.alerts.brief_render import BriefRenderer
from earshot.alerts.compose import to_bytes
from earshot.alerts.letters import BriefLetter, Flagged, brief_letter
from earshot.alerts.plain import is_unsafe
from earshot.alerts.rules import RuleBook
from earshot.briefs import Day, Figures, Gap, Hours, Missed, Ranked, Told, Volume, hours_of
from earshot.index.embedded import EmbeddedIndex
from earshot.model import Filters, HourHeard, Message, Outcome, SearchRequest, Sentiment, Severity
from earshot.pipeline.brief import make_figures
from earshot.pipeline.publish import publish
from tests.alerts.scene import Scene
from tests.alerts.test_render import DELIVERY, HOSTILE, SETTINGS, Dom
from tests.builders import NOW, make_brand, make_mention, make_recipient, make_rule, make_source

BASE = "https://earshot.example.org"
HEARD = Hours(all=24, heard=24)
BRAND = make_brand(rules=(make_rule(), make_rule(id="safety", name="Somebody may get hurt")))
PLAIN = Figures(
    date=date(2026, 11, 23),
    time_zone="UTC",
    now=Volume(),
    before=Volume(),
    own=0,
    voices=(),
    sites=(),
    categories=(),
    incidents=(),
    opened={},
    hours=HEARD,
    hours_before=HEARD,
    sources=(),
    missed=0,
    gappy=0,
    listened=1,
)


def letter(*flagged: Flagged, brand: Any = BRAND, **changes: Any) -> BriefLetter:
    person = {name: changes.pop(name) for name in ("address", "time_zone") if name in changes}
    names = {"brands": changes.pop("brands", {}), "source_names": changes.pop("source_names", {})}
    changes["time_zone"] = changes.pop("days_zone", "UTC")
    figures = PLAIN.model_copy(update=changes)
    recipient = make_recipient(**person)
    return BriefLetter(DELIVERY, recipient, brand, figures, flagged, names["brands"], names["source_names"])


def render(*flagged: Flagged, **changes: Any) -> Message:
    return BriefRenderer(SETTINGS).render(letter(*flagged, **changes))


def told(number: int, rule: str = "complaints", severity: Severity = Severity.WARNING) -> Told:
    return Told(id=f"i{number}", rule_id=rule, severity=severity, mentions=1)


# --- the most important thing

UNHEARD = Hours(all=24, heard=20, unheard=4)
DEAF = Hours(all=24, unheard=24)
MOST_IMPORTANT = [
    ({}, "A calm day: no mentions, nothing flagged"),
    ({"now": Volume(neutral=1)}, "A calm day: 1 mention, nothing flagged"),
    ({"hours": UNHEARD}, "A calm day: no mentions, nothing flagged, but 4 hours not heard"),
    ({"hours": DEAF, "opened": {Severity.INFO: 1}, "incidents": (told(1),)}, "Nothing was heard on this day"),
    ({"now": Volume(neutral=13), "before": Volume(neutral=8)}, "13 mentions, 5 more than the day before"),
    ({"now": Volume(neutral=13), "before": Volume(neutral=9)}, "A calm day: 13 mentions, nothing flagged"),
    ({"now": Volume(negative=4)}, "4 negative mentions, 4 more than the day before"),
    ({"now": Volume(negative=3)}, "A calm day: 3 mentions, nothing flagged"),
    ({"now": Volume(negative=40), "hours_before": DEAF}, "A calm day: 40 mentions, nothing flagged"),
    ({"now": Volume(negative=9, flagged=2)}, "2 flagged mentions, found too late to alert"),
    ({"opened": {Severity.WARNING: 1}, "incidents": (told(1),)}, "Warning: Complaints, 1 mention"),
    (
        {
            "opened": {Severity.CRITICAL: 2, Severity.WARNING: 1203},
            "incidents": (*(told(n, "safety", Severity.CRITICAL) for n in range(2)), told(3)),
            "now": Volume(negative=90),
        },
        "Critical: Somebody may get hurt, 2 mentions, 1\u202f203 more incidents",
    ),
]


@pytest.mark.parametrize(("changes", "said"), MOST_IMPORTANT)
def test_the_subject_says_brand_day_and_the_most_important_thing(changes: dict[str, Any], said: str) -> None:
    message = render(**changes)
    assert message.subject == f"[Halden] Mon 23 Nov: {said}".replace("\u202f", " ")
    assert said in message.text
    assert said in Dom(message.html).text


def test_it_begins_with_what_happened_in_counted_facts_and_quotes_what_was_flagged() -> None:
    flagged = Flagged(told(1), "Complaints", make_mention())
    message = render(
        flagged,
        incidents=(told(1),),
        opened={Severity.WARNING: 1},
        now=Volume(negative=12, neutral=1),
        before=Volume(neutral=1),
        sites=(Ranked(name="quay.example", count=5, before=0),),
        categories=(Ranked(name="complaint", count=9, before=7), Ranked(name="legal", count=5, before=0)),
    )
    lead = "13 mentions, 12 of them negative; the day before 1, 0 negative. Most on quay.example (5)."
    lead += " Legal rose from 0 to 5."
    for part in (message.text, Dom(message.html).text):
        flat = " ".join(part.split())
        assert flat.index(lead) < flat.index("My Halden pump broke after two days.") < flat.index("All mentions")


def test_it_is_addressed_and_stopped_as_any_list_mail() -> None:
    message = render()
    headers = dict(message.headers)
    assert headers["List-Id"] == "<halden.briefs.earshot.example.org>"
    stop = "mailto:alerts@example.org?subject=unsubscribe%20from%20the%20brief%20of%20halden"
    assert headers["List-Unsubscribe"] == f"<{stop}>"
    assert stop in Dom(message.html).links
    assert headers["Auto-Submitted"] == "auto-generated"
    for part in (message.text, Dom(message.html).text):
        assert "the brief of Halden names mara@example.org" in part
    assert message == render()


# --- frank

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
GAP = Gap(since=MONDAY + timedelta(hours=2), until=MONDAY + timedelta(hours=6), state="unheard")


def test_hours_not_heard_are_said_before_the_numbers_and_on_the_readers_clock() -> None:
    message = render(hours=UNHEARD.model_copy(update={"gaps": (GAP,)}), time_zone="America/New_York")
    for part in (message.text, Dom(message.html).text):
        flat = " ".join(part.split())
        assert flat.index("4 hours not heard. What was said then may be missing") < flat.index("All mentions")
        assert "Sun 22 Nov 21:00 to Mon 23 Nov 01:00, not heard" in flat
        assert "by the clock of America/New_York" in flat


def test_all_that_was_heard_is_said_in_one_line() -> None:
    assert "All 24 hours were heard, by at least half of the 7 sources." in render(listened=7).text


def test_a_day_that_was_hardly_heard_is_not_compared_with_in_silence() -> None:
    said = "The day before was well heard in only 5 of 24 hours"
    assert said in render(hours_before=Hours(all=24, heard=5, unheard=19)).text
    assert said not in render(hours_before=Hours(all=24, heard=19, unheard=5)).text


def test_a_long_day_and_a_short_one_say_so() -> None:
    assert "a day of 25 hours: clocks changed" in render(date=date(2026, 10, 25), days_zone="Europe/Berlin").text
    assert "clocks changed" not in render(date=date(2026, 10, 26), days_zone="Europe/Berlin").text


def test_a_source_not_heard_is_named_with_reason_and_since_when() -> None:
    missed = Missed(source_id="blog", outcome="blocked", last_heard_at=MONDAY, heard=0, listening=24)
    never = missed.model_copy(update={"source_id": "new", "outcome": "", "last_heard_at": None})
    message = render(sources=(missed, never), missed=12, source_names={"blog": "A blog"}, time_zone="Europe/Berlin")
    for part in (message.text, Dom(message.html).text):
        flat = " ".join(part.split())
        assert "A blog" in flat
        assert "does not let us in; last heard Mon 23 Nov 2026, 01:00 (Europe/Berlin); heard in 0 of 24 hours" in flat
        assert "not tried yet; never heard" in flat
        assert "And 10 more sources" in flat
    assert f"{BASE}/sources/blog" in Dom(message.html).links


def test_every_outcome_that_is_not_heard_has_its_words() -> None:
    assert {outcome.value for outcome in Outcome if not outcome.is_heard} <= set(words.OUTCOMES)


def test_hours_are_judged_as_the_pages_judge_them() -> None:
    rows = [HourHeard(MONDAY + timedelta(hours=n), n % 4 if n > 1 else 0, n and 3 + n % 3) for n in range(24)]
    until = MONDAY + timedelta(days=1)
    mine, theirs = hours_of(rows, MONDAY, until), listening.listening(rows, MONDAY, until, ZoneInfo("UTC"))
    assert (mine.heard, mine.unheard, mine.partly, mine.before) == (
        theirs.heard,
        theirs.unheard,
        theirs.partly,
        theirs.before,
    )
    bands = [(gap.since.replace(tzinfo=None), gap.until.replace(tzinfo=None), gap.state) for gap in mine.gaps]
    assert bands == [(band.at, band.to, band.state) for band in theirs.bands]


def test_signs_of_sentiment_are_those_of_the_pages() -> None:
    text = render().text
    assert all(f"{sign} {name}" in text for name, sign in wording.SENTIMENTS.values())


# --- text from outside


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_and_titles_stay_text_and_make_no_header(text: str) -> None:
    brand = make_brand(name=text, rules=(make_rule(name=text),))
    flagged = Flagged(told(1), text, make_mention(title=text, site=text))
    message = render(
        flagged,
        brand=brand,
        incidents=(told(1),),
        opened={Severity.WARNING: 1},
        voices=(Ranked(name="halden", count=1, before=0), Ranked(name="other", count=2, before=0)),
        sites=(Ranked(name=text, count=1, before=0),),
        sources=(Missed(source_id=text, outcome="failed", last_heard_at=None, heard=0, listening=1),),
        missed=1,
        brands={"halden": text, "other": text},
        source_names={text: text},
    )
    dom = Dom(message.html)
    assert {tag for tag, _ in dom.tags} <= {
        *("html", "head", "meta", "title", "style", "body", "div", "table", "tbody", "tr", "td", "a", "b", "span", "br")
    }
    assert all(not name.startswith("on") and name != "src" for _, attributes in dom.tags for name in attributes)
    assert all(link.startswith((f"{BASE}/", "mailto:alerts@example.org?subject=unsubscribe")) for link in dom.links)
    assert "url(" not in "".join(attributes.get("style", "") for _, attributes in dom.tags)
    assert not is_unsafe(message.subject)
    assert "\n" not in message.subject
    assert len(message.subject) <= 110
    assert not any(is_unsafe(line) for line in message.text.split("\n"))
    raw = to_bytes(message, NOW)  # reads its own headers again and refuses others than were meant
    assert b"\r\nBcc:" not in raw.split(b"\r\n\r\n")[0]


def test_a_mention_that_is_gone_leaves_its_rule_and_no_link() -> None:
    message = render(Flagged(told(1), "Complaints", None), incidents=(told(1),), opened={Severity.WARNING: 1})
    assert "Withdrawn, corrected or erased since" in message.text
    assert not [link for link in Dom(message.html).links if "/mentions/" in link]


def test_what_is_too_much_is_counted_and_one_link_away() -> None:
    message = render(Flagged(told(1), "Complaints", None), incidents=(told(1),), opened={Severity.WARNING: 1200})
    assert "And 1\u202f199 more" in message.text
    assert f"{BASE}/incidents?brand=halden" in Dom(message.html).links


def test_fifty_brands_and_sources_do_not_make_gmail_cut_it() -> None:
    missed = Missed(source_id="s", outcome="failed", last_heard_at=MONDAY, heard=0, listening=24)
    names = [f"a-brand-with-a-rather-long-name-{n}" for n in range(50)]
    message = render(
        *[Flagged(told(n), "Complaints", make_mention(title="pump " * 60)) for n in range(8)],
        voices=tuple(Ranked(name=name, count=5, before=2) for name in ["halden", *names]),
        sites=tuple(Ranked(name="s" * 60, count=1, before=1) for _ in range(8)),
        sources=(missed,) * 50,
        missed=2000,
        opened={Severity.WARNING: 8},
        incidents=tuple(told(n) for n in range(8)),
        brands={name: name for name in names},
    )
    assert len(message.html.encode()) < 102_000


# --- every number leads to what it counts


class Counted:
    """A record and its index with mentions of two brands on two days, and the letter of the second."""

    def __init__(self, folder: Path) -> None:
        self.scene = scene = Scene(folder, brands=(make_brand(), make_brand(id="brewlane", name="Brewlane")))
        scene.settings = scene.settings.model_copy(update={"time_zone": "Europe/Berlin"})
        scene.begin()
        day = Day(date(2026, 10, 25), ZoneInfo("Europe/Berlin"))
        at = {"first": day.since, "last": day.until - timedelta(seconds=1), "eve": day.since - timedelta(seconds=1)}
        number = 0
        for when in (*at.values(), day.until):
            for brand in ("halden", "brewlane"):
                for site in ("a.example", "b.example/&x=1"):
                    number += 1
                    scene.find(number, published_at=when, found_at=NOW, site=site, brand=brand)
        with scene.record.write() as writer:
            writer.put_sources([make_source()], NOW)
        self.index = EmbeddedIndex(folder / "index")
        publish(scene.record, self.index, scene.clock, "test")
        self.recipient = make_recipient(time_zone="Asia/Kolkata")
        with scene.record.read() as reader:
            figures = make_figures(reader, scene.brands, scene.brands[0], day)
            book = RuleBook(scene.brands)
            self.letter = brief_letter(reader, figures, scene.brands[0], self.recipient, DELIVERY, book)

    def found(self, url: str) -> tuple[int, Filters]:
        """Return how many mentions the page at this address would list, and by which filters."""
        parts = urlsplit(url)
        known = {"brand": ("halden", "brewlane"), "source": ("blog",)}
        view = read_view(parse_qsl(parts.query), now=NOW, default_zone="Europe/Berlin", known=known)
        assert (parts.path, view.problems, view.zone.key) == ("/mentions", (), "Asia/Kolkata")
        return self.index.count(SearchRequest(filters=view.filters)), view.filters


def test_every_number_leads_to_exactly_the_mentions_it_counts(tmp_path: Path) -> None:
    counted = Counted(tmp_path)
    message = BriefRenderer(counted.scene.settings).render(counted.letter)
    figures = counted.letter.figures
    assert (figures.now.mentions, figures.before.mentions, len(figures.sites), len(figures.voices)) == (4, 2, 2, 2)
    numbers = re.findall(r'<a [^>]*href="([^"]*/mentions\?[^"]*)"[^>]*>([\d\u202f]+)</a>', message.html)
    assert len(numbers) >= 18
    for url, shown in numbers:
        assert counted.found(url.replace("&amp;", "&"))[0] == int(shown.replace("\u202f", "")), url
    listed = re.findall(r"(\d+)(?:  \(.*\))?\n  (https://\S+/mentions\?\S+)", message.text)
    assert len(listed) == len(numbers) / 2
    for shown, url in listed:
        assert counted.found(url)[0] == int(shown), url
    filters = [counted.found(url)[1] for _, url in listed]
    assert {f.sentiments for f in filters} >= {(each.value,) for each in Sentiment}
    assert {f.min_relevance for f in filters} == {0.5}
    counted.scene.record.close()


def test_links_without_a_public_address_lead_to_this_machine() -> None:
    settings = SETTINGS.model_copy(
        update={"dashboards": SETTINGS.dashboards.model_copy(update={"public_url": "", "port": 9999})}
    )
    message = BriefRenderer(settings).render(dataclasses.replace(letter()))
    assert (
        "http://127.0.0.1:9999/mentions?brand=halden&from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z" in message.text
    )
