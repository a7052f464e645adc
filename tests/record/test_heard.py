"""The sweep over heard spans says what looking at every hour and every span would say."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from earshot.record.heard import HOUR, _hours, _Listener, _Sweep
from tests.builders import NOW

MINUTES = st.integers(-40 * 60, 10 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes))


@st.composite
def listeners(draw: st.DrawFn) -> _Listener:
    borders = sorted(set(draw(st.lists(MINUTES, max_size=8))))
    spans = tuple(zip(borders[::2], borders[1::2], strict=False))
    return _Listener(draw(MINUTES).replace(minute=0), spans)


def covers(span: tuple[datetime, datetime], hour: datetime, now: datetime) -> bool:
    since, until = span
    if now < hour + HOUR:
        return since <= hour < until
    return since <= hour and until >= hour + HOUR


@given(st.lists(listeners(), max_size=4), MINUTES, st.integers(0, 30), MINUTES)
def test_a_sweep_counts_what_looking_one_by_one_counts(
    found: list[_Listener], since: datetime, length: int, now: datetime
) -> None:
    hours = list(_hours(since, since + timedelta(hours=length)))
    sweep = _Sweep(hours, now)
    for listener in found:
        sweep.take(listener)
    expected = []
    for hour in hours:
        listening = [one for one in found if one.since <= hour <= now]
        expected.append((hour, sum(any(covers(s, hour, now) for s in one.spans) for one in listening), len(listening)))
    assert list(sweep.rows()) == expected
