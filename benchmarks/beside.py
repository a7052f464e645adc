"""Are good sources looked at as punctually beside hundreds of bad ones as alone?

`python -m benchmarks.beside [SECONDS]`: 200 good feeds at a pace of 10 s; then the same beside 250 feeds that answer
after 29 s, 250 with a Crawl-delay of 10 s, 300 that drip, and 200 names that no name server answers for (where this
machine lets us have a mount namespace: those are asked of one that says nothing).
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import loopback_web
from benchmarks.listening import lateness, listen, quantile, write_workspace
from benchmarks.report import report

GOOD, PACE_S = 200, 10
BAD = {"slow": 250, "delay": 250, "drip": 300}
DEAD = 200
MUTE = "127.0.0.153"
_INSIDE = "BENCHMARK_MUTE_NAMES"


def main(seconds: int = 180) -> None:
    """Measure and report."""
    with_names = os.environ.get(_INSIDE) == "1"
    mute = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if with_names:
        mute.bind((MUTE, 53))
    alone = measure("good alone", {}, 0, seconds)
    beside = measure("beside bad ones", BAD, DEAD if with_names else 0, seconds)
    worst = beside["late p95 s"] / max(alone["late p95 s"], 0.001) - 1
    notes = [f"p95 lateness rises by {100 * worst:.0f}%", "lateness: how much later than its pace a look began"]
    report("beside", [alone, beside], notes if with_names else [*notes, "without dead names: no mount namespace here"])


def measure(what: str, bad: dict[str, int], dead: int, seconds: float) -> dict[str, Any]:
    """Listen to the good feeds and to these others; return how late the good ones were looked at."""
    with tempfile.TemporaryDirectory() as name, loopback_web.serving(Path(name)) as port:
        hosts = {f"good{n}": loopback_web.host("good", n) for n in range(GOOD)}
        hosts |= {f"{manner}{n}": loopback_web.host(manner, n) for manner, count in bad.items() for n in range(count)}
        urls = {source: f"http://{host}:{port}/feed" for source, host in hosts.items()}
        urls |= {f"dead{n}": f"http://dead{n}.example/feed" for n in range(dead)}
        write_workspace(Path(name) / "w", urls, PACE_S)
        began, ended, cpu_s = listen(Path(name) / "w", loopback_web.is_warm(Path(name), "good", GOOD), seconds)
        times = loopback_web.seen(Path(name), "good")
    late = lateness(times, began, ended, PACE_S)
    return {
        "scene": what,
        "sources": len(urls),
        "looks": sum(began <= at <= ended for looks in times.values() for at in looks),
        "starved": GOOD - sum(any(began <= at <= ended for at in looks) for looks in times.values()),
        "late p50 s": round(quantile(late, 0.5), 3),
        "late p95 s": round(quantile(late, 0.95), 3),
        "late p99 s": round(quantile(late, 0.99), 3),
        "cores": round(cpu_s / (ended - began), 2),
    }


def within_mute_names(arguments: list[str]) -> int:
    """Run this program where no name server answers, if that can be."""
    if not shutil.which("unshare") or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        main(*(int(argument) for argument in arguments))
        return 0
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as settings:
        settings.write(f"nameserver {MUTE}\n")
        settings.flush()
        within = f'mount --bind {settings.name} /etc/resolv.conf && exec "$0" -m benchmarks.beside "$@"'
        command = ["unshare", "-m", "sh", "-c", within, sys.executable, *arguments]
        return subprocess.run(command, env={**os.environ, _INSIDE: "1"}, check=False).returncode


if __name__ == "__main__":
    if os.environ.get(_INSIDE) == "1":
        main(*(int(argument) for argument in sys.argv[1:]))
    else:
        sys.exit(within_mute_names(sys.argv[1:]))
