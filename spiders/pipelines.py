"""Scrapy's item pipeline of this project: captures to the lake, events to the results file. Knows no HTTP.

An OK is reported only after the WARC file that holds its capture was published.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Self

from twisted.internet.task import LoopingCall

from earshot.errors import StorageError
from earshot.model import Fetched, FilePublished, HostRests, RobotsCopy
from earshot.ports import Lake, LakeWriter
from spiders.fetch import Captured, Found
from spiders.results import ResultsFile

ENDED = "earshot/ended"
"""Name of the count of items that came to their end."""
LOOK_S = 0.25
"""How often an open file is looked at whether its time has come."""


class LakePipeline:
    """Writes what the spider yields."""

    def __init__(self, crawler: Any, lake: Lake, results: ResultsFile, publish_after_s: float) -> None:
        self._crawler, self._lake, self._results = crawler, lake, results
        self._publish_after_s, self._since = publish_after_s, 0.0
        self._may_publish = publish_after_s < math.inf
        self._writer: LakeWriter | None = None
        self._waiting: list[Fetched] = []
        self._timer = LoopingCall(self._look)

    @classmethod
    def from_crawler(cls, crawler: Any) -> Self:
        """Build from the settings of the process."""
        settings = crawler.settings
        return cls(
            crawler,
            settings["EARSHOT_LAKE"],
            ResultsFile(Path(settings["EARSHOT_RESULTS"])),
            settings["EARSHOT_PUBLISH_AFTER_S"],
        )

    def open_spider(self) -> None:
        """Begin to look at the clock, so that captures appear early."""
        self._timer.start(LOOK_S, now=False)

    def process_item(self, item: Found) -> Found:
        """Write one find."""
        with _or_die():
            if isinstance(item, Captured):
                self._add(item)
            else:
                self._results.append(item)
        if not isinstance(item, RobotsCopy | HostRests):
            self._crawler.stats.inc_value(ENDED)
        return item

    def close_spider(self) -> None:
        """Publish what is open."""
        if self._timer.running:
            self._timer.stop()
        with _or_die():
            self._publish()
        self._results.close()

    def _add(self, item: Captured) -> None:
        if self._writer is None:
            self._writer = self._lake.open_writer()
            self._since = monotonic()
        self._writer.add(item.capture, item.body)
        self._waiting.append(item.fetched)
        self._look()

    def _look(self) -> None:
        if self._writer is None:
            return
        is_late = monotonic() - self._since >= self._publish_after_s
        if self._writer.is_full or is_late or (self._may_publish and self._crawler.spider.is_idle):
            with _or_die():
                self._publish()

    def _publish(self) -> None:
        writer, self._writer = self._writer, None
        waiting, self._waiting = self._waiting, []
        file = writer.publish() if writer is not None else ""
        if file:
            self._results.append(FilePublished(file), *waiting)


@contextmanager
def _or_die() -> Iterator[None]:
    """End the process where the lake or the results file fail: it could fetch, but not keep or tell.

    What was published and told stays true; what was not is fetched again.
    """
    try:
        yield
    except (StorageError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        sys.stderr.flush()
        os._exit(1)
