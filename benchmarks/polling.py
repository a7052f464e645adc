"""How many unchanged feeds can be polled in a second by one core, and are many feeds polled in time?

`python -m benchmarks.polling [FEEDS] [PACE_S] [SECONDS]`: feeds that answer 304, and feeds that answer the same bytes.
CPU time is that of all of Earshot's processes; the server's is not counted.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import loopback_web
from benchmarks.listening import lateness, listen, quantile, write_workspace
from benchmarks.report import report


def main(feeds: int = 2000, pace_s: int = 10, seconds: float = 60.0) -> None:
    """Measure and report."""
    rows = [measure(manner, feeds, pace_s, seconds) for manner in ("good", "hash")]
    report("polling", rows, ["good: answers 304; hash: answers the same bytes. Lateness: beyond the pace."])


def measure(manner: str, feeds: int, pace_s: int, seconds: float) -> dict[str, Any]:
    """Poll feeds of one manner."""
    with tempfile.TemporaryDirectory() as name, loopback_web.serving(Path(name)) as port:
        urls = {f"f{n}": f"http://{loopback_web.host(manner, n)}:{port}/feed" for n in range(feeds)}
        write_workspace(Path(name) / "w", urls, pace_s)
        began, ended, cpu_s = listen(Path(name) / "w", loopback_web.is_warm(Path(name), manner, feeds), seconds)
        times = loopback_web.seen(Path(name), manner)
    polls = sum(began <= at <= ended for looks in times.values() for at in looks)
    late = lateness(times, began, ended, pace_s)
    return {
        "feeds": f"{feeds} {manner}",
        "pace s": pace_s,
        "polls/s": round(polls / (ended - began), 1),
        "wanted/s": round(feeds / pace_s, 1),
        "cores": round(cpu_s / (ended - began), 2),
        "polls/s/core": round(polls / cpu_s, 1),
        "late p50 s": round(quantile(late, 0.5), 2),
        "late p95 s": round(quantile(late, 0.95), 2),
    }


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
