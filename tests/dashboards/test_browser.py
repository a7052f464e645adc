"""The paths of a person, in a real browser: search, facet, chart to mentions, mail to mention, phone, keyboard."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from earshot.model import Sentiment
from tests.builders import NOW
from tests.dashboards import seed
from tests.dashboards.conftest import Served
from tests.dashboards.serving import app_of, serving

sync_api = pytest.importorskip("playwright.sync_api")
Axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="needs Chromium: apt-get install chromium"),
]
PAGES = (
    "/",
    "/?range=30d",
    "/mentions?q=pump",
    "/words?sentiment=negative&range=all",
    "/sources?collection=press",
    "/sources/wall",
    "/incidents",
    "/operations",
    "/operations/runs",
    "/operations/runs/broken",
    "/mails",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


class Watched:
    """A page that remembers what went wrong on it."""

    def __init__(self, context: Any, base: str) -> None:
        self.base, self.complaints = base, []
        self.page = context.new_page()
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._requested)

    def _requested(self, request: Any) -> None:
        if not request.url.startswith((self.base, "data:")):
            self.complaints.append(f"asked {request.url}")

    def open(self, path: str) -> Any:
        self.page.goto(self.base + path)
        if self.page.locator("figure[data-chart]").count():
            self.page.wait_for_selector("figure[data-chart].drawn", timeout=20_000)
        return self.page


def wait_until(page: Any, so: str) -> None:
    """Wait until an expression is true. Playwright's own waiting evaluates text in the page: our policy forbids it."""
    for _ in range(100):
        if page.evaluate(so):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never so: {so}")


@pytest.fixture
def watched(browser: Any, served: Served) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, timezone_id="Europe/Berlin")
    watched = Watched(context, served.url)
    yield watched
    assert watched.complaints == []
    context.close()


def test_every_page_draws_without_a_complaint_or_a_foreign_request(watched: Watched, served: Served) -> None:
    for path in (*PAGES, f"/mentions/{served.world.mentions[0].id}"):
        watched.open(path)


def test_a_search_from_the_head_finds_and_marks(watched: Watched) -> None:
    page = watched.open("/?range=30d&brand=halden")
    page.keyboard.press("/")
    page.keyboard.type('"broke after"')
    page.keyboard.press("Enter")
    page.wait_for_url("**/mentions?*")
    assert "brand=halden" in page.url
    assert "range=30d" in page.url
    assert page.locator(".hit mark").first.inner_text().lower() == "broke after"


def test_a_facet_narrows_and_gives_way_again(watched: Watched) -> None:
    page = watched.open("/mentions?range=all")
    before = page.locator(".title p").inner_text()
    page.locator(".facet a", has_text="reviews.example").click()
    page.wait_for_url("**site=reviews.example**")
    assert page.locator(".hit .meta", has_text="reviews.example").count() == page.locator(".hit").count() > 0
    page.locator(".facet a.on", has_text="reviews.example").click()
    page.wait_for_function("!location.search.includes('site=')")
    assert page.locator(".title p").inner_text() == before


def test_a_click_on_a_bar_leads_to_all_mentions_of_its_time_and_adds_nothing(watched: Watched) -> None:
    page = watched.open("/")
    bars = page.locator(".chart.tall path[fill='var(--negative)']")
    heights = [box["height"] for box in (bars.nth(i).bounding_box() for i in range(bars.count()))]
    bars.nth(heights.index(max(heights))).hover()
    count = page.locator(".tip").inner_text().splitlines()[1].split()[0]
    bars.nth(heights.index(max(heights))).click()
    page.wait_for_url("**/mentions?*")
    assert re.search(r"from=[^&]+&to=[^&]+", page.url)
    assert "sentiment=" not in page.url
    assert page.locator(".title p").inner_text().startswith(f"{count} on ")


