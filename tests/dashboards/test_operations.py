"""The Operations page over a real record: whether all is well, what is to be done, and that numbers lead somewhere."""

from __future__ import annotations

import dataclasses
import html
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from dashboards.duties import LATE, STALE
from earshot.alerts.gate import our_side
from earshot.config.rereading import Rereading
from earshot.config.settings import MailSettings
from earshot.errors import Mistake
from earshot.model import Delivery, DeliveryState, Notice, NoticeState, Outcome
from earshot.operating import JobState
from earshot.pipeline.maintain.freshness import look
from tests.builders import NOW
from tests.dashboards import seed
from tests.dashboards.conftest import Served
from tests.dashboards.serving import app_of, serving
from tests.dashboards.test_pages import Broken, specs_of, text_of


def part(page: str, id_: str) -> str:
    """One section of a page."""
    return page[page.index(f'id="{id_}"') :].split("</section>")[0]


def duties_of(page: str) -> list[str]:
    found = re.findall(r"<li data-item><div>.*?</div><div><p><strong>(.*?)</strong>", part(page, "alarms"), re.DOTALL)
    return [html.unescape(each) for each in found]


def empty_world(root: Path, **more: Any) -> seed.World:
    workspace = seed.make_workspace(root, **more)
    workspace.var.mkdir()
    record = seed.SqlRecord(workspace.record_url, seed.FakeClock())
    record.migrate()
    return seed.World(record, seed.EmbeddedIndex(workspace.var / "index"), workspace, seed.FakeClock(), [])


def well_world(root: Path) -> seed.World:
    """Every source fetched a moment ago, upkeep done, nothing set aside, no brand paused."""
    world = empty_world(root)
    brands = tuple(dataclasses.replace(brand, is_paused=False) for brand in world.workspace.brands)
    world = dataclasses.replace(world, workspace=dataclasses.replace(world.workspace, brands=brands))
    with world.record.write() as writer:
        writer.put_sources(world.workspace.sources, NOW)
        for source in world.workspace.sources:
            end = seed.RunEnd(source.id, NOW - timedelta(minutes=1), seed.Outcome.OK, "", NOW + timedelta(minutes=14))
            writer.end_run(end)
        writer.begin_job(seed.make_run("kept", "maintain", 5))
        writer.end_job("kept", JobState.DONE, NOW - timedelta(minutes=4))
    return world


def page_of(world: seed.World, path: str = "/operations", **more: Any) -> str:
    with serving(app_of(world, **more)) as url:
        answer = httpx.get(url + path, headers={"accept": "text/html"})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_alarms_come_first_each_with_since_advice_and_a_way_on(served: Served) -> None:
    page = served.client.get("/operations").text
    assert duties_of(page)[:2] == [alarm.what for alarm in seed.ALARMS]
    said = text_of(part(page, "alarms"))
    assert "6 of 9 sources fetched, 3 need you. Alerts paused: Aurin Coffee, Mint. 4 more things need you" in said
    for alarm in seed.ALARMS:
        assert alarm.advice in said
        assert f"runbook: “{alarm.kind.capitalize()}”" in said
    assert 'href="/sources/dead"' in part(page, "alarms")
    assert 'href="/sources?collection=forums"' in part(page, "alarms")


def test_a_job_that_went_on_since_is_no_duty(served: Served) -> None:
    page = served.client.get("/operations").text
    assert "Briefing (Halden) failed, and has not succeeded since" in duties_of(page)
    assert "Judging again (Halden) was lost, and has not succeeded since" in duties_of(page)
    assert not any(duty.startswith("Reading") for duty in duties_of(page))
    failed = text_of(part(page, "failed"))
    assert failed.count("no success yet") == 2
    assert failed.count("it went on") == 1


def test_when_nothing_is_wrong_the_page_says_so_first(tmp_path: Path) -> None:
    page = page_of(well_world(tmp_path))
    assert "All is well" in text_of(part(page, "alarms"))
    assert duties_of(page) == []


def end_run(world: seed.World, source: str, outcome: Outcome) -> None:
    with world.record.write() as writer:
        writer.end_run(seed.RunEnd(source, NOW, outcome, outcome.value, NOW + timedelta(hours=1)))


