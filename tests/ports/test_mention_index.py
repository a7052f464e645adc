"""Every adapter of MentionIndex keeps its contract. Test ids carry the adapter's name."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from earshot.index.embedded import EmbeddedIndex
from tests.ports.mention_index import Fresh, MentionIndexContract


def embedded(tmp_path: Path) -> Fresh:
    numbers = count()
    return lambda: EmbeddedIndex(tmp_path / f"index-{next(numbers)}")


class TestMentionIndex(MentionIndexContract):
    @pytest.fixture(params=[pytest.param(embedded, id="embedded")])
    def fresh(self, request: pytest.FixtureRequest, tmp_path: Path) -> Fresh:
        return request.param(tmp_path)
