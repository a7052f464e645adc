"""Keeps one stage's unforeseen error from ending the others: the stage rests, each time longer, and is tried again.

Knows no stage. A `StorageError` passes: it concerns every stage, and whoever drives them waits it out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import structlog

from earshot.errors import StorageError
from earshot.ports import Clock

log = structlog.get_logger(__name__)
_FIRST_REST_S, _LONGEST_REST_S = 2.0, 300.0
T = TypeVar("T")


class Resting:
    """Calls stages by name. `broken` holds the latest unforeseen error of each stage that has not worked since."""

    def __init__(self, clock: Clock, on_failure: Callable[[str, Exception], None]) -> None:
        """Keep the clock, and whom to tell of a stage's first failure after it last worked."""
        self._clock, self._on_failure = clock, on_failure
        self._until: dict[str, tuple[float, float]] = {}
        self.broken: dict[str, str] = {}

    def attempt(self, stage: str, call: Callable[[], T]) -> T | None:
        """Return what the stage returns; None where it rests or has just failed.

        Raises:
            StorageError: record, lake or index do not answer.
        """
        if self.is_resting(stage):
            return None
        try:
            result = call()
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 (one stage's failure is recorded, and the next stage begins)
            self.fail(stage, error)
            return None
        self.work(stage)
        return result

    def is_resting(self, stage: str) -> bool:
        """Tell whether a stage failed and is not to be tried yet."""
        return stage in self._until and self._clock.monotonic() < self._until[stage][0]

    def fail(self, stage: str, error: Exception) -> None:
        """Note that a stage failed: it rests, twice as long as the time before."""
        rest = self._until[stage][1] if stage in self._until else _FIRST_REST_S
        self._until[stage] = (self._clock.monotonic() + rest, min(rest * 2, _LONGEST_REST_S))
        is_first = stage not in self.broken
        self.broken[stage] = f"{type(error).__name__}: {error}"
        if is_first:
            log.error("a stage failed in an unforeseen way; it is tried again", stage=stage, exc_info=error)
            self._on_failure(stage, error)

    def work(self, stage: str) -> None:
        """Note that a stage works."""
        self._until.pop(stage, None)
        self.broken.pop(stage, None)