def test_a_source_that_is_not_fetched_is_said_the_same_everywhere_and_nothing_is_well(tmp_path: Path) -> None:
    world = well_world(tmp_path)
    for outcome, source in zip(
        (Outcome.GONE, Outcome.FAILED, Outcome.THROTTLED), ("dead", "wall", "reviews"), strict=True
    ):
        end_run(world, source, outcome)
    look(world.record, world.workspace, world.clock, spaces=lambda _: ())
    with serving(app_of(world)) as url, httpx.Client(base_url=url, headers={"accept": "text/html"}) as client:
        page, overview, sources = (client.get(path).text for path in ("/operations", "/", "/sources"))
        told = client.get("/operations.json").json()
        metrics = client.get("/metrics").text
    assert "All is well" not in page
    assert "6 of 9 sources fetched, 3 need you" in text_of(part(page, "alarms"))
    assert duties_of(page) == ["3\u00a0sources are not fetched"]
    assert "An old feed that is gone: gone" in text_of(part(page, "alarms")).split("Behind")[0]
    assert "6 of 9, 3 not fetched" in text_of(page)
    assert "Sources not fetched at the last check 3" in text_of(page)
    assert "6 of 9 3 need you" in text_of(overview)
    assert "9 sources, 6 fetched, 3 need you" in text_of(sources)
    assert told["sources"] == {"all": 9, "fetched": 6, "not_fetched": 3}
    assert sum(float(line.split()[-1]) for line in metrics.splitlines() if 'state="not_heard"' in line) == 3


def test_a_paused_brand_is_in_the_heading_and_nothing_is_well(tmp_path: Path) -> None:
    world = well_world(tmp_path)
    with world.record.write() as writer:
        writer.pause_brand("halden", "somebody", NOW)
    page = page_of(world)
    assert "Alerts paused: Halden" in text_of(part(page, "alarms"))
    assert "All is well" not in page
    assert duties_of(page) == []


def test_what_an_alarm_names_is_not_named_again(tmp_path: Path) -> None:
    world = well_world(tmp_path)
    end_run(world, "dead", Outcome.GONE)
    with world.record.write() as writer:
        writer.set_alarms([seed.ALARMS[0]], NOW)
    page = page_of(world)
    assert duties_of(page) == [seed.ALARMS[0].what]
    assert "8 of 9 sources fetched, 1 needs you. One more thing needs you" in text_of(page)


def test_an_empty_workspace_is_told_why_each_part_is_empty(tmp_path: Path) -> None:
    shown = page_of(empty_world(tmp_path))
    assert duties_of(shown)[0] == "There is no source to listen to"
    page = text_of(shown)
    for said in (
        "Upkeep has not run yet, so there are no alarms and no curves",
        "runs show up here as soon as a job starts",
        "There is no source yet",
        "No brief was made yet",
        "Nothing is set aside",
        "No reading yet: upkeep takes them",
        "No job has been noted yet",
    ):
        assert said in page, said
    assert "All is well" not in page


def test_a_mistake_in_the_workspace_is_the_first_duty_until_it_is_mended(tmp_path: Path) -> None:
    world = well_world(tmp_path)
    (tmp_path / "earshot.yaml").write_text("name: Ours\n")
    (tmp_path / "brands").mkdir()
    broken = tmp_path / "brands" / "halden.yaml"
    broken.write_text("id: halden\nname: Halden\nrules:\n  - {id: bad, query: '(pump', naem: <img src=x>}\n")
    with serving(app_of(world, mistakes=Rereading(tmp_path, {}).mistakes)) as url:
        page = httpx.get(f"{url}/operations").text
        first, *others = duties_of(page)
        assert first.startswith("No job can start: the workspace’s files have ")
        assert others == []
        said = text_of(part(page, "alarms"))
        assert "brands/halden.yaml, line 4, column " in said
        assert "did you mean name ?" in said
        assert "<img" not in part(page, "alarms")
        assert httpx.get(f"{url}/operations.json").json()["duties"][0]["mistakes"][0]["line"] == 4
        assert "No job can start now" in text_of(httpx.get(f"{url}/operations/runs").text)
        broken.write_text("id: halden\nname: Halden\n")
        assert "All is well" in httpx.get(f"{url}/operations").text
        assert "No job can start" not in httpx.get(f"{url}/operations/runs").text


def test_many_mistakes_are_counted_and_the_first_ten_named(tmp_path: Path) -> None:
    mistakes = [Mistake(f"sources/{n:02}.yaml", 3, 5, "url", "is missing", "add `url:`") for n in range(25)]
    page = page_of(well_world(tmp_path), mistakes=lambda: mistakes)
    assert duties_of(page) == ["No job can start: the workspace’s files have 25\u00a0mistakes"]
    said = text_of(part(page, "alarms"))
    assert "sources/09.yaml, line 3, column 5" in said
    assert "sources/10.yaml" not in said
    assert "and 15 more" in said


