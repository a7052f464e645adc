"""robots.txt: statuses, groups, delays; Google's own cases where the captured data is at hand."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protego import Protego

from earshot.model import RobotsCopy
from spiders.rules import RobotsRules, without_unknown_lines
from tests.builders import NOW

URL = "http://a.example/private/x"


def rules(status: int, body: str = "") -> RobotsRules:
    return RobotsRules(RobotsCopy("http://a.example", status, body, NOW))


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410, 451])
def test_no_robots_txt_allows_everything(status: int) -> None:
    assert rules(status, "User-agent: *\nDisallow: /").refusal(URL) == ""


@pytest.mark.parametrize("status", [0, 500, 502, 503, 599])
def test_an_unreachable_robots_txt_allows_nothing(status: int) -> None:
    assert "nothing may be fetched" in rules(status).refusal(URL)


def test_what_is_disallowed_is_refused_in_words() -> None:
    found = rules(200, "User-agent: *\nDisallow: /private")
    assert found.refusal(URL) == "http://a.example/robots.txt does not allow it"
    assert found.refusal("http://a.example/open") == ""


def test_our_own_group_goes_before_the_star() -> None:
    found = rules(200, "User-agent: *\nDisallow: /\n\nUser-agent: Earshot\nDisallow: /private\nCrawl-delay: 2")
    assert found.refusal("http://a.example/open") == ""
    assert found.refusal(URL)
    assert found.delay_s == 2.0


@pytest.mark.parametrize(
    ("line", "delay_s"),
    [("5", 5.0), ("0.5", 0.5), ("31", 30.0), ("86400", 30.0), ("-1", 0.0), ("x", 0.0), ("nan", 0.0)],
)
def test_crawl_delay_is_honoured_up_to_30_seconds(line: str, delay_s: float) -> None:
    assert rules(200, f"User-agent: *\nCrawl-delay: {line}").delay_s == delay_s


def test_an_unknown_line_does_not_end_a_group() -> None:
    body = "User-agent: foo\nNoidea: x\nUser-agent: earshot\nUnicorns: yes\nDisallow: /private"
    assert rules(200, body).refusal(URL)


def test_a_page_of_html_instead_of_rules_allows_everything() -> None:
    assert rules(200, "<html><body>Not found: sorry</body></html>").refusal(URL) == ""


@given(st.text(max_size=400))
def test_no_text_raises(body: str) -> None:
    found = rules(200, body)
    found.refusal(URL)
    assert 0 <= found.delay_s <= 30


@pytest.mark.captured
@pytest.mark.fault(case="A robots.txt with unusual or broken rules", promise="It is read as Google reads it")
def test_googles_cases_are_answered_as_google_answers_them() -> None:
    shared = os.environ.get("EARSHOT_SHARED")
    if not shared:
        pytest.skip("EARSHOT_SHARED names no captured data")
    cases = json.loads((Path(shared) / "data/robots_google/google_robots_cases.json").read_text())
    ours = [Protego.parse(without_unknown_lines(case["robots"])) for case in cases]
    wrong = [case for case, read in zip(cases, ours, strict=True) if answer(read, case) != case["allowed"]]
    plain = [case for case in cases if answer(Protego.parse(case["robots"]), case) != case["allowed"]]
    print(f"robots_google: {len(cases)} cases, Protego alone misses {len(plain)}, with known lines only {len(wrong)}")
    assert len(wrong) < len(plain) <= 12
    assert all(case in plain for case in wrong)


def answer(read: Protego, case: dict) -> bool:
    return read.can_fetch(case["url"] or "/", case["user_agent"])
