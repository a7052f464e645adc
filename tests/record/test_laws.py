"""Laws of the record: whatever the order, the same spans, the same stories, the same text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.model import Document
from earshot.record import SqlRecord, SqlWriter
from earshot.record.types import clean
from tests.builders import NOW, FakeClock, make_document, make_source
from tests.ports.record import make_end, put, story_of
from tests.record.engines import ENGINES, fresh_url

MINUTE = timedelta(minutes=1)


CLOCK = FakeClock()


class EnoughError(Exception):
    """Rolls an example back."""


@pytest.fixture(scope="module", params=ENGINES)
def kept(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlRecord]:
    """An empty record on each database that examples share: each is rolled back."""
    with fresh_url(request, tmp_path_factory.mktemp("laws")) as url:
        made = SqlRecord(url, CLOCK)
        made.migrate()
        yield made
        made.close()


@contextmanager
def fresh_writer(record: SqlRecord) -> Iterator[SqlWriter]:
    with suppress(EnoughError), record.write() as writer:
        yield writer
        raise EnoughError


spans = st.lists(st.tuples(st.integers(0, 600), st.integers(0, 400)), max_size=8)


@settings(max_examples=25, deadline=None)
@given(spans)
def test_an_hour_is_heard_if_its_minutes_are(kept: SqlRecord, pairs: list[tuple[int, int]]) -> None:
    with fresh_writer(kept) as writer:
        writer.put_sources([make_source()], NOW)
        minutes = set()
        for start, length in pairs:
            since, until = NOW + start * MINUTE, NOW + (start + length) * MINUTE
            writer.end_run(make_end(at=until, heard_since=since))
            minutes |= set(range(start, start + length))
        CLOCK.advance(hours=24)
        heard = [each.heard for each in writer.hours_heard(NOW, NOW + timedelta(hours=18))]
    assert heard == [int(minutes >= set(range(60 * hour, 60 * hour + 60))) for hour in range(18)]


joins = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8)


@settings(max_examples=25, deadline=None)
@given(joins, st.randoms(use_true_random=False))
def test_stories_are_the_same_in_whatever_order_they_are_joined(
    kept: SqlRecord, pairs: list[tuple[int, int]], random: object
) -> None:
    shuffled = list(pairs)
    random.shuffle(shuffled)
    assert partition(kept, pairs) == partition(kept, shuffled) == partition(kept, pairs * 2)


def partition(record: SqlRecord, pairs: list[tuple[int, int]]) -> dict[str, str]:
    with fresh_writer(record) as writer:
        ids = [put(writer, number, published_at=NOW - number * MINUTE) for number in range(6)]
        for one, other in pairs:
            writer.join_story(ids[one], [story_of(writer, ids[other])])
        return {each: story_of(writer, each) for each in ids}


texts = st.text(st.characters(exclude_categories=()), max_size=40)
zones = st.timedeltas(timedelta(hours=-14), timedelta(hours=14)).map(lambda delta: timezone(delta))
times = st.datetimes(datetime(1971, 1, 2), datetime(2100, 1, 1), timezones=zones)


@settings(max_examples=40, deadline=None)
@given(texts, texts, times)
def test_whatever_is_written_comes_back_clean_and_in_utc(
    kept: SqlRecord, title: str, author: str, published_at: datetime
) -> None:
    document = make_document(title=title, author=author, published_at=published_at, images=(title,))
    with fresh_writer(kept) as writer:
        writer.put_document(document, [], "", b"", [])
        stored: Document | None = writer.document(document.id)
        assert not writer.put_document(document, [], "", b"", [])
    assert stored is not None
    assert (stored.title, stored.author, stored.images) == (clean(title), clean(author), (clean(title),))
    assert stored.published_at == published_at
    assert stored.published_at.tzinfo is UTC
    assert stored.title.encode("utf-8").count(0) == 0