def refused_world(root: Path, reason: str = "login refused: 535 5.7.8 bad password") -> seed.World:
    """Well, but that the mail server refused a mail of ours, by the relay's own words."""
    world = well_world(root)
    mail = MailSettings(host="mail.example", sender="earshot@example.org")
    world = dataclasses.replace(
        world,
        workspace=dataclasses.replace(
            world.workspace, settings=world.workspace.settings.model_copy(update={"mail": mail})
        ),
    )
    notice = Notice("n1", "i", "halden", "r", "mail", "mara@example.org", NoticeState.PENDING, NOW)
    with world.record.write() as writer:
        writer.add_notice(notice)
        bound = Delivery("d1", "mail", "mara@example.org", DeliveryState.PENDING, "<d1@example.org>", 0, ("n1",))
        writer.bind(dataclasses.replace(bound, changed_at=NOW - timedelta(minutes=9)))
        for state, said in ((DeliveryState.CLAIMED, ""), (DeliveryState.PENDING, our_side(reason))):
            writer.change_delivery("d1", state, NOW - timedelta(seconds=20), reason=said)
    return world


def test_a_mail_server_that_refuses_us_is_a_duty_with_its_words_until_it_takes_one(tmp_path: Path) -> None:
    world = refused_world(tmp_path)
    page = page_of(world)
    assert duties_of(page) == ["Nobody is told: the mail server takes no mail from us"]
    said = text_of(part(page, "alarms"))
    assert "Its last word: login refused: 535 5.7.8 bad password." in said
    assert "1 notice waits" in said
    assert "9 min ago" in said
    with world.record.write() as writer:
        for state in (DeliveryState.CLAIMED, DeliveryState.DOT, DeliveryState.SENT):
            writer.change_delivery("d1", state, NOW)
    assert duties_of(page_of(world)) == []


def test_an_alarm_of_waiting_mail_says_what_the_server_said_and_nothing_is_said_twice(tmp_path: Path) -> None:
    world = refused_world(tmp_path)
    alarm = seed.Alarm("mail waiting", "mail waiting", "", "1 mail waits", "Run `earshot alert`.", NOW, NOW)
    with world.record.write() as writer:
        writer.set_alarms([alarm], NOW)
    page = page_of(world)
    assert duties_of(page) == ["1 mail waits"]
    assert "last word: login refused: 535 5.7.8 bad password. Run earshot alert ." in text_of(part(page, "alarms"))


def test_notices_without_a_mail_server_are_worth_knowing_and_no_alarm(tmp_path: Path) -> None:
    world = well_world(tmp_path)
    with world.record.write() as writer:
        writer.add_notice(Notice("n1", "i", "halden", "r", "mail", "m@example.org", NoticeState.PENDING, NOW))
    page = page_of(world)
    assert duties_of(page) == ["Nobody is told: no mail server is set, and 1\u00a0notice waits"]
    assert "All is well" in text_of(part(page, "alarms"))


def test_when_nobody_collects_that_is_the_first_duty(tmp_path: Path) -> None:
    world = well_world(tmp_path)
    world.clock.advance(minutes=14)
    assert duties_of(page_of(world)) == []
    world.clock.advance(seconds=LATE.total_seconds())
    assert duties_of(page_of(world))[0] == "Nothing is being collected: 9\u00a0sources are overdue"


def test_alarms_that_are_old_are_not_trusted(tmp_path: Path) -> None:
    world = well_world(tmp_path)
    world.clock.advance(seconds=STALE.total_seconds())
    assert "Nobody has looked after things lately: upkeep is late" in duties_of(page_of(world))


def test_sources_that_were_never_asked_are_told_at_once(tmp_path: Path) -> None:
    world = empty_world(tmp_path)
    with world.record.write() as writer:
        writer.put_sources(world.workspace.sources, NOW)
    page = page_of(world)
    assert duties_of(page)[0] == "Nothing was ever collected"
    assert "9 not yet tried" in text_of(page)
    assert "Critical" not in text_of(part(page, "alarms"))
    world.clock.advance(seconds=LATE.total_seconds())
    assert "Critical" in text_of(part(page_of(world), "alarms"))


