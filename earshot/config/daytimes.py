"""Times of day as people write them: `07:00`, in YAML with or without quotation marks."""

from __future__ import annotations

from datetime import time
from typing import Annotated

from pydantic import BeforeValidator


def parse_clock_time(value: object) -> object:
    """Return a time of day for what YAML 1.1 tools make of 22:00 (1320, base 60); the rest is left to pydantic."""
    if isinstance(value, int) and not isinstance(value, bool):
        return time(value // 60, value % 60) if 0 <= value < 1440 else value
    return value


ClockTime = Annotated[time, BeforeValidator(parse_clock_time)]