def test_the_number_in_a_ranking_is_a_way_to_its_mentions_as_its_name_is(watched: Watched) -> None:
    page = watched.open("/")
    for row in range(page.locator(".rank").count()):
        number = page.locator(".rank").nth(row).locator(".num").first
        number.scroll_into_view_if_needed()
        count, box = int(number.inner_text()), number.bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.wait_for_url("**/mentions?*")
        assert page.locator(".title p").inner_text().startswith(f"{count} ")
        page.go_back()
        page.wait_for_load_state("networkidle")


def test_a_pointer_over_a_bar_says_what_it_is(watched: Watched) -> None:
    page = watched.open("/")
    page.locator(".chart.tall path[fill='var(--negative)']").first.hover()
    assert re.search(r"\d+ mentions?\n\d+ negative", page.locator(".tip").inner_text())


def test_a_list_is_walked_by_keys_that_never_disturb_typing(watched: Watched) -> None:
    page = watched.open("/mentions?range=all")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate(
        "document.activeElement.closest('[data-item]') === document.querySelectorAll('[data-item]')[1]"
    )
    page.locator("#q").focus()
    page.keyboard.type("jk?n")
    assert page.locator("#q").input_value() == "jk?n"
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url("**/mentions/*")
    assert page.locator("h2", has_text="Verdict").count() == 1


def test_the_first_key_reaches_the_content(watched: Watched) -> None:
    page = watched.open("/sources")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


@pytest.mark.fault(case="A title with a script, in a real browser", promise="Nothing of it runs")
def test_a_hostile_title_runs_nothing(watched: Watched, served: Served) -> None:
    hostile = next(m for m in served.world.mentions if m.title == seed.HOSTILE)
    for path in (f"/mentions/{hostile.id}", "/mentions?q=onerror&range=all&voice=all&relevance=all", "/"):
        page = watched.open(path)
        assert page.title() != "owned"
        assert page.locator("img[src='x']").count() == 0


def test_dark_and_light_can_be_chosen_and_are_kept(watched: Watched) -> None:
    page = watched.open("/sources")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("#theme").click()
    chosen = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert chosen != before
    watched.open("/mentions")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == chosen


WIDTHS = (390, 320, 640, 768, 1021)
"""A phone, a page at 400%, a small and an upright tablet, and just above the width where cards become tables."""


def test_no_width_scrolls_sideways_and_the_head_leaves_a_phone_its_room(browser: Any, served: Served) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, timezone_id="Europe/Berlin")
    watched = Watched(context, served.url)
    hostile = next(m for m in served.world.mentions if m.title == seed.HOSTILE)
    for path in (*PAGES, f"/mentions/{hostile.id}", "/mentions?q=zzzz", "/mentions?sentiment=angry", "/sign-in"):
        page = watched.open(path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (path, width)
        page.set_viewport_size({"width": 390, "height": 844})
        wide = "[...document.querySelectorAll('.scroll.free')].filter(e => e.scrollWidth > e.clientWidth).length"
        assert page.evaluate(wide) == 0, path
        if page.locator(".head").count():
            assert page.locator(".head").bounding_box()["height"] <= 110, path
    assert watched.complaints == []
    context.close()


RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.mark.parametrize(
    ("width", "scheme", "paths"),
    [
        (1280, "light", ("/", "/mentions", "MENTION", "/sources", "/operations", "/operations/runs", "/incidents")),
        (1280, "dark", ("/words?range=24h", "/brands/halden", "/mentions?q=%22", "/nope", "/?brand=halden")),
        (390, "dark", ("/", "/mentions", "MENTION", "/operations", "/brands/halden")),
    ],
)
def test_no_page_breaks_a_rule_of_accessibility(
    browser: Any, served: Served, width: int, scheme: str, paths: tuple[str, ...]
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, timezone_id="Europe/Berlin", bypass_csp=True
    )
    watched = Watched(context, served.url)
    mention = next(m for m in served.world.mentions if m.flags)
    for path in paths:
        page = watched.open(path.replace("MENTION", f"/mentions/{mention.id}"))
        page.evaluate("document.querySelectorAll('details:not(.data)').forEach((each) => { each.open = true; })")
        found = Axe().run(page, options=RULES).response["violations"]
        assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found] == [], path
    context.close()


