"""How busy the machine is: a promise in seconds is held against that, so that a loaded machine breaks none."""

from __future__ import annotations

import os


def by_load(seconds: float) -> float:
    """Return how long something may take now that takes `seconds` at most where a core is free."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
