"""The pages over a real record and a real index: what they say, and that every number leads to its mentions."""

from __future__ import annotations

import csv
import dataclasses
import html
import io
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from earshot.errors import StorageError
from earshot.model import Sentiment
from tests.builders import NOW
from tests.dashboards import seed
from tests.dashboards.conftest import Served
from tests.dashboards.serving import app_of, serving


def text_of(page: str) -> str:
    """What a reader sees, roughly: without tags and scripts, white space joined."""
    bare = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", bare)).split())


def tiles_of(page: str) -> dict[str, tuple[str, str]]:
    found = re.findall(r'<h2 class="name">(.*?)</h2>\s*<a class="value" href="(.*?)">(.*?)</a>', page)
    return {name: (html.unescape(url), value) for name, url, value in found}


def total_of(served: Served, url: str) -> int:
    assert url.startswith("/mentions?") or url == "/mentions"
    answer = served.client.get(url.replace("/mentions", "/fresh.json", 1))
    assert answer.status_code == 200, answer.text
    return int(answer.json()["total"])


def specs_of(page: str) -> list[dict[str, Any]]:
    found = re.findall(r'<script type="application/json">(.*?)</script>', page, flags=re.DOTALL)
    return [json.loads(spec) for spec in found]


def test_numbers_of_the_overview_lead_to_as_many_mentions(served: Served) -> None:
    for url in ("/", "/?brand=halden", "/?range=30d&lang=en", "/?range=24h", "/?tz=Asia/Kolkata", "/?q=pump&range=all"):
        tiles = tiles_of(served.client.get(url).text)
        for name in ("Mentions", "Flagged"):
            link, value = tiles[name]
            assert total_of(served, link) == int(value), (url, name)


def test_each_bar_leads_to_as_many_mentions_as_it_shows(served: Served) -> None:
    for url in ("/?range=24h", "/", "/?tz=Asia/Kolkata", "/?range=30d&brand=halden"):
        layers = specs_of(served.client.get(url).text)[0]["layer"]
        bars = [v for layer in layers for v in layer["data"]["values"] if "sentiment" in v]
        assert bars
        urls = {v["at"]: v["url"] for layer in layers for v in layer["data"]["values"] if "url" in v}
        whole: dict[str, int] = {}
        for bar in bars:
            whole[urls[bar["at"]]] = whole.get(urls[bar["at"]], 0) + bar["high"] - bar["low"]
        for link, count in list(whole.items())[::3]:
            assert total_of(served, link) == count, (url, link)
            assert "sentiment=" not in link


def test_a_bar_that_counts_only_a_part_of_its_time_is_drawn_and_called_so(served: Served) -> None:
    page = served.client.get("/?range=7d").text
    layers = specs_of(page)[0]["layer"]
    tips = [v for layer in layers for v in layer["data"]["values"] if "tip" in v]
    assert {v["solid"] for v in tips if "solid" in v and "(2 of 6 h)" not in v["tip"]} == {1}
    last = max(tips, key=lambda each: each["at"])
    assert last["tip"].splitlines()[0] == "Fri 20 Nov, 12:00–14:00 (2 of 6 h)"
    assert "(2 of 6 h)" in text_of(page)


def test_rankings_and_shares_lead_to_as_many_mentions_as_they_say(served: Served) -> None:
    page = served.client.get("/?brand=halden").text
    lines = re.findall(r'<li><a href="([^"]+)" title="[^"]*">[^<]*</a><span class="num">(\d+)</span>', page)
    assert len(lines) > 10
    for url, count in lines:
        assert total_of(served, html.unescape(url)) == int(count)
    shares = [v for v in specs_of(page)[1]["data"]["values"] if v["part"] == "negative"]
    assert {share["brand"] for share in shares} == {"Halden", "Aurin Coffee", "Mint"}
    for share in shares:
        assert total_of(served, share["url"]) == share["count"]


def test_words_that_stand_out_lead_to_as_many_mentions_as_they_say(served: Served) -> None:
    page = served.client.get("/words?range=all&sentiment=negative").text
    lines = re.findall(r'data-name="Mentions"><a href="([^"]+)">(\d+)</a>', page)
    assert len(lines) >= 3
    for url, count in lines:
        assert total_of(served, html.unescape(url)) == int(count) >= 3