def test_going_back_leads_to_the_place_in_the_list(watched: Watched) -> None:
    page = watched.open("/mentions?range=all")
    link = page.locator(".hit h2 a").nth(11)
    address = link.get_attribute("href")
    focused = f"document.activeElement.getAttribute('href') === {address!r}"
    link.click()
    page.wait_for_url("**/mentions/*")
    page.go_back()
    wait_until(page, focused)
    page.keyboard.press("Enter")
    page.wait_for_url("**/mentions/*")
    page.get_by_text("Back to the list").click()
    page.wait_for_url("**/mentions?range=all#m-*")
    wait_until(page, focused)
    assert page.evaluate("document.activeElement.getBoundingClientRect().top < innerHeight")


def test_a_search_without_a_match_uses_the_width_of_the_page(watched: Watched) -> None:
    page = watched.open("/mentions?q=zzzz")
    assert page.locator(".empty").bounding_box()["width"] > 900


def test_the_browsers_own_zone_is_used_without_being_asked_for(browser: Any, served: Served) -> None:
    context = browser.new_context(timezone_id="Asia/Tokyo")
    page = context.new_page()
    page.goto(f"{served.url}/sources")
    page.wait_for_selector("html[data-zone='Asia/Tokyo']")
    context.close()


@pytest.mark.parametrize(
    ("zone", "path", "times"), [("Europe/Paris", "/", 1), ("Asia/Tokyo", "/", 2), ("Asia/Tokyo", "/sign-in", 1)]
)
def test_a_page_is_loaded_anew_only_for_a_reader_whose_clock_shows_another_time(
    browser: Any, served: Served, zone: str, path: str, times: int
) -> None:
    context = browser.new_context(timezone_id=zone)
    page = context.new_page()
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url) if request.is_navigation_request() else None)
    page.goto(served.url + path)
    page.wait_for_load_state("networkidle")
    assert len(loaded) == times
    page.goto(served.url + path)
    page.wait_for_load_state("networkidle")
    assert len(loaded) == times + 1
    context.close()


def test_on_a_phone_the_verdict_comes_before_the_story(browser: Any, served: Served) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, timezone_id="Europe/Berlin")
    page = context.new_page()
    mention = next(m for m in served.world.mentions if m.flags)
    page.goto(f"{served.url}/mentions/{mention.id}")
    names = ("Why it was flagged", "Verdict", "Story")
    tops = [page.get_by_role("heading", name=name, exact=True).bounding_box()["y"] for name in names]
    assert tops == sorted(tops)
    page.set_viewport_size({"width": 1280, "height": 900})
    assert page.locator("h2", has_text="Verdict").bounding_box()["x"] > 700
    context.close()


def test_without_scripts_everything_can_still_be_read_and_followed(browser: Any, served: Served) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served.url)
    assert not page.locator(".chart").first.is_visible()
    page.locator("details.data td a").first.click()
    assert "/mentions?" in page.url
    context.close()


def test_one_more_mention_shows_as_a_line_and_only_a_click_moves_the_page(browser: Any, tmp_path: Path) -> None:
    world = seed.make_world(tmp_path, days=2)
    with serving(app_of(world)) as url:
        context = browser.new_context(timezone_id="Europe/Berlin")
        page = Watched(context, url).open("/mentions?brand=halden")
        document = seed.make_document(
            "https://new.example/1", seed.SITES[1], NOW, "Halden news", "Halden broke.", "Ada"
        )
        seed.add(world, [(document, "halden", Sentiment.NEGATIVE, {})])
        page.wait_for_selector("#fresh button:visible", timeout=15_000)
        assert page.locator("#fresh button").inner_text() == "1 new mention: show"
        assert page.locator(".hit h2", has_text="Halden news").count() == 0
        page.locator("#fresh button").click()
        page.wait_for_selector(".hit h2:has-text('Halden news')")
        context.close()


