"""Gives the results of a test of a fault what docs/reliability.md says of it: the case and the promise.

scripts/reliability.py reads them there.
"""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep case and promise beside the result of each test that has the mark `fault`."""
    for item in items:
        if mark := item.get_closest_marker("fault"):
            item.user_properties += [(name, mark.kwargs[name]) for name in ("case", "promise")]
