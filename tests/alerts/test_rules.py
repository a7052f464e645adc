"""Which rules fire, with which words, and whom they tell."""

from __future__ import annotations

import pytest

from earshot.alerts.rules import RuleBook
from earshot.config.settings import AlertSettings
from earshot.errors import QueryError
from earshot.model import Category, Severity
from tests.builders import make_brand, make_mention, make_recipient, make_rule

SAFETY = make_rule(id="safety", name="Safety", query="fire OR (broke NEAR/3 pump)", severity=Severity.CRITICAL)


def test_a_rule_that_fires_names_the_clause_and_the_words() -> None:
    book = RuleBook([make_brand(rules=(SAFETY,))])
    (flag,) = book.flags(make_mention())
    assert (flag.rule_id, flag.rule_name, flag.severity) == ("safety", "Safety", Severity.CRITICAL)
    assert "NEAR" in flag.clause
    assert set(flag.words) == {"pump", "broke"}
    assert all(span.part in ("title", "text") for span in flag.spans)


def test_a_rule_may_ask_for_the_verdict() -> None:
    rules = (
        make_rule(id="a", query="sentiment:negative category:complaint"),
        make_rule(id="b", query="category:praise"),
    )
    book = RuleBook([make_brand(rules=rules)])
    assert [flag.rule_id for flag in book.flags(make_mention())] == ["a"]
    assert [flag.rule_id for flag in book.flags(make_mention(categories=(Category.PRAISE,)))] == ["b"]


def test_another_brands_rules_do_not_fire() -> None:
    book = RuleBook([make_brand(rules=()), make_brand(id="other", rules=(SAFETY,))])
    assert book.flags(make_mention()) == ()
    assert book.flags(make_mention(brand="nobody")) == ()


def test_own_voice_and_what_is_hardly_about_the_brand_raise_no_flag_unless_wanted() -> None:
    brand = make_brand(rules=(SAFETY,))
    own, faint = make_mention(is_own_voice=True), make_mention(relevance=0.3)
    assert RuleBook([brand]).flags(own) == ()
    assert RuleBook([brand]).flags(faint) == ()
    wanted = RuleBook([brand], settings=AlertSettings(own_voice=True, min_relevance=0.2))
    assert len(wanted.flags(own)) == len(wanted.flags(faint)) == 1


def test_a_rule_tells_its_own_recipients_else_the_brands_each_once() -> None:
    mara, twice, boss = (
        make_recipient(),
        make_recipient(address="MARA@example.org"),
        make_recipient(address="b@example.org"),
    )
    rules = (make_rule(id="own", recipients=(mara, twice)), make_rule(id="brand", recipients=()))
    book = RuleBook([make_brand(rules=rules, recipients=(boss,))])
    assert book.recipients("halden", "own") == (mara,)
    assert book.recipients("halden", "brand") == (boss,)
    assert book.recipients("halden", "gone") == ()
    assert book.recipient("halden", "own", "mara@EXAMPLE.org") == mara
    assert book.recipient("halden", "own", "b@example.org") is None


def test_a_query_that_cannot_be_read_is_refused_at_once() -> None:
    with pytest.raises(QueryError):
        RuleBook([make_brand(rules=(make_rule(query="pump AND ("),))])
