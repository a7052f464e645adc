"""Every adapter of MentionIndex keeps its contract. Test ids carry the adapter's name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.index.engines import ENGINES, opened
from tests.ports.mention_index import Fresh, MentionIndexContract


class TestMentionIndex(MentionIndexContract):
    @pytest.fixture(params=ENGINES)
    def fresh(self, request: pytest.FixtureRequest) -> Iterator[Fresh]:
        with opened(request.param, request) as fresh:
            yield fresh
