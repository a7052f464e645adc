"""Marked text is the text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dashboards.marking import Mark, cut

marks = st.lists(
    st.builds(
        Mark, st.sampled_from(["title", "text"]), st.integers(-3, 40), st.integers(-3, 40), st.sampled_from("abc")
    )
)


@given(st.text(max_size=30), marks)
def test_pieces_joined_are_the_text_whatever_the_marks(text: str, found: list[Mark]) -> None:
    assert "".join(piece.text for piece in cut(text, "text", found)) == text


@given(st.text(max_size=30), marks)
def test_a_character_is_marked_for_exactly_the_reasons_that_cover_it(text: str, found: list[Mark]) -> None:
    at = 0
    for piece in cut(text, "text", found):
        for place in range(at, at + len(piece.text)):
            covering = {m.why for m in found if m.part == "text" and m.start <= place < m.end}
            assert set(piece.whys) == covering
        at += len(piece.text)


def test_overlapping_marks_are_shown_together() -> None:
    pieces = cut("broken pump", "text", [Mark("text", 0, 11, "flag"), Mark("text", 7, 11, "brand")])
    assert [(p.text, p.whys) for p in pieces] == [("broken ", ("flag",)), ("pump", ("flag", "brand"))]
