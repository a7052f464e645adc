"""Near duplicates share a band and are alike; other texts are not; every machine says the same."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earshot.stories import BANDS, LIKE, bands, content_hash, likeness, signature

VOCABULARY = [f"word{n}" for n in range(4_000)]
JAPANESE = "新しいポンプは二日間動いた後に止まり、工場の誰もその理由を説明できなかった。会社は返金すると発表した。"


def words(count: int, seed: int) -> list[str]:
    return random.Random(seed).choices(VOCABULARY, k=count)


def edited(text: list[str], share: float, seed: int) -> str:
    dice = random.Random(seed)
    return " ".join(dice.choice(VOCABULARY) if dice.random() < share else word for word in text)


def share_a_band(a: bytes, b: bytes) -> bool:
    return bool(set(bands(a)) & set(bands(b)))


@pytest.mark.parametrize(("share", "least"), [(0.0, 1.0), (0.02, 1.0), (0.05, 0.99)])
def test_edited_copies_are_found_and_alike(share, least):
    found = 0
    for seed in range(200):
        text = words(200, seed)
        a, b = signature("", " ".join(text)), signature("", edited(text, share, seed + 1))
        found += share_a_band(a, b) and likeness(a, b) >= LIKE
    assert found / 200 >= least


def test_other_texts_are_not_alike():
    signatures = [signature("", " ".join(words(200, seed))) for seed in range(100)]
    assert max(likeness(a, b) for n, a in enumerate(signatures) for b in signatures[:n]) < 0.2


def test_a_signature_has_128_values_and_32_bands_with_their_numbers():
    made = signature("Title", " ".join(words(100, 1)))
    assert len(made) == 512
    assert [band[:2] for band in bands(made)] == [f"{n:02d}" for n in range(BANDS)]
    assert {len(band) for band in bands(made)} == {18}


def test_japanese_texts_are_compared_by_runs_of_characters():
    copy = JAPANESE.replace("会社は", "同社は")
    other = "週末は京都で友人と会い、新しい喫茶店でコーヒーを飲みながら本の話をした。天気は良く、川沿いを長く歩いた。"
    one, two, three = (signature("", text) for text in (JAPANESE, copy, other))
    assert likeness(one, two) >= LIKE
    assert likeness(one, three) < 0.2


@pytest.mark.parametrize("text", ["", "   ", "!!!", "Great pump", "今日は"])
def test_what_says_too_little_is_like_nothing(text):
    assert signature("", text) == b""
    assert bands(b"") == ()
    assert likeness(b"", b"") == 0.0


def test_case_width_and_punctuation_do_not_matter():
    text = " ".join(words(60, 3))
    assert signature("", text) == signature("", text.upper().replace(" ", ", "))
    assert content_hash("", text) == content_hash("", text.upper())


def test_other_processes_say_the_same():
    program = (
        "from earshot.stories import signature, bands\n"
        "s = signature('Title', ' '.join(f'w{n}' for n in range(100)))\n"
        "print(s.hex(), *bands(s))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("0", "1")
    }
    assert len(said) == 1


def test_signatures_of_stored_documents_stay_valid():
    """A new release of the MinHash library that counts otherwise would part every story from its new documents."""
    made = signature("Title", " ".join(f"w{n}" for n in range(100)))
    assert bands(made)[0] == "00ff874534d5021071"
    assert bands(made)[-1] == "31050e588a04c8dcb7"


def test_short_texts_have_no_content_hash():
    assert content_hash("Title", "Too short to identify an article.") == ""
    assert len(content_hash("", " ".join(words(50, 1)))) == 64


def test_another_title_is_another_article():
    text = " ".join(words(80, 1))
    assert content_hash("One", text) != content_hash("Two", text)


@given(st.text(max_size=400), st.text(max_size=400))
def test_likeness_is_symmetric_and_full_with_itself(one, other):
    a, b = signature("", one), signature("", other)
    assert likeness(a, b) == likeness(b, a)
    assert likeness(a, a) == (1.0 if a else 0.0)