def test_a_mail_leads_to_its_mention_and_runs_nothing(browser: Any, tmp_path: Path) -> None:
    world = seed.make_world(tmp_path, days=2)
    flagged = next(mention for mention in world.mentions if mention.flags)
    ledger = seed.Ledger()
    with serving(app_of(world, ledger=ledger)) as url:
        mail = seed.make_mail(flagged, url)
        ledger._messages[mail.name] = mail
        context = browser.new_context(timezone_id="Europe/Berlin")
        page = context.new_page()
        asked: list[str] = []
        page.on("response", lambda response: asked.append(response.url))
        page.goto(f"{url}/mails")
        page.locator("main td a").first.click()
        hidden = "frame => frame.contentDocument.documentElement.scrollHeight - frame.clientHeight"
        wait_until(page, "document.querySelector('iframe').style.height !== ''")
        assert page.locator("iframe").evaluate(hidden) <= 0
        assert page.locator("iframe").bounding_box()["height"] < 900
        page.frame_locator("iframe").get_by_text("Open the mention").click()
        page.wait_for_url(f"**/mentions/{flagged.id}")
        assert page.locator("h2", has_text="Why it was flagged").count() == 1
        assert page.title() != "owned"
        assert all(address.startswith(url) for address in asked)
        context.close()


def test_a_brand_is_paused_by_a_button_and_seen_paused(browser: Any, tmp_path: Path) -> None:
    world = seed.make_world(tmp_path, days=2)
    seed.operate(world)
    with serving(app_of(world)) as url:
        context = browser.new_context(timezone_id="Europe/Berlin")
        watched = Watched(context, url)
        page = watched.open("/operations")
        row = page.locator("#brands tr", has_text="Halden")
        assert "On" in row.inner_text()
        page.get_by_role("button", name="Pause Halden").press("Enter")
        page.wait_for_url("**/operations?did=pause&brand=halden#brands")
        assert page.get_by_role("status").inner_text().startswith("Alerts for Halden are paused")
        assert "by somebody on the pages" in row.inner_text()
        page.get_by_role("button", name="Resume Halden").click()
        page.wait_for_url("**/operations?did=resume&brand=halden#brands")
        assert "On" in row.inner_text()
        row.get_by_text("Runs", exact=True).click()
        page.wait_for_url("**/operations/runs?subject=halden")
        assert page.locator("td strong", has_text="Resuming a brand").count() == 1
        assert watched.complaints == []
        context.close()


def test_a_failed_run_leads_to_its_page_and_on(watched: Watched) -> None:
    page = watched.open("/operations")
    page.locator("#failed").get_by_role("link", name="Briefing", exact=True).click()
    page.wait_for_url("**/operations/runs/broken")
    assert page.locator("h1").inner_text() == "Briefing: Halden"
    assert page.get_by_text("Open its log in Airflow").get_attribute("href") == seed.AIRFLOW
    page.get_by_text("All runs of this job").click()
    page.wait_for_url("**/operations/runs?job=brief")
    page.locator("select[name=job]").select_option("ingest")
    page.wait_for_url("**/operations/runs?job=ingest")
    assert page.locator("h1").inner_text() == "Runs: Reading"


def test_a_collections_number_leads_to_its_sources(watched: Watched) -> None:
    page = watched.open("/operations")
    row = page.locator("#collections tr", has_text="press")
    count = row.locator("a.o-bad").inner_text().split()[-1]
    row.locator("a.o-bad").click()
    page.wait_for_url("**/sources?collection=press&outcome=problem")
    assert page.locator("main tbody tr").count() == int(count) == 2


def test_the_duties_are_walked_by_keys(watched: Watched) -> None:
    page = watched.open("/operations")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "/sources/dead"


def test_every_button_and_table_of_operations_has_a_name(watched: Watched) -> None:
    page = watched.open("/operations")
    names = page.locator("#brands button").evaluate_all("list => list.map(each => each.textContent.trim())")
    assert names == ["Pause Halden", "Resume Aurin Coffee"]
    assert page.locator("table th:not([scope])").count() == 0
    levels = page.locator("main h1, main h2, main h3").evaluate_all("list => list.map(each => Number(each.tagName[1]))")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
