"""What alerts and what does not: old news, first rounds, stories, people struck off. Over a real record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from earshot.alerts.routing import Judged, has_real_date, is_first_round, judge_document, why_silent
from earshot.config.settings import AlertSettings
from earshot.model import DateFrom, NoticeState, QuietHours
from tests.alerts.scene import Scene
from tests.builders import NOW, make_brand, make_flag, make_mention, make_recipient, make_rule


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path).begin()
    yield made
    made.record.close()


def test_a_flag_opens_an_incident_and_a_notice_and_twice_is_once(scene: Scene) -> None:
    mention = scene.find(1)
    first, second = scene.judge(mention), scene.judge(mention)
    assert (first.incidents, first.notices) == (1, 1)
    assert (second.incidents, second.notices) == (0, 0)
    assert scene.notices() == {"pending": 1}


def test_the_same_story_again_joins_its_incident_and_tells_nobody_again(scene: Scene) -> None:
    first = scene.find(1)
    scene.judge(first)
    second = scene.find(2, story_of=first.story_id)
    assert second.story_id == first.story_id
    done = scene.judge(second)
    assert (done.incidents, done.notices) == (0, 0)
    with scene.record.read() as reader:
        (incident,) = reader.incidents()
    assert set(incident.mention_ids) == {first.id, second.id}


def test_who_joins_the_rule_later_hears_of_the_story_when_it_goes_on(scene: Scene) -> None:
    first = scene.find(1)
    scene.judge(first)
    people = (make_recipient(), make_recipient(address="new@example.org"))
    scene.book = type(scene.book)([make_brand(rules=(make_rule(recipients=people),))])
    done = scene.judge(scene.find(2, story_of=first.story_id))
    assert (done.incidents, done.notices) == (0, 1)


def test_without_a_flag_nothing_is_opened(scene: Scene) -> None:
    assert scene.judge(scene.find(1, flags=())).incidents == 0


def test_a_flag_of_a_rule_that_is_gone_tells_nobody(scene: Scene) -> None:
    done = scene.judge(scene.find(1, flags=(make_flag(rule_id="gone"),)))
    assert (done.incidents, done.notices) == (0, 0)


@pytest.mark.parametrize(
    ("hours", "max_age", "is_silent"),
    [(47, 48, False), (48, 48, False), (49, 48, True), (49, None, False), (3, 2, True)],
)
def test_old_news_is_silent_unless_the_limit_is_lifted(hours: int, max_age: int | None, is_silent: bool) -> None:
    settings = AlertSettings(max_age=timedelta(hours=max_age) if max_age else None)
    mention = make_mention(published_at=NOW - timedelta(hours=hours))
    silent = why_silent(mention, NOW, settings, is_first_round=False, has_real_date=True)
    assert bool(silent) is is_silent


@pytest.mark.parametrize(
    ("first", "dated", "is_silent"), [(True, True, False), (True, False, True), (False, False, False)]
)
def test_in_the_first_round_only_a_real_date_alerts(scene: Scene, first: bool, dated: bool, is_silent: bool) -> None:
    done = scene.judge(scene.find(1), is_first_round=first, has_real_date=dated)
    assert bool(done.silent) is is_silent
    assert done.incidents == (0 if is_silent else 1)


def test_a_date_is_real_if_somebody_said_it_and_it_is_not_still_to_come() -> None:
    assert has_real_date(make_mention())
    assert not has_real_date(make_mention(published_at=NOW, published_at_from=DateFrom.FEED))  # cut to found_at
    assert not has_real_date(make_mention(published_at_from=DateFrom.FOUND))
    assert has_real_date(make_mention(published_at=NOW, published_as=f"{NOW:%Y-%m-%d}"))  # today, without a time


def test_the_first_round_ends_with_its_run(scene: Scene) -> None:
    def is_first(minutes: int) -> bool:
        with scene.record.read() as reader:
            return is_first_round(reader, "blog", NOW + timedelta(minutes=minutes))

    assert is_first(0)
    scene.end_round()
    assert is_first(0)
    assert is_first(-1)
    assert not is_first(14)  # the second round, before it has ended
    scene.clock.advance(minutes=15)
    scene.end_round()
    assert is_first(0)
    assert not is_first(14)


def test_an_undated_document_alerts_from_the_second_round_on_and_its_page_counts_when_it_was_listed(
    scene: Scene,
) -> None:
    def judged(number: int, listed_at: datetime | None = None) -> Judged:
        mention = scene.find(number, published_from=DateFrom.FOUND, published_at=scene.clock.now())
        with scene.record.write() as writer:
            return judge_document(
                writer, mention.document_id, scene.clock.now(), AlertSettings(), scene.book, listed_at
            )

    assert "first round" in judged(1).silent
    scene.end_round()
    scene.clock.advance(minutes=15)
    assert judged(2).notices == 1
    assert "first round" in judged(3, listed_at=NOW).silent


def test_in_quiet_hours_a_notice_is_born_held(tmp_path: Path) -> None:
    quiet = QuietHours(time(11), time(13), "UTC")
    scene = Scene(tmp_path, brands=(make_brand(rules=(make_rule(quiet_hours=quiet),)),)).begin()
    scene.judge(scene.find(1))
    with scene.record.read() as reader:
        (notice,) = reader.all_notices()
    scene.record.close()
    assert notice.not_before == NOW + timedelta(hours=1)


def test_who_was_struck_off_is_not_told(scene: Scene) -> None:
    with scene.record.write() as writer:
        writer.suppress("mara@example.org", "550", NOW)
    scene.judge(scene.find(1))
    with scene.record.read() as reader:
        assert [notice.state for notice in reader.all_notices()] == [NoticeState.SUPPRESSED]
