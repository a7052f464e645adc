from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.index.snippets import ELLIPSIS, Piece, marked, snippet
from earshot.model import Span

texts = st.text(st.sampled_from("ab ö🎉北\n"), max_size=400)


def span(start: int, end: int) -> Span:
    return Span("text", start, end)


def joined(pieces: tuple[Piece, ...]) -> str:
    return "".join(piece.text for piece in pieces)


def test_hits_are_pieces_of_their_own_by_code_point() -> None:
    assert marked("🎉 a pump", [span(4, 8)]) == (Piece("🎉 a "), Piece("pump", is_hit=True))


def test_spans_that_touch_or_overlap_are_one_hit() -> None:
    assert marked("abcdef", [span(2, 4), span(1, 3), span(4, 5)]) == (
        Piece("a"),
        Piece("bcde", is_hit=True),
        Piece("f"),
    )


def test_spans_of_the_other_part_are_left_aside() -> None:
    assert marked("abc", [Span("title", 0, 1)]) == (Piece("abc"),)


def test_short_text_is_there_whole() -> None:
    assert snippet("a pump", [span(2, 6)]) == (Piece("a "), Piece("pump", is_hit=True))


def test_text_without_hits_shows_its_beginning_up_to_a_space() -> None:
    pieces = snippet("word " * 100, [], width=42)
    assert pieces == (Piece("word " * 7 + "word"), Piece(ELLIPSIS))


def test_snippet_stands_where_most_hits_are() -> None:
    text = "pump " + "x " * 300 + "pump and pump " + "y " * 300
    at = [i for i in range(len(text)) if text.startswith("pump", i)]
    pieces = snippet(text, [span(i, i + 4) for i in at], width=60)
    assert sum(piece.is_hit for piece in pieces) == 2
    assert pieces[0].text == pieces[-1].text == ELLIPSIS


def test_hit_longer_than_the_width_is_there_whole() -> None:
    text = "a " * 50 + "b" * 80 + " c" * 50
    assert Piece("b" * 80, is_hit=True) in snippet(text, [span(100, 180)], width=40)


@settings(deadline=None)
@given(texts, st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), max_size=8), st.integers(20, 200))
def test_pieces_are_of_the_text_and_hold_a_hit_if_there_is_one(
    text: str, raw: list[tuple[int, int]], width: int
) -> None:
    spans = [span(*sorted(one)) for one in raw]
    assert joined(marked(text, spans)) == text
    pieces = snippet(text, spans, width=width)
    assert joined(pieces).strip(ELLIPSIS) in text
    assert all(piece.text for piece in pieces)
    if any(s.start < min(s.end, len(text)) for s in spans):
        hits = [piece.text for piece in pieces if piece.is_hit]
        assert hits
        assert set(hits) <= {piece.text for piece in marked(text, spans) if piece.is_hit}
        assert len(joined(pieces)) <= max(width, max(map(len, hits))) + 2 + max(map(len, hits))
