"""What Prometheus reads, as its own parser reads it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open
from prometheus_client.parser import text_string_to_metric_families as parse
from pydantic import SecretStr

from earshot import __version__
from earshot.errors import Mistake
from earshot.model import DeliveryState, NoticeState
from earshot.operating import AlarmKind
from tests.builders import NOW
from tests.dashboards import seed
from tests.dashboards.conftest import Served
from tests.dashboards.serving import app_of, serving
from tests.dashboards.test_operations import empty_world
from tests.dashboards.test_pages import Broken

SCRAPER = {
    "accept": "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.2",
    "user-agent": "Prometheus/3.5.0",
}
"""As Prometheus 3 asks. Source: https://prometheus.io/docs/instrumenting/content_negotiation/ (read 2026-11)."""

Samples = dict[tuple[str, ...], float]


def samples_of(text: str, read: Any = parse) -> Samples:
    return {
        (sample.name, *(f"{k}={v}" for k, v in sorted(sample.labels.items()))): sample.value
        for family in read(text)
        for sample in family.samples
    }


def test_numbers_are_those_of_the_record(served: Served) -> None:
    answer = served.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found = samples_of(answer.text)
    with served.world.record.read() as reader:
        counts = reader.counts()
    assert found["earshot_documents",] == counts.documents > 100
    assert found["earshot_quarantined",] == 2
    assert found["earshot_index_behind",] == counts.behind == 5
    assert found["earshot_index_mentions",] == served.world.index.mentions()
    assert found["earshot_index_up",] == 1
    assert found["earshot_sources", "outcome=gone"] == 1
    assert found["earshot_sources", "outcome=failed"] == 0
    assert found["earshot_alarms_open", "kind=source not heard"] == 1
    assert found["earshot_alarms_open", "kind=disk nearly full"] == 0
    assert {key[1] for key in found if key[0] == "earshot_alarms_open"} >= {f"kind={kind}" for kind in AlarmKind}
    press = {key[2]: found[key] for key in found if key[:2] == ("earshot_collection_sources", "collection=press")}
    assert press == {"state=heard": 3, "state=not_heard": 2, "state=never": 0}
    assert found["earshot_workspace_mistakes",] == 0
    assert found["earshot_job_runs_running", "job_name=collect"] == 1
    assert found["earshot_job_runs_running", "job_name=publish"] == 0
    assert found["earshot_brands_paused",] == 2
    ended = (NOW - timedelta(minutes=190) + timedelta(seconds=31)).timestamp()
    assert found["earshot_job_last_end_timestamp_seconds", "job_name=brief", "state=failed"] == ended
    heard = (NOW - timedelta(hours=2)).timestamp()
    assert found["earshot_collection_last_heard_timestamp_seconds", "collection=press"] == heard
    assert found["earshot_build_info", f"version={__version__}"] == 1


def test_every_state_is_there_even_where_nothing_stands_in_it(served: Served) -> None:
    found = samples_of(served.client.get("/metrics").text)
    assert {key[1] for key in found if key[0] == "earshot_notices"} == {f"state={state}" for state in NoticeState}
    assert {key[1] for key in found if key[0] == "earshot_deliveries"} == {f"state={state}" for state in DeliveryState}
    assert found["earshot_notices", "state=pending"] == 1


def test_both_formats_say_the_same(served: Served) -> None:
    asked = served.client.get("/metrics", headers=SCRAPER)
    assert asked.headers["content-type"].startswith("application/openmetrics-text")
    assert samples_of(asked.text, parse_open) == samples_of(served.client.get("/metrics").text)


def test_everything_has_a_description_our_prefix_and_a_plain_unit(served: Served) -> None:
    for family in parse(served.client.get("/metrics").text):
        assert family.name.startswith("earshot_")
        assert family.documentation
        assert family.type == "gauge"
        assert "total" not in family.name
        assert not {"job", "instance"} & {label for sample in family.samples for label in sample.labels}
        assert ("timestamp" in family.name) == family.name.endswith("_timestamp_seconds")


def test_scrapes_leave_nothing_behind(served: Served) -> None:
    first = served.client.get("/metrics").text
    assert served.client.get("/metrics").text == first


def test_an_index_that_is_away_does_not_take_the_other_numbers_with_it(served: Served) -> None:
    world = served.world
    broken = seed.World(world.record, Broken(), world.workspace, world.clock, [])  # type: ignore[arg-type]
    with serving(app_of(broken)) as url:
        found = samples_of(httpx.get(f"{url}/metrics").text)
    assert found["earshot_index_up",] == 0
    assert ("earshot_index_mentions",) not in found
    assert found["earshot_documents",] > 100


def test_an_empty_record_is_answered_too(tmp_path: Path) -> None:
    with serving(app_of(empty_world(tmp_path))) as url:
        found = samples_of(httpx.get(f"{url}/metrics").text)
    assert found["earshot_documents",] == 0
    assert found["earshot_sources", "outcome=never"] == 0


def test_more_alarms_than_a_page_shows_are_all_counted_and_mistakes_are(tmp_path: Path) -> None:
    world = empty_world(tmp_path)
    many = [seed.Alarm(f"source not heard: s{n}", "source not heard", f"s{n}", "", "", NOW, NOW) for n in range(250)]
    with world.record.write() as writer:
        writer.set_alarms(many, NOW)
    with serving(app_of(world, mistakes=lambda: [Mistake("earshot.yaml", 1, 1, "", "is wrong")])) as url:
        found = samples_of(httpx.get(f"{url}/metrics").text)
    assert found["earshot_alarms_open", "kind=source not heard"] == 250
    assert found["earshot_workspace_mistakes",] == 1


def test_prometheus_is_asked_for_the_token_and_never_led_to_a_form(tmp_path: Path) -> None:
    world = seed.make_world(tmp_path, days=1, token=SecretStr("correct horse"))
    with serving(app_of(world)) as url:
        refused = httpx.get(f"{url}/metrics", headers=SCRAPER)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Bearer")
        taken = httpx.get(f"{url}/metrics", headers={**SCRAPER, "authorization": "Bearer correct horse"})
        assert taken.status_code == 200


def test_a_scrape_takes_tens_of_milliseconds(served: Served) -> None:
    served.client.get("/metrics")
    took = min(served.client.get("/metrics").elapsed for _ in range(10))
    assert took < timedelta(milliseconds=100), took


def test_the_page_of_metrics_names_each_of_them_and_no_other(served: Served) -> None:
    text = (Path(__file__).parents[2] / "docs" / "operations" / "metrics.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\bearshot_[a-z_]+", text))
    given = {sample.name for family in parse(served.client.get("/metrics").text) for sample in family.samples}
    assert named == given


def test_labels_that_rules_and_docs_name_exist(served: Served) -> None:
    text = (Path(__file__).parents[2] / "docs" / "operations" / "metrics.md").read_text(encoding="utf-8")
    labels = {s.name: set(s.labels) for f in parse(served.client.get("/metrics").text) for s in f.samples}
    for name, inside in re.findall(r"`(earshot_[a-z_]+)\{([a-z_,]+)\}`", text):
        assert set(inside.split(",")) == labels[name], name