def test_an_index_that_is_away_is_news_on_this_page_not_an_error(served: Served) -> None:
    world = served.world
    broken = seed.World(world.record, Broken(), world.workspace, world.clock, [])  # type: ignore[arg-type]
    page = page_of(broken)
    assert duties_of(page)[0].startswith("The index does not answer")
    assert "does not answer: " in text_of(part(page, "waiting"))


def test_each_number_of_a_collection_leads_to_as_many_sources(served: Served) -> None:
    rows = re.findall(r"<tr data-item>.*?</tr>", part(served.client.get("/operations").text, "collections"), re.DOTALL)
    assert [re.findall(r"<strong>(.*?)</strong>", row)[0] for row in rows] == ["press", "forums", "own"]
    links = [
        link for row in rows for link in re.findall(r'<a [^>]*href="(/sources[^"]+)">(?:<span.*?</span> )?(\d+)<', row)
    ]
    assert len(links) == 8
    for url, count in links:
        page = served.client.get(html.unescape(url)).text
        assert page.count("<tr data-item>") == int(count), url
        assert 'role="alert"' not in page


def test_sources_of_a_collection_keep_it_while_the_outcome_changes(served: Served) -> None:
    page = served.client.get("/sources?collection=press&outcome=problem").text
    assert "<h1>Sources: press</h1>" in page
    assert 'href="/sources?collection=press&amp;outcome=ok"' in page
    assert 'href="/sources?collection=forums&amp;outcome=problem"' in page
    assert "“nowhere” is no collection" in text_of(served.client.get("/sources?collection=nowhere").text)


def test_what_waits_is_counted(served: Served) -> None:
    said = text_of(part(served.client.get("/operations").text, "waiting"))
    assert "Mentions for the index 5" in said
    assert "Alerts to send 1 Alerts held: quiet hours, limit 0" in said
    assert "Next source due in 13 min" in said


def test_what_is_set_aside_says_why_and_buttons_need_somebody_to_try(served: Served) -> None:
    page = part(served.client.get("/operations").text, "quarantine")
    for source, reason in seed.ASIDE:
        assert reason in text_of(page)
        assert f'href="/sources/{source}"' in page
    assert "<button" not in page
    assert "earshot replay" in text_of(page)


def test_brands_say_who_paused_them_and_one_paused_in_its_file_has_no_button(served: Served) -> None:
    rows = re.findall(r"<tr data-item>.*?</tr>", part(served.client.get("/operations").text, "brands"), re.DOTALL)
    halden, aurin, mint = (text_of(row) for row in rows)
    assert "Pause Halden" in halden
    assert "5 h ago , by somebody on the pages" in aurin
    assert "Resume Aurin Coffee" in aurin
    assert "in its file: paused: true" in mint
    assert "<form" not in rows[2]


def test_briefs_name_their_day(served: Served) -> None:
    rows = text_of(part(served.client.get("/operations").text, "briefs"))
    assert "Halden Thu 19 Nov 5 h ago" in rows
    assert "Halden Wed 18 Nov yesterday 08:00" in rows


def test_curves_have_tables_with_the_same_numbers_and_gaps_where_nothing_was_read(served: Served) -> None:
    page = served.client.get("/operations").text
    specs = specs_of(page)
    assert len(specs) == 6
    table = page[page.index("Waiting for the index over time, as a table") :].split("</table>")[0]
    cells = re.findall(r'<td class="num">(.*?)</td>', table)
    drawn = {value["at"]: value["high"] for value in specs[1]["layer"][1]["data"]["values"]}
    assert [int(cell) for cell in cells if cell != "–"] == list(drawn.values())
    assert cells.count("–") >= 9
    assert max(drawn.values()) > 400


def test_a_day_counts_what_was_added_in_it(tmp_path: Path) -> None:
    world = well_world(tmp_path)
    with world.record.write() as writer:
        for hours, total in ((60, 100), (36, 130), (30, 140), (12, 145), (6, 120)):
            writer.add_levels({"documents": total}, NOW - timedelta(hours=hours))
    (spec,) = specs_of(page_of(world))
    assert [value["high"] for value in spec["layer"][1]["data"]["values"]] == [40, 0]


def test_the_first_reading_of_all_is_no_growth_and_counts_have_whole_numbers(tmp_path: Path) -> None:
    world = well_world(tmp_path)
    with world.record.write() as writer:
        writer.add_levels({"documents": 247, "index behind": 1}, NOW - timedelta(minutes=5))
    page = page_of(world)
    (spec,) = specs_of(page)
    assert spec["encoding"]["y"]["axis"]["values"] == [0, 1]
    assert "Documents a day No reading in this time" in text_of(page)


