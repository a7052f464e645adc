"""What a scheduler's log says of a job's answer: numbers, names and findings.

Never the title, site or address of anything that was heard: logs are read by others than the pages are, and what is
erased stays in them. Knows no stage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

MOST_NAMES = 20
"""So many names of a list are said; of more, only how many they are."""
_FATES = {
    "entered": ("enters", "entered"),
    "left": ("leaves", "left"),
    "changed": ("changes", "changed"),
    "renewed": ("judged anew, the same", "judged anew, the same"),
    "as_before": ("as before", "as before"),
}
"""What becomes of a brand's mentions when it is judged again, in words: before and after it is written."""


def log_lines(job: str, answer: Mapping[str, Any]) -> list[str]:
    """Return the answer of a job in lines for people; noughts, and lists that are empty, are left out."""
    counts = [part for name, value in answer.items() for part in _counts(name, value)]
    names = [f"{_words(name)}: {said}" for name, value in answer.items() if (said := _names(value))]
    lines = [f"{job}: {', '.join(counts)}" if counts else f"{job}: nothing to count", *names]
    lines += dict.fromkeys(line for value in answer.values() for line in _findings(value))
    return lines + list(_brands(answer))


def _counts(name: str, value: Any) -> Iterator[str]:
    if type(value) is int and value:
        yield f"{_words(name)} {value:,}"
    elif isinstance(value, Mapping):
        for inner, number in value.items():
            yield from _counts(inner, number)
    elif isinstance(value, list) and value and not _are_names(value):
        yield f"{_words(name)} {len(value):,}"


def _names(value: Any) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, list) or not _are_names(value):
        return ""
    return ", ".join(value) if len(value) <= MOST_NAMES else f"{len(value):,} of them"


def _are_names(value: list[Any]) -> bool:
    return all(isinstance(each, str) for each in value)


def _findings(value: Any) -> Iterator[str]:
    """Yield what was found and what to do, of a list of alarms or of findings."""
    for each in value if isinstance(value, list) else []:
        if isinstance(each, Mapping) and {"what", "advice"} <= each.keys():
            yield f"{each['what']} {each['advice']}"


def _brands(answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each brand that was judged again, and what to do next."""
    if "is_written" not in answer:
        return
    for brand in answer["brands"]:
        fates = (f"{words[answer['is_written']]} {brand[name]:,}" for name, words in _FATES.items())
        yield f"{brand['brand']}: {', '.join(fates)}"
    if not answer["is_written"]:
        yield "Nothing was written. Is that what you meant? Then start it again with *Write it* on."


def _words(name: str) -> str:
    return name.replace("_", " ")
