"""Durations as people write them: `48h`, `15 min`, `2d`, `1h 30m`; `none` where there is no limit."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

_SECONDS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(s|sec|m|min|h|d|w)\b")


def parse_duration(value: object) -> object:
    """Return a timedelta for a written duration and None for `none`; anything else is left to pydantic.

    Raises:
        ValueError: text that is no duration; says what would be right.
    """
    if not isinstance(value, str):
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise ValueError("not a duration without its unit; write for example 48h, 15m or 2d")
        return value
    text = value.strip().lower()
    if text in ("none", "off", "never"):
        return None
    at, seconds = 0, 0.0
    while part := _PART.match(text, at):
        seconds += float(part[1]) * _SECONDS[part[2]]
        at = part.end()
    if not text or at != len(text):
        raise ValueError("not a duration; write for example 48h, 15m, 2d or none")
    return timedelta(seconds=seconds)


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
OptionalDuration = Annotated[timedelta | None, BeforeValidator(parse_duration)]
