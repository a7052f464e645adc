"""Fields of trigger forms that more than one DAG has, in plain words."""

from __future__ import annotations

from collections.abc import Mapping

from airflow.sdk import Param

from earshot_dags.timetable import BRANDS


def day(title: str, description: str) -> Param:
    """Return a field for a day, which may stay empty: Airflow takes a plain text field as one that has to be filled."""
    return Param(None, type=["null", "string"], title=title, description=description)


def one_of(names: Mapping[str, str], every: str, title: str, description: str) -> Param:
    """Return a choice among `names` (shown by value) that may stay empty, which means `every`.

    Where the schedule is not compiled yet nobody knows the names, and anything may be typed; the job checks it.
    """
    known = {"enum": [*names, None], "values_display": {"null": every.capitalize(), **names}} if names else {}
    return Param(None, type=["null", "string"], title=title, description=f"{description} Empty: {every}.", **known)


def by_hand() -> Param:
    """Return the choice of a brand for a run that is started by hand; a scheduled one carries its own."""
    return one_of(BRANDS, "every brand", "Brand", "For a run started by hand; scheduled ones are of one brand each.")


def share() -> Param:
    """Return how much of the time the work may take, so that live listening is not held up."""
    return Param(
        0.5,
        type="number",
        minimum=0.05,
        maximum=1,
        title="Share of the time",
        description="0.5 works half of the time and rests the other half, so that live listening is not held up.",
    )
