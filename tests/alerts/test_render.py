"""The mail: says what the issue asks, escapes what comes from outside, and looks after its reader."""

from __future__ import annotations

import dataclasses
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.alerts.compose import to_bytes
from earshot.alerts.letters import Letter, Telling
from earshot.alerts.plain import is_unsafe
from earshot.alerts.quote import BRAND, EVIDENCE, FIRED, quote_text, quote_title
from earshot.alerts.render import SUBJECT_MOST, AlertRenderer
from earshot.alerts.samples import samples
from earshot.alerts.wording import confidence, original, when
from earshot.config.settings import DashboardSettings, MailSettings, Settings
from earshot.model import DateFrom, Delivery, DeliveryState, Incident, Mention, Message, Severity, Span
from tests.builders import NOW, FakeClock, make_brand, make_flag, make_mention, make_recipient, make_rule

SETTINGS = Settings(
    mail=MailSettings(sender="Earshot <alerts@example.org>"),
    dashboards=DashboardSettings(public_url="https://earshot.example.org/"),
)
DELIVERY = Delivery("k" * 64, "mail", "mara@example.org", DeliveryState.CLAIMED, f"<{'k' * 64}@example.org>", 1, ())


def telling(number: int = 0, severity: Severity = Severity.WARNING, **changes: Any) -> Telling:
    story = {
        name: changes.pop(name)
        for name in ("size", "sites", "headline", "first_at", "before", "occasion", "thread")
        if name in changes
    }
    flag = changes.pop("flag", make_flag(severity=severity))
    mention = make_mention(url=changes.pop("url", f"http://blog.example/{number}"), flags=(flag,), **changes)
    incident = Incident(f"i{number}", "halden", flag.rule_id, mention.story_id, severity, NOW, (mention.id,))
    return Telling(make_brand(), make_rule(severity=severity), flag, incident, mention, **story)


def render(*tellings: Telling, **recipient: Any) -> Message:
    return AlertRenderer(SETTINGS).render(Letter(DELIVERY, make_recipient(**recipient), tellings))