def test_a_view_is_compared_with_the_time_before_it_and_the_page_says_which(served: Served) -> None:
    week, quarter = (text_of(served.client.get(f"/words?range={name}").text) for name in ("7d", "90d"))
    assert re.search(
        r"\d+ mentions in the last 7 days, compared with \d+ of the same brands in the 28 days before", week
    )
    assert "in the 90 days before" in quarter


def test_all_there_is_has_no_words_that_stand_out_and_a_wrong_query_is_pointed_at(served: Served) -> None:
    assert "Nothing to compare with" in served.client.get("/words?range=all").text
    answer = served.client.get("/words?q=pump+AND+(recall")
    assert (answer.status_code, "character" in answer.text) == (400, True)


def test_the_period_before_is_beside_it_and_linked(served: Served) -> None:
    page = served.client.get("/").text
    found = re.search(r'<a href="([^"]+)">(\d+)</a> in the 7 days before', page)
    assert found
    assert total_of(served, html.unescape(found[1])) == int(found[2])


def test_own_voice_and_unlikely_mentions_do_not_count_but_are_told_and_linked(served: Served) -> None:
    page = served.client.get("/").text
    own = re.search(r'<a href="([^"]+)">(\d+) posts? by the brands themselves', page)
    unlikely = re.search(r'<a href="([^"]+)">(\d+) doubtful match', page)
    assert own
    assert unlikely
    assert total_of(served, html.unescape(own[1])) == int(own[2]) > 0
    counted = total_of(served, tiles_of(page)["Mentions"][0])
    assert total_of(served, html.unescape(unlikely[1])) == counted + int(unlikely[2])


def test_unheard_and_not_yet_listened_hours_are_drawn_and_told(served: Served) -> None:
    page = served.client.get("/").text
    fills = {v["fill"] for layer in specs_of(page)[0]["layer"] for v in layer["data"]["values"] if "fill" in v}
    assert {"url(#hatch-unheard)", "url(#hatch-before)"} <= fills
    assert "hours were covered" in text_of(page)
    assert "lie before Earshot listened" in text_of(page)


def test_a_chart_has_a_table_with_the_same_numbers(served: Served) -> None:
    page = served.client.get("/").text
    table = page[page.index("Mentions over time, as a table") :]
    rows = re.findall(r'<th scope="row" class="nowrap">.*?</th><td class="num"><a [^>]*>(\d+)</a>', table)
    assert sum(map(int, rows)) == int(tiles_of(page)["Mentions"][1])


def test_a_search_marks_its_words_and_keeps_the_filters(served: Served) -> None:
    page = served.client.get("/mentions?q=%22broke+after%22&brand=halden").text
    assert "<mark>broke after</mark>" in page
    links = re.findall(r'href="(/mentions/[0-9a-f]{64}[^"]*)"', page)
    assert links
    assert all("brand=halden" in link for link in links)


@pytest.mark.parametrize("path", ["/", "/mentions", "/words"])
def test_a_search_that_is_read_otherwise_than_it_looks_says_so(served: Served, path: str) -> None:
    page = served.client.get(f"{path}?q=pump+and+valve").text
    assert "and is read as AND: both have to be there" in page
    assert 'id="query-notes"' not in served.client.get(f"{path}?q=pump+AND+valve").text


def test_pages_of_a_list_go_on_and_back_without_loss(served: Served) -> None:
    seen: list[str] = []
    url, pages = "/mentions?range=all&voice=all&relevance=all", []
    while url:
        page = served.client.get(url).text
        pages.append(url)
        seen += re.findall(r'<h2 dir="auto"><a href="/mentions/([0-9a-f]{64})', page)
        onward = re.search(r'rel="next" href="([^"]+)"', page)
        url = html.unescape(onward[1]) if onward else ""
    assert len(pages) > 3
    assert sorted(seen) == sorted(mention.id for mention in served.world.mentions)
    back = re.search(r'rel="prev" href="([^"]+)"', served.client.get(pages[2]).text)
    assert back
    first = re.findall(
        r'<h2 dir="auto"><a href="/mentions/([0-9a-f]{64})', served.client.get(html.unescape(back[1])).text
    )
    assert first == seen[25:50]


