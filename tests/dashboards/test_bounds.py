"""How much a request may ask for: what is over a bound is refused with the field, the limit and what to do."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from dashboards import programs
from dashboards.bounds import MAX_ADDRESS, MAX_OF_ONE_NAME, MAX_PARAMETERS, MAX_QUERY, MAX_VALUE
from dashboards.budget import Budget
from dashboards.periods import fitting_interval, make_bins
from dashboards.view import MAX_TRAIL
from tests.dashboards.conftest import Served
from tests.dashboards.serving import serving

PAGE = {"accept": "text/html"}
PATHS = ("/", "/mentions", "/mentions.json", "/mentions.csv", "/fresh.json", "/words", "/operations/runs", "/sources")


def many(name: str, count: int, length: int = 6) -> str:
    return urlencode([(name, f"{n:06d}".ljust(length, "x")) for n in range(count)])


@pytest.mark.fault(
    case="One request of 38 KB with 3,000 values", promise="It is refused at once, with the limit and what to do"
)
@pytest.mark.parametrize("path", PATHS)
def test_an_address_that_is_too_long_is_refused_before_anything_is_read(served: Served, path: str) -> None:
    begun = time.monotonic()
    answer = served.client.get(f"{path}?{many('author', 3000)}", headers=PAGE)
    assert answer.status_code == 414
    assert f"{MAX_ADDRESS:,} are the most" in answer.text
    assert len(answer.content) < 20_000
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("query", "field", "limit"),
    [
        (urlencode([(f"n{n}", "1") for n in range(MAX_PARAMETERS + 1)]), "parameters", MAX_PARAMETERS),
        (many("source", MAX_OF_ONE_NAME + 1), "source", MAX_OF_ONE_NAME),
        (many("site", 1, MAX_VALUE + 1), "site", MAX_VALUE),
        (urlencode({"x" * (MAX_VALUE + 1): "1"}), "x" * 80, MAX_VALUE),
        (urlencode({"q": "pump " * (MAX_QUERY // 5) + "pumps"}), "q", MAX_QUERY),
    ],
)
def test_too_many_and_too_long_parameters_are_named_with_their_limit(
    served: Served, path: str, query: str, field: str, limit: int
) -> None:
    told = served.client.get(f"{path}?{query}", headers={"accept": "application/json"})
    assert told.status_code == 400
    assert (told.json()["field"], told.json()["limit"]) == (field, limit)
    assert told.json()["advice"]
    page = served.client.get(f"{path}?{query}", headers=PAGE)
    assert page.status_code == 400
    assert f"{limit:,} are the most" in page.text


@pytest.mark.parametrize("path", ["/", "/mentions", "/words"])
@pytest.mark.parametrize(
    "query",
    [
        many("author", MAX_OF_ONE_NAME, 190),
        urlencode({"q": "pump " * (MAX_QUERY // 5 - 1) + "pump"}),
        urlencode([("category", f"{n:03d}") for n in range(MAX_OF_ONE_NAME)] + [("nothing", "x" * MAX_VALUE)]),
    ],
)
def test_the_largest_request_that_is_taken_has_an_answer_of_bounded_size(served: Served, path: str, query: str) -> None:
    begun = time.monotonic()
    answer = served.client.get(f"{path}?{query}&range=90d", headers=PAGE)
    assert answer.status_code == 200
    assert len(answer.content) < 3_000_000
    assert time.monotonic() - begun < 30


def test_no_time_makes_a_chart_of_more_than_230_columns() -> None:
    for years in (1, 2, 5, 10, 11, 40, 229):
        since, until = datetime(1970, 3, 5, 7, tzinfo=UTC), datetime(1970 + years, 3, 5, 7, tzinfo=UTC)
        bins = make_bins(since, until, ZoneInfo("Europe/Berlin"), fitting_interval(since, until))
        assert 4 < len(bins) <= 230, years
        assert (bins[0].start, bins[-1].end) == (since, until)


def test_no_link_of_ours_is_longer_than_what_is_taken(served: Served) -> None:
    trail = [("trail", f"{n:03d}".ljust(130, "x")) for n in range(MAX_TRAIL)]
    first = served.client.get("/mentions.json", params={"range": "all"}).json()
    assert first["total"] > 25
    query = urlencode([("q", "pump OR " * 200 + "halden OR aurin"), ("range", "all"), *trail])
    page = served.client.get(f"/mentions?{query}", headers=PAGE)
    assert page.status_code == 200
    onward = page.text.split('rel="next" href="')[1].partition('"')[0].replace("&amp;", "&")
    assert len(onward) <= MAX_ADDRESS
    assert served.client.get(onward, headers=PAGE).status_code == 200


def test_a_file_of_too_many_mentions_is_refused_before_it_begins(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "MAX_EXPORTED", 3)
    for kind in ("csv", "json"):
        answer = served.client.get(f"/mentions.{kind}?range=all")
        assert answer.status_code == 400
        assert (answer.json()["field"], answer.json()["limit"]) == ("mentions", 3)
        assert "several files" in answer.json()["advice"]


@pytest.mark.fault(
    case="A disk or a search engine that does not answer a page", promise="The reader is told so within 30 s"
)
def test_an_answer_that_does_not_begin_in_time_is_given_up() -> None:
    ended: list[str] = []
    may_end = threading.Event()

    async def slow(_: Any) -> PlainTextResponse:
        while not may_end.is_set():
            await asyncio.sleep(0.02)
        ended.append("slow")
        return PlainTextResponse("too late")

    async def quick(_: Any) -> PlainTextResponse:
        return PlainTextResponse("in time")

    app = Starlette(routes=[Route("/slow", slow), Route("/quick", quick)])
    budgeted = Budget(app, lambda _: PlainTextResponse("took too long", 503), begins_within_s=1)
    with serving(budgeted) as url, httpx.Client(base_url=url) as client:
        late = client.get("/slow")
        assert (late.status_code, late.text) == (503, "took too long")
        assert client.get("/quick").text == "in time"
        may_end.set()
        until = time.monotonic() + 20
        while not ended and time.monotonic() < until:
            time.sleep(0.02)
        assert ended == ["slow"]
        assert client.get("/quick").text == "in time"
