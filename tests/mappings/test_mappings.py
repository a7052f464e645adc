"""The clusters' mapping, the embedded schema and `earshot.query.fields` name the same fields and make them alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import mappings
from earshot.index.generations import Generations
from earshot.index.schema import OWN, PAIRS
from earshot.query import fields
from tests.builders import FakeClock, make_flag, make_mention

KINDS = {
    "text": dict.fromkeys(fields.RAW + fields.RAW_MANY + ("sort_key",), "keyword")
    | dict.fromkeys(fields.WORDS, "text"),
    "i64": dict.fromkeys(fields.INTEGERS, "long"),
    "f64": dict.fromkeys(fields.FLOATS, "double"),
    "bool": dict.fromkeys((*fields.BOOLEANS, "gone"), "boolean"),
    "date": dict.fromkeys(fields.DATES, "date"),
    "bytes": {"mention": "object"},
}


@pytest.fixture
def embedded(tmp_path: Path) -> dict[str, dict[str, Any]]:
    made = Generations(tmp_path, FakeClock(), 1.0).make()
    return {field["name"]: field for field in json.loads((made / "meta.json").read_text())["schema"]}


def test_all_three_name_the_same_fields(embedded: dict[str, Any]) -> None:
    assert set(mappings.properties()) == set(embedded) - set(PAIRS) == set(fields.ALL) | set(OWN)


def test_fields_are_of_the_same_kind_on_every_engine(embedded: dict[str, Any]) -> None:
    for name, mapped in mappings.properties().items():
        assert KINDS[embedded[name]["type"]][name] == mapped["type"], name


def test_words_are_split_at_white_space_only_with_positions(embedded: dict[str, Any]) -> None:
    for name in fields.WORDS:
        assert mappings.properties()[name]["analyzer"] == "whitespace"
        assert embedded[name]["options"]["indexing"]["tokenizer"] == "whitespace"
        assert embedded[name]["options"]["indexing"]["record"] == "position"
    for name in fields.RAW + fields.RAW_MANY:
        assert embedded[name]["options"]["indexing"]["tokenizer"] == "raw"
        assert embedded[name]["options"]["fast"]


def test_prefixes_of_3_to_19_characters_are_indexed_for_folded_words() -> None:
    prefixes = {name: mapped.get("index_prefixes") for name, mapped in mappings.properties().items()}
    folded = {"title_words", "text_words", "author_words"}
    assert {name for name, value in prefixes.items() if value} == folded
    assert all(prefixes[name] == {"min_chars": 3, "max_chars": 19} for name in folded)


def test_unknown_fields_are_refused_and_the_source_is_not_indexed() -> None:
    template = mappings.load_components()["earshot-mention-fields"]["template"]["mappings"]
    assert template["dynamic"] == "strict"
    assert template["properties"]["mention"] == {"type": "object", "enabled": False}


def test_index_template_is_composed_of_the_components_that_are_loaded() -> None:
    name, template = mappings.load_index_template()
    assert template["composed_of"] == list(mappings.load_components())
    assert template["index_patterns"] == [f"{mappings.ALIAS}-*"]
    assert name == mappings.ALIAS


def test_every_field_of_a_full_mention_is_mapped() -> None:
    full = make_mention(flags=(make_flag(),), topics=("t",), entities=("e",), reach=1, text="#tag by @handle")
    assert set(fields.index_fields(full)) <= set(mappings.properties())