def test_facets_can_be_added_to_and_removed(served: Served) -> None:
    page = served.client.get("/mentions?range=all&site=reviews.example").text
    added = re.search(r'<a href="([^"]+)" title="dailybay\.example"><span>.*?</span><span class="num soft">(\d+)', page)
    assert added
    both = html.unescape(added[1])
    assert total_of(served, both) == total_of(served, "/mentions?range=all&site=reviews.example") + int(added[2])
    removed = re.search(
        r'<a class="on" href="([^"]+)" aria-label="Remove reviews.example"', served.client.get(both).text
    )
    assert removed
    assert total_of(served, html.unescape(removed[1])) == int(added[2])


def test_a_query_that_cannot_be_read_is_pointed_at(served: Served) -> None:
    answer = served.client.get("/mentions", params={"q": "pump AND (recall"})
    assert answer.status_code == 400
    assert "The search cannot be read at character" in answer.text
    assert re.search(r"<pre[^>]*>[^<]*<b>.</b>", answer.text)
    told = served.client.get("/mentions.json", params={"q": "pump AND (recall"})
    assert told.status_code == 400
    assert told.json()["query"] == "pump AND (recall"


def test_a_value_that_means_nothing_is_told_to_people_and_refused_to_programs(served: Served) -> None:
    page = served.client.get("/mentions?sentiment=angry")
    assert page.status_code == 200
    assert "“angry” is not a known sentiment" in html.unescape(page.text)
    answer = served.client.get("/mentions.json?sentiment=angry")
    assert answer.status_code == 400
    assert answer.json()["problems"][0]["parameter"] == "sentiment"


@pytest.mark.fault(
    case="A link whose place in a list means nothing", promise="The page leads back to the list's beginning"
)
def test_a_broken_place_in_the_list_leads_back_to_its_beginning(served: Served) -> None:
    answer = served.client.get("/mentions?cursor=nonsense&q=pump")
    assert answer.status_code == 400
    assert "This place in the list can no longer be read" in text_of(answer.text)
    assert 'href="/mentions?q=pump"' in answer.text


def test_a_mention_shows_why(served: Served) -> None:
    mention = next(m for m in served.world.mentions if m.flags and m.brand == "halden")
    page = served.client.get(f"/mentions/{mention.id}").text
    words = text_of(page)
    for said in ("Why it was flagged", "category:safety", "Most likely about Halden", "Clearly critical of Halden"):
        assert said in words
    assert re.search(r'<span class="ev negative flag"[^>]*>dangerous</span>|<span class="ev flag negative"', page)
    assert f'href="{mention.url}" target="_blank" rel="noopener noreferrer nofollow"' in page
    assert "Flagged: Safety first" in words


def test_a_story_names_its_other_tellings(served: Served) -> None:
    by_story: dict[str, list[str]] = {}
    for mention in served.world.mentions:
        with served.world.record.read() as reader:
            now = reader.mentions([mention.id])[0]
        by_story.setdefault(now.story_id, []).append(mention.id)
    tellings = max(by_story.values(), key=len)
    assert len(tellings) > 2
    words = text_of(served.client.get(f"/mentions/{tellings[0]}").text)
    assert f"{len(tellings)} pages carry this story" in words


def test_an_unknown_mention_is_a_friendly_404(served: Served) -> None:
    answer = served.client.get("/mentions/" + "0" * 64)
    assert answer.status_code == 404
    assert "may have been withdrawn or erased" in answer.text


@pytest.mark.fault(
    case="A post with markup and script in its title, author and text", promise="Every page shows it as text"
)
def test_foreign_markup_stays_text_everywhere(served: Served) -> None:
    hostile = next(m for m in served.world.mentions if m.title == seed.HOSTILE)
    for url in ("/?range=all", "/mentions?range=all&size=100", f"/mentions/{hostile.id}", "/mentions?q=onerror"):
        page = served.client.get(url).text
        assert "<img src=x" not in page
        assert "<script>document" not in page


