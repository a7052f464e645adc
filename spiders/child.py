"""The spider process: bounds itself, lays a batch's limits over the settings, runs the spider once. Knows no record."""

from __future__ import annotations

import ctypes
import math
import os
import resource
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from earshot.batches import load_batch, without_login
from earshot.clock import SystemClock
from earshot.config.environment import environment
from earshot.harmless import HarmlessStream
from earshot.model import Batch
from earshot.ports import Clock, Lake
from spiders.collector import PROXY
from spiders.crawl.batch import BatchSpider
from spiders.guard import Guard
from spiders.pipelines import ENDED
from spiders.results import results_path
from spiders.visits import arriving

PR_SET_PDEATHSIG = 1
"""Source: prctl(2), <linux/prctl.h>."""
PUBLISH_AFTER_S = 2.0
"""So long a capture waits for others to share its file where visits go on for ever; without visits it does not wait."""
VIRTUAL_MB = 768
"""Address space of a process that fetches small pages, on top of which the limit comes: 550 MB at 87 MB resident, and
96 MB for the stacks of what resolves names."""


def main(arguments: list[str]) -> int:
    """Run one batch: batch file, seconds for a visit, process id of the parent, "more" if more visits come by standard
    input. Return the exit code.

    0: every item was reported. 1: not so, for instance because the lake failed; said on standard error.
    """
    sys.stderr = HarmlessStream(sys.stderr)
    batch_file, seconds, parent = Path(arguments[0]), float(arguments[1]), int(arguments[2])
    die_with(parent)
    batch = with_login(load_batch(batch_file), environment().get(PROXY, ""))
    bound_resources(batch.limits.memory_mb)
    clock = SystemClock()
    has_more = arguments[3:] == ["more"]
    lake = make_lake(batch.lake_url, clock)
    after_s = PUBLISH_AFTER_S if has_more else math.inf
    process = AsyncCrawlerProcess(settings_for(batch, results_path(batch_file), lake, after_s))
    crawler = process.create_crawler(BatchSpider)
    process.crawl(crawler, batch=batch, clock=clock, seconds=seconds, more=arriving() if has_more else None)
    process.start()
    return exit_code(crawler, None if has_more else len(batch.items))


def with_login(batch: Batch, proxy: str) -> Batch:
    """Return the batch with its proxy's login, where `proxy` is the same one."""
    if without_login(proxy) != batch.limits.proxy:
        return batch
    return replace(batch, limits=replace(batch.limits, proxy=proxy))


def die_with(parent: int) -> None:
    """Make the kernel end this process when its parent ends; end it now if that has happened already.

    The parent is the thread that started it (prctl(2)): it must live as long as the batch.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit("the parent process is gone")


def bound_resources(memory_mb: int) -> None:
    """Bound this process's address space, so that a hostile body ends it and not the machine; allow many sockets."""
    threading.stack_size(512 * 1024)
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, most_files) if most_files > 0 else 4096, most_files))
    size = (memory_mb + VIRTUAL_MB) * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (size, size))


def settings_for(batch: Batch, results: Path, lake: Lake, publish_after_s: float) -> Settings:
    """Return the project's settings with what the batch says."""
    settings = Settings()
    settings.setmodule("spiders.settings", priority="project")
    limits = batch.limits
    chosen: dict[str, Any] = {
        "USER_AGENT": limits.user_agent,
        "DOWNLOAD_TIMEOUT": limits.timeout_s,
        "DOWNLOAD_MAXSIZE": limits.max_bytes,
        "EARSHOT_MEMORY_MB": limits.memory_mb,
        "EARSHOT_GUARD": Guard(limits),
        "EARSHOT_LAKE": lake,
        "EARSHOT_RESULTS": str(results),
        "EARSHOT_PUBLISH_AFTER_S": publish_after_s,
    }
    for name, value in chosen.items():
        settings.set(name, value, priority="cmdline")
    return settings


def make_lake(url: str, clock: Clock) -> Lake:
    """Return the lake of a batch. Its login stands in no batch file: it comes from the environment."""
    from earshot.lake import Login, WarcLake

    if not url.startswith("s3:"):
        return WarcLake(url, clock)
    from earshot.config.environment import lake_login

    return WarcLake(url, clock, Login(*lake_login(environment())))


def exit_code(crawler: Any, items: int | None) -> int:
    """Return 0 where every item was reported, or where their number is nobody's to know, all went as it should."""
    ended = crawler.stats.get_value(ENDED, 0)
    if ended == items or (items is None and crawler.stats.get_value("finish_reason") == "finished"):
        return 0
    sys.stderr.write(f"{ended} of {items} items came to an end: {crawler.stats.get_value('finish_reason')}\n")
    return 1
