"""When somebody hears again of an incident, as people write it: `growth`, `[3, 10, 50]`, `1h`, `never`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from earshot.config.durations import parse_duration
from earshot.model import Updates

_RIGHT = "write growth, a list of counts such as [3, 10, 50], a time such as 1h, or never"
_LEAST = timedelta(minutes=1)


def parse_updates(value: object) -> object:
    """Return the Updates of what a file says; anything else is left to pydantic.

    Raises:
        ValueError: it says none of these; says what would be right.
    """
    if value is None or isinstance(value, Updates):
        return value
    if isinstance(value, list | tuple):
        return Updates(steps=_steps(value))
    if isinstance(value, str):
        text = value.strip().lower()
        if text in ("growth", "never"):
            return Updates() if text == "growth" else Updates(steps=())
        try:
            after = parse_duration(text)
        except ValueError as error:
            raise ValueError(f"not a rule for updates; {_RIGHT}") from error
        if isinstance(after, timedelta) and after >= _LEAST:
            return Updates(steps=(), after=after)
    raise ValueError(f"not a rule for updates; {_RIGHT}")


def _steps(value: list[object] | tuple[object, ...]) -> tuple[int, ...]:
    steps = tuple(each for each in value if isinstance(each, int) and not isinstance(each, bool) and each >= 2)
    if not value or len(steps) != len(value) or list(steps) != sorted(set(steps)):
        raise ValueError("not counts of mentions that rise from 2; write for example [3, 10, 50]")
    return steps


def _plain(value: Updates) -> Any:
    if value.after is not None:
        return f"{int(value.after.total_seconds())}s"
    return list(value.steps) if value.steps else "never"


_SCHEMA = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "integer", "minimum": 2}}]}
UpdatesText = Annotated[
    Updates,
    BeforeValidator(parse_updates),
    PlainSerializer(_plain, when_used="json"),
    WithJsonSchema(_SCHEMA),
]
