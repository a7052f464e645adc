"""Why a page has nothing to show, and what to do about it, in words. Knows no template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards import wording
from dashboards.view import View
from earshot.ports import SourceState


@dataclass(frozen=True, slots=True)
class Emptiness:
    """title: what is so; reason: why; steps: what can be done, each words and the URL that does it (or empty)."""

    title: str
    reason: str
    steps: tuple[tuple[str, str], ...] = ()


def why_empty(view: View, held: int, sources: Sequence[SourceState], path: str) -> Emptiness:
    """Say why a view shows no mention.

    Args:
        view: what was asked for.
        held: mentions in the index, whatever the view.
        sources: active ones.
        path: of the page, for links that widen the view.
    """
    if not held:
        return _nothing_heard(sources)
    reset = (
        "Clear all filters",
        f"{path}?range={view.period.name}" if view.period.name != "custom" else path,
    )
    if view.is_narrowed:
        when = wording.time_words(view.period, view.zone)
        steps = [reset]
        if view.query:
            steps.insert(0, ("Remove the search words", view.link(path, q=None)))
        steps.append(("Search all time", view.link(path, range="all")))
        return Emptiness("No match", f"Nothing matches these filters {when}.", tuple(steps))
    failing = [source for source in sources if source.is_not_fetched]
    steps = [("Search all time", view.link(path, range="all"))]
    if failing:
        reason = f"{len(failing)} of {len(sources)} sources are failing, so this may not be true silence."
        return Emptiness("Nothing found in this time", reason, (("See what fails", "/sources?outcome=problem"), *steps))
    return Emptiness("A quiet time", "The sources were fetched, and nobody named a brand in this time.", tuple(steps))


def _nothing_heard(sources: Sequence[SourceState]) -> Emptiness:
    if not sources:
        return Emptiness(
            "No sources yet",
            "The workspace names no source to listen to.",
            (("Add a file to sources/ in the workspace, then run: earshot check", ""),),
        )
    if all(source.last_outcome is None for source in sources):
        return Emptiness(
            "Nothing fetched yet",
            f"{len(sources)} sources are known, and none was asked so far.",
            (("Start listening: earshot run", ""), ("See the sources", "/sources")),
        )
    if all(source.is_not_fetched for source in sources):
        return Emptiness(
            "Nothing fetched: every source fails",
            "All sources were tried and none answered properly.",
            (("See why", "/sources?outcome=problem"),),
        )
    return Emptiness(
        "Nobody named a brand yet",
        "The sources were fetched, but none of their documents names one of your brands.",
        (("See the sources", "/sources"), ("Widen a brand in brands/, then run: earshot run", "")),
    )
