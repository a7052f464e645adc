from __future__ import annotations

import time
from itertools import groupby, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.query.words import (
    MAX_WORD,
    find_words,
    fold,
    folded_tags,
    handles,
    hashtags,
    joined_cased,
    joined_words,
)
from tests.query.grammar import texts

ANY_TEXT = st.one_of(
    texts(), st.text(max_size=40), st.text("aé\u0301\u00ad\u200dﾊﾟ½ﷺİ\u1112\u1161\u11abß日#@_ ", max_size=12)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Pump, PUMP", "pump pump"),
        ("O'Brien AT&T co-op U.S.A. 3.5G", "o brien at t co op u s a 3 5g"),
        ("C++ .NET snake_case", "c net snake case"),
        ("Brand™ Brand℠", "brand brand"),
        ("ＡＢＣ ﬁne Straße", "abc fine strasse"),
        ("cafe\u0301 café", "café café"),
        ("İstanbul ILIK ılık", "istanbul ilik ilik"),
        ("so\u00adft\u200dware Lum\u200ba a\u200b b", "software luma a b"),
        ("ไทย\u200bวัน ខ្មែរ\u200bថ្ងៃ", "ไทย วัน ខ្មែរ ថ្ងៃ"),
        ("نـــور نُورٌ שָׁלוֹם", "نور نور שלום"),
        ("日本語の時々", "日 本 語 の 時 々"),
        ("コーヒー ｶﾞｽ", "コ ー ヒ ー ガ ス"),
        ("한국어 \u1112\u1161\u11ab", "한 국 어 한"),
        ("हिन्दी", "हिन्दी"),
        ("½ ㍿", "1 2 株 式 会 社"),
        ("1\ufe0f\u20e3 ❤\ufe0f 🎉", "1"),
        ("\u0301\u20e3\ufe0f", ""),
        ("https://www.halden.example/a?b=c", "https www halden example a b c"),
        ("", ""),
    ],
)
def test_text_becomes_these_words(text: str, words: str) -> None:
    assert joined_words(text) == words


def test_offsets_point_into_the_text_as_it_is() -> None:
    text = "“Ärger” mit ｶﾞｽ½"
    assert [text[w.start : w.end] for w in find_words(text)] == ["Ärger", "mit", "ｶﾞ", "ｽ", "½", "½"]


def test_case_is_kept_beside_the_folded_word() -> None:
    assert joined_cased("iPhone ＡＢＣ Straße") == "iPhone ABC Straße"


@given(ANY_TEXT)
@settings(max_examples=60, deadline=None)
def test_words_of_words_are_the_same_words(text: str) -> None:
    assert joined_words(joined_words(text)) == joined_words(text)
    assert fold(fold(text)) == fold(text)


@given(ANY_TEXT)
@settings(max_examples=60, deadline=None)
def test_what_a_span_cuts_out_is_its_word(text: str) -> None:
    for (start, end), words in groupby(find_words(text), key=lambda w: (w.start, w.end)):
        assert [w.text for w in find_words(text[start:end])] == [w.text for w in words]


@given(ANY_TEXT)
@settings(max_examples=60, deadline=None)
def test_both_word_fields_have_the_same_places(text: str) -> None:
    words = find_words(text)
    assert joined_words(text) == " ".join(word.text for word in words)
    assert joined_cased(text) == " ".join(word.cased for word in words)
    assert len(joined_words(text).split()) == len(joined_cased(text).split()) == len(words)
    assert all(one.start <= two.start for one, two in pairwise(words))


def test_a_word_is_cut_at_200_units_as_engines_count_them() -> None:
    assert len(find_words("a" * 5_000)[0].text) == MAX_WORD
    assert len(find_words("é" * 5_000)[0].text) == MAX_WORD
    assert len(find_words("\U00010400" * 5_000)[0].text.encode("utf-16-le")) <= 2 * MAX_WORD


def test_stacked_marks_and_long_runs_cost_little() -> None:
    started = time.process_time()
    for text in (
        "a" + "\u0301\u0323" * 10_000,
        "é" * 200_000,
        "日" * 50_000,
        "#" * 50_000,
        "@a" * 20_000,
        "a." * 50_000,
    ):
        find_words(text), hashtags(text), handles("@" + text)
    assert time.process_time() - started < 5


@settings(max_examples=30, deadline=None)
@given(st.text(st.sampled_from("空色ハ\u3099ｶﾞ한글\u1112\u1161\u11ab\u0301\ufe0f\u200baé木"), min_size=65, max_size=200))
def test_a_long_run_without_spaces_has_the_words_of_its_pieces(text: str) -> None:
    words = find_words(text)
    assert [word.text for word in words] == joined_words(text).split()
    assert [word.cased for word in words] == joined_cased(text).split()
    spans = dict.fromkeys((word.start, word.end) for word in words)
    alone = [word.text for start, end in spans for word in find_words(text[start:end])]
    assert [word.text for word in words] == alone


@pytest.mark.fault(case="A text of 94,000 characters without spaces", promise="It is cut into words in a moment")
def test_a_text_of_94_000_characters_without_spaces_is_read_in_a_moment() -> None:
    text = "".join(chr(0x4E00 + 7 * number % 20_000) for number in range(94_000))
    took_s = []
    for _ in range(3):
        began = time.process_time()
        assert len(find_words(text)) == len(joined_words(text).split()) == 94_000
        took_s.append(time.process_time() - began)
    assert min(took_s) < 0.35, "a second and more of the main process, before"


def test_tags_are_folded_and_stand_alone() -> None:
    text = "#Recall, #New_York ＃日本。 (#हिन्दी) page#part &#8217; a#b /#c #_ #🎉"
    assert hashtags(text) == ["recall", "new_york", "日本", "हिन्दी"]
    assert folded_tags("#b #a", "#B") == ["a", "b"]


def test_handles_are_folded_and_no_mail_addresses() -> None:
    assert handles("@Ada, (@bob.k) ada@example.org @eve@social.example.") == [
        "ada",
        "bob.k",
        "eve",
        "eve@social.example",
    ]