@pytest.mark.fault(
    case="A post whose text a spreadsheet would run as a formula",
    promise="The cell begins with an apostrophe and runs nothing",
)
def test_csv_holds_every_mention_and_no_formula(served: Served) -> None:
    answer = served.client.get("/mentions.csv?range=all&voice=all&relevance=all")
    assert answer.headers["content-disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {row["id"] for row in rows} == {mention.id for mention in served.world.mentions}
    assert rows[0]["sentiment_score"].lstrip("-")[0].isdigit()
    told = {
        each["id"]: each
        for each in served.client.get("/mentions.json?range=all&voice=all&relevance=all").json()["mentions"]
    }
    assert {row["id"]: (row["kind"], row["links"]) for row in rows} == {
        name: (each["kind"], "; ".join(each["links"])) for name, each in told.items()
    }


def test_json_holds_every_mention_as_the_page_promises(served: Served) -> None:
    answer = served.client.get("/mentions.json?range=all&voice=all&relevance=all&size=25")
    told = answer.json()
    assert answer.headers["content-disposition"].endswith('.json"')
    assert [each["id"] for each in told["mentions"]] != []
    assert {each["id"] for each in told["mentions"]} == {mention.id for mention in served.world.mentions}
    assert told["total"] == len(told["mentions"]) > 100
    assert not {"status", "assignee", "topics", "entities", "reach"} & told["mentions"][0].keys()
    assert served.client.get("/mentions.json?q=nowhere").json()["mentions"] == []


def test_a_view_of_one_brand_never_names_another_brands_rule(served: Served) -> None:
    workspace = served.world.workspace
    rule = dataclasses.replace(seed.RULES[0], name="Grinder safety")
    brands = [dataclasses.replace(b, rules=(rule,)) if b.id == "aurin" else b for b in workspace.brands]
    world = dataclasses.replace(served.world, workspace=dataclasses.replace(workspace, brands=tuple(brands)))
    with serving(app_of(world)) as url:
        for path in ("/", "/mentions", "/mentions?flag=safety"):
            mark = "&" if "?" in path else "?"
            page = text_of(httpx.get(f"{url}{path}{mark}range=all&brand=halden").text)
            assert "Safety first" in page
            assert "Grinder safety" not in page, path
        assert "Grinder safety" in text_of(httpx.get(f"{url}/?range=all").text)


def test_the_categories_of_a_mention_lead_to_its_own_brands(served: Served) -> None:
    mention = next(m for m in served.world.mentions if m.categories)
    page = served.client.get(f"/mentions/{mention.id}").text
    found = re.search(r"<dt>Categories</dt><dd><a href=\"([^\"]+)\"", page)
    assert found
    assert f"brand={mention.brand}" in found[1]


def test_tabs_can_be_told_apart_by_what_they_show(served: Served) -> None:
    paths = ("/", "/?brand=halden", "/?brand=halden&range=30d", "/mentions?brand=halden", "/mentions?q=pump", "/words",
             "/mentions?from=2026-11-18&to=2026-11-18", "/mentions?sentiment=negative", "/incidents",
             "/incidents?brand=halden", "/sources", "/sources?collection=press")  # fmt: skip
    titles = [re.findall(r"<title>(.*?)</title>", served.client.get(path).text)[0] for path in paths]
    assert len(set(titles)) == len(paths)
    assert html.unescape(titles[1]) == "Halden, last 7 days · Overview · Earshot"
    assert html.unescape(titles[6]) == "All brands, Wed 18 Nov · Mentions · Earshot"


def test_the_way_to_incidents_and_back_keeps_the_brand(served: Served) -> None:
    assert 'href="/incidents?brand=halden"' in served.client.get("/mentions?brand=halden").text
    page = served.client.get("/incidents?brand=halden").text
    assert 'href="/?brand=halden"' in page
    assert 'href="/mentions?brand=halden"' in page


def test_the_numbers_of_the_overview_are_given_as_files(served: Served) -> None:
    page = served.client.get("/?range=30d").text
    assert 'href="/overview.csv?range=30d" download' in page
    told = served.client.get("/overview.json?range=30d").json()
    assert told["time_zone"] == "Europe/Berlin"
    assert sum(column["mentions"] for column in told["timeline"]) == told["mentions"] > 20
    assert {row["name"] for row in told["share_of_voice"]} == {"Halden", "Aurin Coffee", "Mint"}
    answer = served.client.get("/overview.csv?range=30d")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    counted = [int(row["mentions"]) for row in rows if row["part"] == "time"]
    assert counted == [column["mentions"] for column in told["timeline"]]
    sites = {row["name"]: int(row["mentions"]) for row in rows if row["part"] == "site"}
    assert sites == {one["name"]: one["mentions"] for one in told["top"]["site"]}


def test_the_words_that_stand_out_are_given_as_files(served: Served) -> None:
    page = served.client.get("/words?range=24h").text
    told = served.client.get("/words.json?range=24h").json()
    rows = list(csv.DictReader(io.StringIO(served.client.get("/words.csv?range=24h").content.decode("utf-8-sig"))))
    assert [row["word"] for row in rows] == [one["word"] for one in told["words"]]
    assert all(one["word"] in page for one in told["words"])
    assert ('href="/words.csv?range=24h" download' in page) == bool(rows)


@pytest.mark.parametrize("kind", ["json", "csv"])
@pytest.mark.parametrize("what", ["overview", "words"])
def test_files_of_numbers_refuse_what_they_cannot_read(served: Served, what: str, kind: str) -> None:
    assert served.client.get(f"/{what}.{kind}?q=%22").status_code == 400
    assert served.client.get(f"/{what}.{kind}?colour=red").status_code == 400
    assert served.client.get(f"/{what}.txt").status_code == 404


@pytest.mark.parametrize("path", ["/", "/operations", "/mentions.json?range=all", "/mentions.csv?range=all"])
def test_answers_are_compressed_for_those_who_ask(served: Served, path: str) -> None:
    packed = served.client.get(path, headers={"accept-encoding": "gzip"})
    plain = served.client.get(path, headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.num_bytes_downloaded < plain.num_bytes_downloaded / 3


def test_a_brands_page_lists_the_names_that_are_looked_for_and_how_they_were_found(served: Served) -> None:
    page = served.client.get("/brands/halden").text
    words = text_of(page)
    assert "plural or genitive Haldens" in words
    assert "Names found" in words
    assert 'href="/mentions/' in page
    for path in ("/operations", "/?brand=halden"):
        assert 'href="/brands/halden"' in served.client.get(path).text
    assert 'href="/brands/' not in served.client.get("/").text
    assert served.client.get("/brands/nobody").status_code == 404


def test_sources_show_problems_first_with_reasons(served: Served) -> None:
    page = text_of(served.client.get("/sources").text)
    assert page.index("An old feed that is gone") < page.index("The Daily Bay")
    assert "429 Too Many Requests" in page
    only = text_of(served.client.get("/sources?outcome=gone").text)
    assert "An old feed" in only
    assert "The Daily Bay" not in only
    assert "is no outcome" in served.client.get("/sources?outcome=weird").text
    assert "consent page came back" in text_of(served.client.get("/sources/wall").text)
    assert served.client.get("/sources/nobody").status_code == 404


def test_incidents_name_who_is_told(served: Served) -> None:
    assert "mara@example.org: waiting" in text_of(served.client.get("/incidents").text)


def test_mails_link_to_their_mention_and_their_html_is_caged(served: Served) -> None:
    assert "Halden, critical" in served.client.get("/mails").text
    page = served.client.get("/mails/1795521600.M1P1.host")
    flagged = next(m for m in served.world.mentions if m.flags)
    assert f'href="http://localhost/mentions/{flagged.id}"' in page.text
    frame = served.client.get("/mails/1795521600.M1P1.host/html")
    policy = frame.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "allow-forms" not in policy
    assert "default-src 'none'" in policy
    assert served.client.get("/mails/other").status_code == 404


def test_without_a_ledger_there_is_no_page_of_mails(tmp_path: Path) -> None:
    world = seed.make_world(tmp_path, days=1)
    with serving(app_of(world)) as url:
        assert httpx.get(f"{url}/mails").status_code == 404
        assert 'href="/mails"' not in httpx.get(url).text


def test_times_are_in_the_readers_zone(served: Served) -> None:
    assert "Times in Europe/Berlin" in served.client.get("/").text
    assert "Times in Asia/Tokyo" in served.client.get("/?tz=Asia/Tokyo").text
    told = httpx.get(f"{served.url}/", cookies={"earshot_tz": "America/New_York"})
    assert "Times in America/New_York" in told.text
    assert "Times in Europe/Berlin" in httpx.get(f"{served.url}/", cookies={"earshot_tz": "../x"}).text


def test_what_arrives_is_counted_by_the_address_the_page_carries(tmp_path: Path) -> None:
    world = seed.make_world(tmp_path, days=2)
    with serving(app_of(world)) as url, httpx.Client(base_url=url) as client:
        for page in ("/", "/mentions?brand=halden&sentiment=negative", "/mentions?range=all"):
            found = re.search(r'data-url="([^"]+)" data-total="(\d+)"', client.get(page).text)
            assert found
            before = client.get(html.unescape(found[1])).json()["total"]
            assert before == int(found[2])
            number = len(world.mentions)
            document = seed.make_document(
                f"https://new.example/{number}", seed.SITES[1], NOW, "Halden", "Halden broke", "Ada"
            )
            seed.add(world, [(document, "halden", Sentiment.NEGATIVE, {})])
            assert client.get(html.unescape(found[1])).json()["total"] == before + 1


@pytest.mark.parametrize(
    ("sources", "title"),
    [("none", "No sources yet"), ("new", "Nothing fetched yet"), ("failing", "every source fails")],
)
def test_an_empty_page_says_why(tmp_path: Path, sources: str, title: str) -> None:
    workspace = seed.make_workspace(tmp_path)
    workspace.var.mkdir()
    record = seed.SqlRecord(workspace.record_url, seed.FakeClock())
    record.migrate()
    world = seed.World(record, seed.EmbeddedIndex(workspace.var / "index"), workspace, seed.FakeClock(), [])
    with record.write() as writer:
        writer.put_sources(() if sources == "none" else workspace.sources, NOW)
        for source in workspace.sources if sources == "failing" else ():
            writer.end_run(seed.RunEnd(source.id, NOW, seed.Outcome.FAILED, "no answer", NOW + timedelta(hours=1)))
    with serving(app_of(world)) as url:
        for page in ("/", "/mentions", "/?range=all", "/sources", "/incidents"):
            assert httpx.get(url + page).status_code == 200
        assert title in httpx.get(url).text
        assert title in httpx.get(f"{url}/mentions").text


def test_a_search_without_a_match_offers_to_widen(served: Served) -> None:
    words = text_of(served.client.get("/mentions?q=zzzz&brand=mint").text)
    assert "No match" in words
    assert "Remove the search words" in words
    assert "Nothing matches these filters in the last 7 days" in words


class Broken:
    """An index that answers as one that is away."""

    def __getattr__(self, name: str) -> Any:
        def raising(*_: Any, **__: Any) -> Any:
            raise StorageError("the index is away")

        return raising


@pytest.mark.fault(
    case="An index that does not answer a page", promise="The page says so with status 503, and to try again"
)
def test_an_index_that_does_not_answer_is_a_503_that_says_so(served: Served) -> None:
    world = served.world
    broken = seed.World(world.record, Broken(), world.workspace, world.clock, [])  # type: ignore[arg-type]
    with serving(app_of(broken)) as url:
        for page in ("/", "/mentions", "/healthz"):
            answer = httpx.get(url + page, headers={"accept": "text/html"})
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "5"
            assert "the index is away" in answer.text
        assert httpx.get(f"{url}/sources").status_code == 200


def test_each_page_asks_few_things_and_quickly(served: Served) -> None:
    for page in ("/", "/mentions", "/sources"):
        served.client.get(page)
        assert served.client.get(page).elapsed < timedelta(seconds=1)


@pytest.mark.fault(
    case="A title with characters that turn the writing direction", promise="Our own words beside it stay readable"
)
def test_a_title_cannot_turn_the_writing_around_it(tmp_path: Path) -> None:
    world = seed.make_world(tmp_path, days=1)
    document = seed.make_document(
        "https://new.example/1", seed.SITES[1], NOW, "\u202eekaf Halden", "Halden broke.", "Ada"
    )
    (mention,) = seed.add(world, [(document, "halden", Sentiment.NEGATIVE, {})])
    with serving(app_of(world)) as url:
        for path in ("/", "/mentions", f"/mentions/{mention.id}"):
            assert "\u202e" not in httpx.get(url + path).text
