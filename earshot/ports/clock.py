"""Time, as everything asks for it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Time. Tests bring their own; nothing else in Earshot asks the machine."""

    def now(self) -> datetime:
        """Return the time, aware, UTC."""

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""

    def sleep(self, seconds: float) -> None:
        """Wait."""