@pytest.mark.parametrize(("range_name", "rows"), [("24h", 24), ("7d", 158), ("30d", 119)])
def test_a_range_can_be_chosen(served: Served, range_name: str, rows: int) -> None:
    page = served.client.get(f"/operations?range={range_name}").text
    assert f'href="/operations?range={range_name}#curves" aria-current="true"' in page
    table = page[page.index("Sources not fetched over time, as a table") :].split("</table>")[0]
    assert table.count("<tr>") - 1 == rows


def test_a_range_that_means_nothing_is_told(served: Served) -> None:
    assert "“century” is no range" in text_of(served.client.get("/operations?range=century").text)


def test_programs_get_the_same(served: Served) -> None:
    told = served.client.get("/operations.json").json()
    assert told["is_well"] is False
    assert [alarm["key"] for alarm in told["alarms"]] == [alarm.key for alarm in seed.ALARMS]
    assert {run["id"] for run in told["running"]} == {"busy", "busy2"}
    assert told["counts"]["quarantined"] == 2
    assert [brand["id"] for brand in told["brands"] if brand["is_paused"]] == ["aurin", "mint"]
    press = told["collections"][0]
    assert (press["name"], press["heard"], press["not_heard"]) == ("press", 3, 2)


def test_what_may_be_lost_goes_before_what_can_wait_and_nothing_is_said_twice(tmp_path: Path) -> None:
    world = well_world(tmp_path)
    world.clock.advance(hours=1)
    now = world.clock.now()
    with world.record.write() as writer:
        waiting = seed.Alarm(
            "index behind", "index behind", "", "The index is behind", 'Runbook: "Index behind".', NOW, now
        )
        stopped = seed.Alarm("pipeline stopped", "pipeline stopped", "", "Nothing is looked at", "Start it.", now, now)
        writer.set_alarms([waiting, stopped], now)
    page = page_of(world)
    assert duties_of(page) == ["Nothing is looked at", "The index is behind"]
    assert "runbook: “Pipeline stopped”" in text_of(part(page, "alarms"))
    assert "runbook: “Index behind”" not in text_of(part(page, "alarms"))


def test_a_flood_of_alarms_shows_its_first_eight_and_how_many_more(tmp_path: Path) -> None:
    world = well_world(tmp_path)
    with world.record.write() as writer:
        writer.set_alarms(
            [seed.Alarm(f"flood {n:02}", "flood", "", f"Flood {n:02}", "Wait.", NOW, NOW) for n in range(30)], NOW
        )
    page = part(page_of(world), "alarms")
    shown, rest = page.split("<details")
    assert shown.count("<li") == 8
    assert rest.count("<li") == 22
    assert "22 more" in text_of(rest)


def test_a_hostile_reason_stays_text(tmp_path: Path) -> None:
    world = well_world(tmp_path)
    with world.record.write() as writer:
        run = seed.make_run("x", "ingest", 3, origin_url="javascript:alert(1)", subject=seed.HOSTILE)
        writer.begin_job(run)
        writer.end_job("x", JobState.FAILED, NOW, reason=seed.HOSTILE)
        alarm = seed.Alarm(seed.HOSTILE, seed.HOSTILE, "x", seed.HOSTILE, seed.HOSTILE, NOW, NOW)
        writer.set_alarms([alarm], NOW)
    with serving(app_of(world)) as url:
        for path in ("/operations", "/operations/runs", "/operations/runs/x"):
            page = httpx.get(url + path).text
            assert "<img src=x" not in page
            assert "javascript:" not in page
            assert "&lt;img src=x" in page


def test_it_is_quick(served: Served) -> None:
    served.client.get("/operations")
    for path in ("/operations", "/operations/runs", "/operations.json"):
        assert served.client.get(path).elapsed < timedelta(seconds=1)


def test_the_page_for_those_on_call_describes_every_part_and_every_button(served: Served) -> None:
    text = (Path(__file__).parents[2] / "docs" / "operations" / "pages.md").read_text(encoding="utf-8")
    page = served.client.get("/operations").text
    parts = re.findall(r'<section class="card w\d+" id="[^"]+"><header><h2>(.*?)</h2>', page)
    assert len(parts) == 8
    said = (*parts, "Over time", "Pause", "Resume", "Try again", "Try all again")
    assert [each for each in said if f"| {each} |" not in text] == []
