"""How due notices share messages: never more than the budget, never one twice, never one lost while there is room."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from earshot.alerts.backoff import FIRST, GIVE_UP, LONGEST, next_try, since_when
from earshot.alerts.binding import MOST_IN_ONE, message_id, shares

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@settings(deadline=None)
@given(st.integers(0, 2500), st.integers(0, 30))
def test_shares_keep_budget_and_order_and_lose_nothing_that_fits(due: int, budget: int) -> None:
    parts = shares(range(due), budget)
    told = [item for part in parts for item in part]
    assert len(parts) <= budget
    assert all(1 <= len(part) <= MOST_IN_ONE for part in parts)
    assert told == list(range(len(told)))
    assert len(told) == min(due, budget * MOST_IN_ONE)


def test_few_stand_alone_and_many_leave_one_message_for_the_rest() -> None:
    assert [len(part) for part in shares(range(3), 10)] == [1, 1, 1]
    assert [len(part) for part in shares(range(14), 10)] == [1] * 9 + [5]
    assert [len(part) for part in shares(range(5), 1)] == [5]
    assert [len(part) for part in shares(range(300), 4)] == [1, 100, 100, 99]
    assert shares(range(5), 0) == []


def test_the_message_id_comes_from_key_and_senders_domain() -> None:
    assert message_id("ab", "Earshot <alerts@example.org>") == "<ab@example.org>"
    assert message_id("ab", "alerts@bücher.example") == "<ab@xn--bcher-kva.example>"
    assert message_id("ab", "") == "<ab@localhost>"


@settings(deadline=None)
@given(st.timedeltas(timedelta(0), timedelta(days=5)))
def test_waits_grow_within_their_bounds_and_end_after_four_days(spent: timedelta) -> None:
    later = next_try(NOW, NOW + spent)
    if spent >= GIVE_UP:
        assert later is None
    else:
        assert later is not None
        assert FIRST <= later - (NOW + spent) <= LONGEST


def test_the_first_failed_try_is_read_from_the_reason() -> None:
    assert since_when("450 later (tried since 2026-11-20 12:00 UTC)") == NOW
    assert since_when("450 later") is None
    assert since_when("our side: login refused (tried since ever UTC)") is None
