"""JSON as people's templates write it."""

from __future__ import annotations

import pytest

from earshot.extract import loose_json


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "one, two // three", "b": [1, 2]}',
        '\ufeff{"a": "one, two // three", "b": [1, 2]};',
        '{"a": "one, two // three", "b": [1, 2,],}',
        '{"a": "one, two // three",, "b": [, 1, 2]}',
        '<!--\n{"a": "one, two // three", "b": [1, 2]}\n-->',
        '/* <![CDATA[ */ {"a": "one, two // three", "b": [1, 2]} /* ]]> */',
        '//<![CDATA[\n{"a": "one, two // three", "b": [1, 2]}\n//]]>',
        '{"a": "one, two // three", // who wrote this\n "b": [1, /* three, */ 2]}',
        '{"a": "one, two // three", "b": [1, 2, // the last\n]}',
    ],
)
def test_what_is_nearly_json_is_read(text: str) -> None:
    assert loose_json.loads(text) == {"a": "one, two // three", "b": [1, 2]}


def test_a_raw_line_break_in_a_string_stays_in_it() -> None:
    assert loose_json.loads('{"a": "one\ntwo\tthree"}') == {"a": "one\ntwo\tthree"}


@pytest.mark.parametrize("inside", ["<!-- x -->", ",]", "/* x */", ",,", "]]>", '\\"', "http://x.example/"])
def test_what_stands_inside_a_string_stays(inside: str) -> None:
    read = loose_json.loads(f'{{"a": "{inside}",}}')
    assert read == {"a": inside.replace('\\"', '"')}


@pytest.mark.parametrize("text", ["", "{", "plain words", '{"a": }', "[" * 100_000])
def test_what_cannot_be_known_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        loose_json.loads(text)
