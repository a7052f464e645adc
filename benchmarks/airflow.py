"""How does Airflow bear 40 brands and 2,000 sources? Parse time of the DAG files, scheduler lag, memory.

    python -m benchmarks.airflow [--sources 2000] [--brands 40] [--minutes 4]

A web of as many sites as sources, each one feed of ten posts of the last hours, is served on the loopback (as the
workspace's proxy), and a mail server beside it; a real `airflow standalone` listens as `make airflow` does. Every post
complains of a brand, so each brand has alerts, by runs of its own. Parse time is the processor's, of each DAG file
beyond `import airflow.sdk`, with the compiled schedule of this workspace, and without. Lag is from the moment a timed
run was due, or an alert was asked for, to its first task's start. While every source is heard for the first time runs
wait for one another, so the runs before the last source was heard and those after it are told apart. Memory is the
summed PSS of all of Airflow's processes, spiders and readers included.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from benchmarks.feeds_web import serve_feeds
from benchmarks.pipeline import tree_pss
from benchmarks.report import report
from earshot.clock import SystemClock
from earshot.config.schedule import write_schedule
from earshot.config.workspace import load_workspace
from earshot.demo.mailserver import DemoMailServer
from tests.dags.airflow_home import LiveAirflow, live_airflow
from tests.dags.running import Airflow

POSTS = 10
ASK_EVERY_S = 10.0
DAGS = {
    "earshot_collect": "scheduled",
    "earshot_ingest": "scheduled",
    "earshot_publish": "scheduled",
    "earshot_alert": "asset_triggered",
}
"""With the kind of run that is looked at."""


def main() -> None:
    """Measure and report."""
    options = _options()
    feed = partial(_feed, began_at=datetime.now(UTC), brands=options.brands)
    with (
        tempfile.TemporaryDirectory() as folder,
        DemoMailServer(Path(folder) / "maildir", SystemClock()) as post,
    ):
        root, server = Path(folder) / "workspace", serve_feeds(feed)
        write_workspace(root, options.sources, options.brands, server.server_port, post.port)
        rows = [_row("read the workspace's YAML", _read_s(root), "s")]
        rows += _parse_rows(root, Path(folder))
        with live_airflow(root) as airflow:
            rows += _watch(airflow, root, options.sources, options.minutes)
        rows.append(_row("mails", [len(list((post.maildir / "new").iterdir()))], ""))
        server.shutdown()
    what = f"{options.brands} brands, {options.sources} sources of {POSTS} posts each"
    notes = [f"{what}; {options.minutes} minutes beyond the first hearing"]
    report("airflow", rows, notes)


def write_workspace(root: Path, sources: int, brands: int, port: int, mail_port: int) -> None:
    """Write a workspace of so many sources, in ten collections, and brands with one rule each."""
    (root / "brands").mkdir(parents=True)
    (root / "sources").mkdir()
    proxy = f"http://127.0.0.1:{port}"
    (root / "earshot.yaml").write_text(
        f"collect: {{contact: me@example.org, proxy: '{proxy}', allow_hosts: ['*.localhost'], processes: 2}}\n"
        f"mail: {{host: 127.0.0.1, port: {mail_port}, security: none, sender: 'Earshot <earshot@example.org>'}}\n"
    )
    for number in range(brands):
        name = f"brand{number}"
        text = f"id: {name}\nname: Brand{number}\nrecipients: [{{address: {name}@example.org}}]\n"
        (root / "brands" / f"{name}.yaml").write_text(text + "rules: [{id: all, query: 'sentiment:negative'}]\n")
    for start in range(10):
        lines = [
            f"  - {{id: s{n}, kind: feed, url: 'http://s{n}.localhost/feed', pace: 15m, delay: 0s}}"
            for n in range(start, sources, 10)
        ]
        (root / "sources" / f"collection{start}.yaml").write_text("sources:\n" + "\n".join(lines) + "\n")


def _feed(host: str, began_at: datetime, brands: int) -> str:
    number = int(host.partition(".")[0].removeprefix("s"))
    items = "".join(
        f"<item><title>Post {n} of {host}</title><link>http://{host}/{n}</link>"
        f"<pubDate>{format_datetime(began_at - timedelta(minutes=10 * n), usegmt=True)}</pubDate>"
        f"<description>{'A day by the water with nothing to report. ' * 12} "
        f"My Brand{(number + n) % brands} broke after a day. It is useless, and I am very angry."
        "</description></item>"
        for n in range(POSTS)
    )
    return f'<rss version="2.0"><channel><title>{host}</title>{items}</channel></rss>'


def _read_s(root: Path) -> list[float]:
    found = []
    for _ in range(3):
        began = time.process_time()
        write_schedule(load_workspace(root, {}))
        found.append(time.process_time() - began)
    return found


def _parse_rows(root: Path, folder: Path) -> list[dict[str, Any]]:
    rows = []
    for name, settings in (("no workspace", {}), ("this workspace", {"EARSHOT_WORKSPACE": str(root)})):
        home = folder / name.replace(" ", "-")
        home.mkdir()
        seconds = Airflow(home)("program_bag.py", **settings)["seconds"]
        rows.append(_row(f"parse a DAG file, {name}", [1000 * took for took in seconds.values()], "ms"))
    return rows


def _watch(airflow: LiveAirflow, root: Path, sources: int, minutes: float) -> list[dict[str, Any]]:
    """Let it work until every source is heard, and as many minutes beyond; ask its API afterwards."""
    pss: list[float] = []
    began, heard_at, heard_s, looked_at = time.monotonic(), None, float("nan"), 0.0
    while heard_at is None or datetime.now(UTC) - heard_at < timedelta(minutes=minutes):
        pss.append(tree_pss(os.getpid()) / 1e6)
        if heard_at is None and time.monotonic() - looked_at > ASK_EVERY_S:
            looked_at = time.monotonic()
            if json.loads(_status(root))["sources"].get("ok", 0) >= sources:
                heard_at, heard_s = datetime.now(UTC), looked_at - began
        time.sleep(2)
    rows = [_row("memory of all processes", pss, "MB"), _row("until every source was heard", [heard_s], "s")]
    for dag, run_type in DAGS.items():
        lags = _lags(airflow, dag, run_type)
        rows.append(_row(f"lag of {dag}, first hearing", [lag for due, lag in lags if due < heard_at], "s"))
        rows.append(_row(f"lag of {dag}, afterwards", [lag for due, lag in lags if due >= heard_at], "s"))
    status = json.loads(_status(root))
    rows.append(_row("documents", [status["documents"]], ""))
    rows.append(_row("processes", [len(psutil.Process().children(recursive=True))], ""))
    return rows


def _lags(airflow: LiveAirflow, dag: str, run_type: str) -> list[tuple[datetime, float]]:
    """Return of each run when it was due, and how many seconds later its first task began."""
    begun: dict[str, datetime] = {}
    for task in airflow.tasks(dag):
        if task["start_date"]:
            started = datetime.fromisoformat(task["start_date"])
            begun[task["dag_run_id"]] = min(started, begun.get(task["dag_run_id"], started))
    due = {r["dag_run_id"]: datetime.fromisoformat(r["run_after"]) for r in airflow.runs(dag, run_type=run_type)}
    return [(due[run], (began - due[run]).total_seconds()) for run, began in begun.items() if run in due]


def _status(root: Path) -> str:
    import subprocess
    import sys

    command = [sys.executable, "-m", "earshot", "--workspace", str(root), "status", "--json"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _row(what: str, values: list[float], unit: str) -> dict[str, Any]:
    if not values:
        return {"what": what, "count": 0, "median": "-", "max": "-", "unit": unit}
    return {
        "what": what,
        "count": len(values),
        "median": float(statistics.median(values)),
        "max": float(max(values)),
        "unit": unit,
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=2000)
    parser.add_argument("--brands", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=4)
    return parser.parse_args()


if __name__ == "__main__":
    main()
