"""Which event a flagged mention tells of: what joins, what does not, and that the reason is kept. Over a real one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from earshot.alerts.events import Common, Terms, likeness, terms_of, why_same
from earshot.model import Flag, Incident, Mention, Severity, Why
from earshot.ports import IncidentCandidate, IncidentMember
from tests.alerts.scene import Scene
from tests.builders import FakeClock, make_brand, make_flag, make_mention, make_recipient, make_rule

SMALL_TALK = """Halden opened a shop by the river and people liked the cake there very much on a sunny day
The council talked about the bridge again and nobody could say when the work would be done this year
My neighbour has a dog that barks at every bicycle and I do not know what to do about it at night
We went to the lake with the children and it was cold but the water was clear and there were ducks
A new bakery has bread that is dark and heavy and the queue was long on its first day of the week
The train was late again and the people on it were tired and some of them sang songs about home
There is a market on the square with apples and pears and an old man who sharpens knives for you
The school needs paint and the parents will come on a Saturday to help with it if it does not rain
Our garden has too many snails this summer and the lettuce is gone but the beans are doing well
The library gives away books that nobody wants and I found an atlas in it with countries of the past"""
VALVE = (
    (
        "Halden pumps flood cellars after valve recall",
        "The brass valve of the Halden Torrent splits and cellars flood.",
    ),
    (
        "Flooded cellar",
        "Our Halden Torrent burst at the brass valve, the whole cellar is flooded and the boiler ruined.",
    ),
    (
        "Brass valve again",
        "A second family with a flooded cellar: the valve of their Torrent pump had split overnight.",
    ),
)
HOTLINE = ("Hotline of Halden", "I waited fifty minutes on the telephone and then the line was cut, dreadful service.")


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    rules = (make_rule(), make_rule(id="danger", name="Danger", severity=Severity.CRITICAL))
    made = Scene(tmp_path, brands=(make_brand(rules=rules),)).begin()
    for number, text in enumerate(SMALL_TALK.split("\n")):
        made.find(500 + number, flags=(), title=text[:30], text=text, published_at=made.clock.now() - timedelta(days=3))
    yield made
    made.record.close()


def test_function_words_that_two_texts_share_are_no_reason_that_a_person_is_shown() -> None:
    at = FakeClock().now()
    terms: Terms = {"would": [2.0, "would"], "brass": [2.0, "brass"], "valve": [2.0, "Valve"], "themse": [2.0, "They"]}
    member = IncidentMember(("danger",), (), terms, "a.example", "en")
    why = why_same(member, at, IncidentCandidate("one", at, at, (member,)))
    assert why is not None
    assert why.words == ("brass", "Valve")


def told(scene: Scene, number: int, post: tuple[str, str], **changes: object) -> Mention:
    mention = scene.find(number, **{"title": post[0], "text": post[1], "site": f"site{number}.example"} | changes)
    scene.judge(mention)
    return mention


def incidents(scene: Scene) -> list[Incident]:
    with scene.record.read() as reader:
        return reader.incidents()


def whys(scene: Scene) -> list[Why]:
    with scene.record.read() as reader:
        return [each.why for incident in reader.incidents() for each in reader.joined(incident.id)]


def test_posts_in_other_words_about_one_event_join_one_incident_and_say_why(scene: Scene) -> None:
    for number, post in enumerate(VALVE):
        told(scene, number, post)
    (incident,) = incidents(scene)
    assert len(incident.mention_ids) == 3
    opened, *joined = sorted(whys(scene), key=lambda why: why.kind)
    assert opened.kind == "opened"
    assert {why.kind for why in joined} == {"words"}
    assert all(why.rules == ("complaints",) for why in joined)
    assert {"brass", "valve"} <= {word.casefold() for word in joined[0].words}


def test_another_thing_of_the_same_rule_is_an_incident_of_its_own(scene: Scene) -> None:
    told(scene, 0, VALVE[0])
    told(scene, 1, HOTLINE)
    assert [len(incident.mention_ids) for incident in incidents(scene)] == [1, 1]


def test_the_same_event_days_later_is_told_anew(scene: Scene) -> None:
    told(scene, 0, VALVE[0])
    scene.clock.advance(hours=30)
    told(scene, 1, VALVE[1])
    assert len(incidents(scene)) == 2


def test_what_goes_on_for_days_is_told_anew_after_three(scene: Scene) -> None:
    for day in range(8):
        told(scene, day, VALVE[1])
        scene.clock.advance(hours=20)
    assert len(incidents(scene)) == 2


def test_two_rules_on_one_mention_are_one_incident_of_the_worse_severity(scene: Scene) -> None:
    flags = (make_flag(), make_flag(rule_id="danger", severity=Severity.CRITICAL))
    told(scene, 0, VALVE[0], flags=flags)
    (incident,) = incidents(scene)
    assert (incident.rule_ids, incident.severity) == (("danger", "complaints"), Severity.CRITICAL)


def test_the_order_of_arrival_hardly_matters(tmp_path: Path) -> None:
    posts = [*VALVE, HOTLINE]
    for seed in range(3):
        made = Scene(tmp_path / str(seed)).begin()
        for number, text in enumerate(SMALL_TALK.split("\n")):
            made.find(500 + number, flags=(), title="", text=text, published_at=made.clock.now() - timedelta(days=3))
        order = list(range(4))
        Random(seed).shuffle(order)
        for number in order:
            told(made, number, posts[number])
        assert sorted(len(incident.mention_ids) for incident in incidents(made)) == [1, 3]
        made.record.close()


def test_other_languages_join_a_wave_of_the_same_rule_also_those_that_came_before_it(scene: Scene) -> None:
    flags = (make_flag(rule_id="danger", severity=Severity.CRITICAL),)
    german = ("Keller unter Wasser", "Das Ventil der Pumpe ist geplatzt, der Keller steht unter Wasser.")
    french = ("Cave inondée", "La vanne de la pompe a cédé et la cave est inondée.")
    told(scene, 90, german, language="de", flags=flags)
    for number, post in enumerate((*VALVE, VALVE[1])):
        told(scene, number, (post[0], f"{post[1]} {number}"), flags=flags)
    told(scene, 91, french, language="fr", flags=flags)
    (incident,) = incidents(scene)
    assert len(incident.mention_ids) == 6


def test_without_a_wave_another_language_does_not_join(scene: Scene) -> None:
    told(scene, 0, VALVE[0])
    told(scene, 1, ("Keller unter Wasser", "Das Ventil der Pumpe ist geplatzt."), language="de")
    assert len(incidents(scene)) == 2


def test_the_brands_name_and_what_everybody_writes_are_no_reason_to_join() -> None:
    common = Common.of(("en", ("opened", "people", "halden", f"rare{n}")) for n in range(40))
    mention = make_mention(title="", text="My Halden opened for people with a zeppelin")
    assert {written for _, written in terms_of(mention, ("Halden",), common, Common()).values()} >= {"zeppelin"}
    assert not {"Halden", "opened", "people"} & {word for _, word in terms_of(mention, (), common, Common()).values()}


def test_likeness_is_one_for_the_same_and_nothing_for_strangers() -> None:
    one, two = {"valve": [3.0, "valve"], "brass": [2.0, "Brass"]}, {"hotlin": [3.0, "hotline"]}
    assert likeness(one, [one])[0] == 1.0
    assert likeness(one, [two]) == (0.0, [])


def test_one_person_hears_once_of_a_mention_whatever_rules_it_fires(scene: Scene) -> None:
    told(scene, 0, VALVE[0], flags=(make_flag(), _danger()))
    scene.alert()
    (message,) = scene.inbox.taken
    assert message.subject.startswith("[Halden] Critical: Halden pumps flood")
    assert "Danger, Complaints" in " ".join(message.text.split())
    assert dict(message.headers)["Importance"] == "high"


def test_growth_is_told_at_its_steps_in_the_same_thread_and_counts(scene: Scene) -> None:
    for number in range(6):
        told(scene, number, (f"{VALVE[number % 3][0]} {number}", VALVE[number % 3][1]))
        scene.alert()
        scene.clock.advance(minutes=1)
    subjects = [message.subject for message in scene.inbox.taken]
    assert subjects == [
        "[Halden] Warning: Halden pumps flood cellars after valve recall 0",
        "[Halden] Update: 2 mentions: Halden pumps flood cellars after valve recall 0",
        "[Halden] Update: 5 mentions: Halden pumps flood cellars after valve recall 0",
    ]
    first, *updates = scene.inbox.taken
    assert {dict(update.headers)["In-Reply-To"] for update in updates} == {first.message_id}
    assert "5 mentions of this on 5 sites" in updates[-1].text
    assert "3 since the last mail" in updates[-1].text
    assert scene.alert().sent == 0


def test_who_wants_no_updates_gets_none_and_who_wants_them_after_an_hour_gets_one(tmp_path: Path) -> None:
    from earshot.model import Updates

    never = make_recipient(address="never@example.org", updates=Updates(steps=()))
    hourly = make_recipient(address="hourly@example.org", updates=Updates(steps=(), after=timedelta(hours=1)))
    scene = Scene(tmp_path, brands=(make_brand(rules=(make_rule(recipients=(never, hourly)),)),)).begin()
    for number, text in enumerate(SMALL_TALK.split("\n")):
        scene.find(500 + number, flags=(), title="", text=text, published_at=scene.clock.now() - timedelta(days=3))
    for number in range(3):
        told(scene, number, (f"{VALVE[number][0]} {number}", VALVE[number][1]))
        scene.alert()
        scene.clock.advance(minutes=10)
    assert len(scene.inbox.taken) == 2
    scene.clock.advance(minutes=31)
    scene.alert()
    *_, update = scene.inbox.taken
    assert (update.recipient, len(scene.inbox.taken)) == ("hourly@example.org", 3)
    assert "Update: 3 mentions" in update.subject
    scene.record.close()


def test_a_rise_to_critical_is_told_at_once_whoever_wants_no_updates(tmp_path: Path) -> None:
    from earshot.model import Updates

    rules = (make_rule(), make_rule(id="danger", name="Danger", severity=Severity.CRITICAL))
    scene = Scene(tmp_path, brands=(make_brand(rules=rules, updates=Updates(steps=())),)).begin()
    for number, text in enumerate(SMALL_TALK.split("\n")):
        scene.find(500 + number, flags=(), title="", text=text, published_at=scene.clock.now() - timedelta(days=3))
    told(scene, 0, VALVE[0])
    scene.alert()
    scene.clock.advance(minutes=1)
    told(scene, 1, VALVE[1])
    assert scene.alert().sent == 0
    told(scene, 2, VALVE[2], flags=(make_flag(), _danger()))
    scene.alert()
    _, rise = scene.inbox.taken
    assert rise.subject == "[Halden] Now critical: 3 mentions: Halden pumps flood cellars after valve recall"
    assert dict(rise.headers)["Importance"] == "high"
    told(scene, 3, VALVE[2], flags=(make_flag(), _danger()))
    assert scene.alert().sent == 0
    scene.record.close()


def test_what_grows_before_the_first_mail_is_told_by_it(scene: Scene) -> None:
    for number, post in enumerate(VALVE):
        told(scene, number, post)
    scene.alert()
    (message,) = scene.inbox.taken
    assert "3 mentions of this on 3 sites" in message.text


def test_a_wave_leaves_room_for_what_is_new_and_critical(tmp_path: Path) -> None:
    rules = (make_rule(), make_rule(id="danger", name="Danger", severity=Severity.CRITICAL))
    scene = Scene(tmp_path, brands=(make_brand(rules=rules, max_per_hour=4),)).begin()
    for number in range(8):
        scene.flag(1, start=number)
        scene.alert()
    assert len(scene.inbox.taken) == 3
    scene.flag(1, start=90, flags=(_danger(),))
    scene.alert()
    assert scene.inbox.taken[-1].subject.startswith("[Halden] Critical: Halden pump 90")
    assert len(scene.inbox.taken) == 4
    scene.record.close()


def _danger() -> Flag:
    return make_flag(rule_id="danger", rule_name="Danger", severity=Severity.CRITICAL)