class Dom(HTMLParser):
    """Tags, attributes and visible text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._skip = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._skip += tag in ("style", "title")

    def handle_endtag(self, tag: str) -> None:
        self._skip -= tag in ("style", "title")

    def handle_data(self, data: str) -> None:
        if not self._skip:
            self.text += data

    @property
    def links(self) -> list[str]:
        return [attributes["href"] for tag, attributes in self.tags if tag == "a"]


def test_subject_says_brand_severity_and_what() -> None:
    assert render(telling()).subject == "[Halden] Warning: Halden pump broke"
    assert render(telling(severity=Severity.CRITICAL)).subject == "[Halden] Critical: Halden pump broke"
    assert render(telling(0), telling(1), telling(2)).subject == "[Halden] Warning: Halden pump broke and 2 more"


def test_both_parts_say_which_rule_words_and_clause_verdict_place_and_links() -> None:
    message = render(telling(size=3, sites=("blog.example", "news.example")), time_zone="Europe/Berlin")
    for part in (message.text, Dom(message.html).text):
        flat = " ".join(part.split())
        for said in (
            "Complaints",
            "“broke”",
            "sentiment:negative",
            "Negative about Halden · complaint · fairly sure (80%)",
            "blog.example",
            "published Fri 20 Nov 2026, 12:00 (Europe/Berlin)",
            "3 mentions of this on 2 sites",
            "names mara@example.org",
            "unsubscribe halden",
        ):
            assert said in flat, said
    mention = telling().mention
    page = f"https://earshot.example.org/mentions/{mention.id}"
    assert page in message.text
    assert {page, mention.url} <= set(Dom(message.html).links)
    assert "*broke*" in message.text


def test_headers_tell_machines_what_it_is() -> None:
    headers = dict(render(telling()).headers)
    assert headers["List-Unsubscribe"] == "<mailto:alerts@example.org?subject=unsubscribe%20halden>"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert "Importance" not in headers
    assert dict(render(telling(severity=Severity.CRITICAL)).headers)["Importance"] == "high"


def test_the_same_letter_gives_the_same_mail() -> None:
    assert render(telling()) == render(telling())
    assert render(telling()).message_id == DELIVERY.message_id


HOSTILE = (
    "<script>alert(1)</script><img src=http://tracker.example/p.gif onerror=x>",
    '"><a href="javascript:alert(1)">click</a>',
    "{{ 7*7 }}{% raw %}",
    "</style><style>body{background:url(http://tracker.example/)}",
    "<!--[if mso]><v:rect href=http://tracker.example/><![endif]-->",
    "line\r\nBcc: victim@example.org\r\n\r\nbody",
    "=?utf-8?q?hit=0D=0ABcc=3A_victim=40example=2Eorg?=",
    "\u202egro.live\u202c\u2066x\x00\x1b[31m",
    "Z" + "\u0301" * 300,
    "&lt;b&gt; &amp;amp; ﷽" * 50,
)


def check_harmless(message: Message) -> None:
    dom = Dom(message.html)
    assert {tag for tag, _ in dom.tags} <= {
        *("html", "head", "meta", "title", "style", "body", "div", "table", "tbody", "tr", "td"),
        *("a", "b", "u", "mark", "span", "br"),
    }
    assert all(not name.startswith("on") and name != "src" for _, attributes in dom.tags for name in attributes)
    assert all(
        link.startswith(("https://earshot.example.org/", "http://blog.example/", "mailto:alerts@"))
        for link in dom.links
    )
    assert sum(tag == "style" for tag, _ in dom.tags) == 1
    assert "url(" not in "".join(attributes.get("style", "") for _, attributes in dom.tags)
    assert len(message.subject) <= SUBJECT_MOST
    assert not is_unsafe(message.subject)
    assert not any(is_unsafe(line) for line in message.text.split("\n"))
    to_bytes(message, NOW)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_everywhere_stays_text(text: str) -> None:
    flag = make_flag(rule_name=text, clause=text, words=(text,), spans=(Span("text", 0, 3), Span("title", 0, 2)))
    tale = telling(flag=flag, title=text, text=f"{text}\n{text}", site=text, author=text)
    rule, brand = make_rule(name=text), make_brand(name=text)
    message = render(dataclasses.replace(tale, rule=rule, brand=brand, size=3, sites=("a", text)))
    check_harmless(message)
    shown = Dom(message.html).text
    assert "alert(1)" in shown or "alert(1)" not in text


@settings(deadline=None, max_examples=40)
@given(
    st.text(max_size=400),
    st.text(max_size=400),
    st.lists(st.tuples(st.integers(0, 420), st.integers(0, 420)), max_size=6),
)
def test_any_text_and_any_spans_give_a_mail(title: str, text: str, ranges: list[tuple[int, int]]) -> None:
    spans = tuple(Span("text" if n % 2 else "title", *sorted(pair)) for n, pair in enumerate(ranges))
    clean = text.encode("utf-8", "replace").decode()
    flag = make_flag(spans=spans)
    check_harmless(render(telling(flag=flag, title=title.encode("utf-8", "replace").decode(), text=clean, evidence=())))


@settings(deadline=None)
@given(st.text(max_size=900), st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), max_size=8))
def test_a_quote_loses_no_word_of_its_window(text: str, ranges: list[tuple[int, int]]) -> None:
    spans = tuple(Span("text", *sorted(pair)) for pair in ranges)
    pieces = quote_text(make_mention(text=text, evidence=()), make_flag(spans=spans), most=10_000)
    kept = "".join(piece.text for piece in pieces)
    assert [c for c in kept if c.isalnum()] == [c for c in text if c.isalnum()]


def test_a_link_that_is_no_web_address_is_not_given() -> None:
    for url in ("javascript:alert(1)", "file:///etc/passwd", "http://[broken", ""):
        message = render(telling(url=url))
        assert all(link.startswith(("https://earshot.example.org/", "mailto:")) for link in Dom(message.html).links)


def test_the_original_shows_the_host_that_will_be_asked() -> None:
    assert original("https://bank.example@evil.example/login") == "evil.example/login"
    assert original("http://bücher.example:8080/a%20b/") == "xn--bcher-kva.example:8080/a_b"
    assert original("ftp://x.example/") == ""


def test_what_fired_is_marked_and_a_long_text_is_shown_around_it() -> None:
    text = "filler words here " * 200 + "the pump EXPLODED today" + " and more" * 200
    at = text.index("EXPLODED")
    pieces = quote_text(make_mention(text=text, evidence=()), make_flag(spans=(Span("text", at, at + 8),)))
    assert [piece.text for piece in pieces if piece.why == FIRED] == ["EXPLODED"]
    shown = "".join(piece.text for piece in pieces)
    assert len(shown) < 620
    assert shown.startswith("… ")
    assert shown.endswith(" …")


def test_evidence_brand_and_fired_words_are_told_apart() -> None:
    mention: Mention = make_mention()
    whys = {piece.text: piece.why for piece in quote_text(mention, make_flag(spans=(Span("text", 10, 14),)))}
    assert whys["Halden"] == BRAND
    assert whys["pump"] == FIRED
    assert whys["broke"] == EVIDENCE


def test_a_mention_without_a_title_is_named_by_its_text() -> None:
    pieces = quote_title(make_mention(title=" "), make_flag())
    assert "".join(piece.text for piece in pieces).startswith("My Halden pump broke")
    assert render(telling(title="", text="")).subject == "[Halden] Warning: blog.example"


def test_an_undated_mention_says_so() -> None:
    assert "undated; found" in render(telling(published_at_from=DateFrom.FOUND)).text


def test_a_hundred_in_one_mail_are_all_named_and_gmail_does_not_cut_it() -> None:
    title = "Halden pump broke again and this is a rather long headline of a newspaper, number"
    message = render(*(telling(number, title=f"{title} {number}.") for number in range(100)))
    shown = Dom(message.html).text
    assert all(f"number {number}." in shown and f"number {number}." in message.text for number in range(100))
    assert len(message.html.encode()) < 102_000


def test_dark_mode_survives_the_inlining_and_no_other_host_is_needed() -> None:
    html = render(telling()).html
    assert "prefers-color-scheme: dark" in html
    assert '<td class="quote"' in html
    assert "background-color" in html.split('<td class="quote"', 1)[1].split(">", 1)[0]
    assert "@import" not in html
    assert "<img" not in html
    assert "<link" not in html


@pytest.mark.parametrize(
    ("value", "word"),
    [(0.95, "very sure (95%)"), (0.7, "fairly sure (70%)"), (0.2, "little more than a guess (20%)")],
)
def test_confidence_is_said_in_words(value: float, word: str) -> None:
    assert confidence(value) == word


def test_an_unknown_zone_falls_back_to_utc() -> None:
    assert when(NOW, "Mars/Olympus") == "Fri 20 Nov 2026, 12:00 (UTC)"


def test_there_is_a_sample_of_each_kind_and_asking_again_sends_again() -> None:
    first = samples("mara@example.org", SETTINGS, FakeClock())
    again = samples("mara@example.org", SETTINGS, FakeClock())
    assert [message.subject.split(":")[0].split()[-1] for message in first[:3]] == ["Critical", "Warning", "Info"]
    assert "and 17 more" in first[3].subject
    assert "Critical: Sample of a rule (critical), 4 mentions, 1 more incident" in first[4].subject
    assert len({message.message_id for message in first + again}) == 10
    for message in first:
        to_bytes(message, NOW)
