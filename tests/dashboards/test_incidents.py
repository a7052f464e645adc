"""The page of an incident: its course step by step, in plain words. Over a real record, behind a real server."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from dashboards import incidents
from dashboards.incidents import what_mailed, why_joined
from earshot.model import Delivery, DeliveryState, Joined, Notice, NoticeState, Occasion, Severity, Why
from tests.builders import NOW
from tests.dashboards.conftest import Served
from tests.dashboards.test_pages import text_of

AT = datetime(2026, 11, 20, 12, tzinfo=NOW.tzinfo)


def incident_id(served: Served) -> str:
    with served.world.record.read() as reader:
        return reader.incidents()[0].id


def test_an_incident_tells_its_course(served: Served) -> None:
    page = served.client.get(f"/incidents/{incident_id(served)}")
    text = text_of(page.text)
    assert page.status_code == 200
    for said in ("Opened the incident.", "mara@example.org", "first mail is due", "Its course"):
        assert said in text, said


def test_the_list_leads_to_each_incident(served: Served) -> None:
    assert f'href="/incidents/{incident_id(served)}"' in served.client.get("/incidents").text


def test_the_list_reads_few_mentions_of_a_wave_and_counts_them_all(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incidents, "_MOST_LISTED", 2)
    with served.world.record.read() as reader:
        one = reader.incidents()[0]
    mentions = {mention.id: mention for mention in served.world.mentions[:5]}
    told = incidents._told(replace(one, mention_ids=tuple(mentions)), mentions, ())
    assert (len(told.mentions), told.count) == (2, 5)


def test_an_incident_that_is_not_there_is_not_found(served: Served) -> None:
    assert served.client.get("/incidents/nope").status_code == 404


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (Why("opened"), "Opened the incident."),
        (Why("story"), "Joined: it tells the same story."),
        (Why("words", ("x",), ("valve", "Brass")), "Joined: same rule (Danger); both say valve, Brass."),
        (Why("wave", ("x",)), "Joined: same rule (Danger), which fired again and again at that time."),
    ],
)
def test_each_reason_is_said_in_a_sentence(why: Why, said: str) -> None:
    assert why_joined(Joined("m", AT, ("x",), why), ["Danger"] if why.rules else []) == said


def test_a_mail_says_what_it_was_and_what_became_of_it() -> None:
    notice = Notice("n", "i", "b", "r", "mail", "a@b.example", NoticeState.TOLD, AT, shown=5, occasion=Occasion.UPDATE)
    sent = Delivery("d", "mail", "a@b.example", DeliveryState.SENT, "<d@x>", 1, ("n",), sent_at=AT)
    dead = Delivery("d", "mail", "a@b.example", DeliveryState.DEAD, "<d@x>", 1, ("n",), reason="550 nobody")
    rise = Notice(
        "n", "i", "b", "r", "mail", "a@b.example", NoticeState.PENDING, AT, AT, "", Occasion.RISE, Severity.CRITICAL, 5
    )
    assert what_mailed(notice, sent) == "update, 5 mentions"
    assert what_mailed(notice, dead) == "update, 5 mentions, not sent: 550 nobody"
    assert what_mailed(rise, None) == "mail because it became critical waits"
