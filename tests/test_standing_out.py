"""Words that stand out: what is said here and hardly before, with exact counts, alike on every engine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle, islice

import pytest

from earshot.model import Filters, Mention, SearchRequest
from earshot.ports import MentionIndex
from earshot.standing_out import LEAST, LEAST_COMPARED, StandingOut, log_likelihood, standing_out
from earshot.stop_words import stop_words
from tests.builders import NOW, make_mention
from tests.index.engines import ENGINES, opened
from tests.ports.mention_index import put

MIDNIGHT = NOW - timedelta(hours=12)
BEFORE = SearchRequest(filters=Filters(until=MIDNIGHT))
EVERYTHING = SearchRequest()
ORDINARY = (
    "The coffee of Halden is good, and we were there.",
    "Our coffee was without sugar.",
    "It could not be better.",
)


@pytest.fixture(params=ENGINES)
def index(request: pytest.FixtureRequest) -> Iterator[MentionIndex]:
    """A month of ordinary talk, and a day on which the pumps leaked."""
    with opened(request.param, request) as fresh:
        index = fresh()
        put(index, *(said(n, text, days=1 + n % 30) for n, text in enumerate(islice(cycle(ORDINARY), 60))))
        put(
            index,
            *(
                said(100 + n, "Our pump leaked, were we told? They don't care. 2026: the water valve recall", days=0)
                for n in range(5)
            ),
        )
        put(index, said(105, "Without a word the valve broke, and it has two leaks.", days=0))
        put(index, said(200, "The coffee leaked once.", days=20))
        yield index


def said(number: int, text: str, days: float, language: str = "en") -> Mention:
    url = f"http://blog.example/{number}"
    return make_mention(url=url, title="", text=text, published_at=NOW - timedelta(days=days), language=language)


def today(query: str = "") -> SearchRequest:
    return SearchRequest(query, filters=Filters(since=MIDNIGHT))


def named(found: StandingOut) -> dict[str, tuple[int, int]]:
    return {each.word: (each.count, each.usual) for each in found.words}


def test_what_is_said_now_and_hardly_before_stands_out_with_its_counts(index: MentionIndex) -> None:
    found = standing_out(index, today(), BEFORE)
    assert named(found) == {"pump leaked": (5, 0), "water valve recall": (5, 0), "told": (5, 0), "care": (5, 0)}
    assert (found.total, found.compared) == (6, 61)
    assert found.words[0].times is None


def test_the_view_is_no_part_of_what_it_is_compared_with(index: MentionIndex) -> None:
    found = standing_out(index, today(), EVERYTHING, is_around=True)
    assert named(found) == named(standing_out(index, today(), BEFORE))
    assert found.compared == 61


def test_stop_words_of_the_texts_language_never_stand_out(index: MentionIndex) -> None:
    german = "Die Pumpe war undicht, und das nicht zum ersten Mal. Wir hatten sie seit einer Woche."
    put(index, *(said(500 + n, german, days=0, language="de") for n in range(4)))
    words = {part for word in named(standing_out(index, today(), BEFORE, 50)) for part in word.split()}
    assert {"pumpe", "undicht"} <= words
    assert not words & {"our", "were", "we", "the", "die", "und", "nicht", "zum", "wir", "sie", "seit", "einer"}


def test_a_phrase_takes_the_place_of_its_parts_and_ends_where_the_sentence_does(index: MentionIndex) -> None:
    found = named(standing_out(index, today(), BEFORE, 50))
    assert "pump leaked" in found
    assert not found.keys() & {"pump", "leaked", "water", "recall", "leaked were", "told 2026"}


def test_a_verb_keeps_its_particle(index: MentionIndex) -> None:
    put(index, *(said(600 + n, f"I am locked out again. It has number {n}.", days=0) for n in range(4)))
    found = named(standing_out(index, today(), BEFORE, 50))
    assert found["locked out"] == (4, 0)
    assert "locked" not in found


def test_words_of_the_search_and_numbers_do_not_stand_out(index: MentionIndex) -> None:
    assert named(standing_out(index, today("pump"), BEFORE)).keys() == {"leaked", "told", "care", "water valve recall"}


def test_each_word_leads_to_as_many_mentions_as_it_says(index: MentionIndex) -> None:
    found = standing_out(index, today("pump OR coffee"), BEFORE).words
    assert found
    for each in found:
        assert index.count(today(each.query)) == each.count


def test_a_difference_that_chance_explains_does_not_stand_out(index: MentionIndex) -> None:
    put(index, *(said(300 + n, f"Sugar again, {n}", days=0) for n in range(3)))  # as common as ever: a third
    assert "sugar" not in named(standing_out(index, today(), BEFORE))


def test_too_little_to_compare_with_says_nothing(index: MentionIndex) -> None:
    few = SearchRequest(filters=Filters(since=NOW - timedelta(days=3, hours=1), until=MIDNIGHT))
    found = standing_out(index, today(), few)
    assert found.words == ()
    assert found.compared < LEAST_COMPARED
    assert standing_out(index, EVERYTHING, EVERYTHING, is_around=True).words == ()
    assert standing_out(index, SearchRequest("nowhere"), EVERYTHING).words == ()


def test_a_word_of_fewer_mentions_than_three_is_no_news(index: MentionIndex) -> None:
    put(index, *(said(300 + n, "Halden exploded", days=0) for n in range(LEAST - 1)))
    assert "exploded" not in str(named(standing_out(index, today(), BEFORE)))
    put(index, said(400, "Halden exploded", days=0))
    assert named(standing_out(index, today(), BEFORE))["halden exploded"] == (3, 0)


def test_surprise_grows_with_the_evidence_and_is_nought_for_what_is_rarer() -> None:
    assert log_likelihood(3, 10, 30, 100) == 0
    assert log_likelihood(1, 10, 30, 100) == 0
    assert 0 < log_likelihood(4, 10, 30, 100) < log_likelihood(40, 100, 300, 1000)


def test_stop_words_are_known_in_the_languages_that_are_spoken_and_asked_for_safely() -> None:
    for language, word in {"en": "were", "de": "nicht", "fr": "avec", "es": "para", "it": "della", "pl": "jest",
                           "pt": "para", "nl": "niet", "no": "ikke", "ru": "что"}.items():  # fmt: skip
        assert word in stop_words(language), language
    assert stop_words("") == stop_words("../en") == stop_words("xx1") == frozenset()
