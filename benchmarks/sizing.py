"""How many bytes is a mention, in the record, the lake and the index? On one machine, and in servers where they are.

    python -m benchmarks.sizing [--posts 10000] [--brands 20]

A web of feeds of fifty invented posts each (10 to 1,500 words, half shorter than 90; each names one brand, a tenth of
them two) is served on the loopback and goes the whole way: collect, read, judge, index. Then all is weighed: SQLite
after its log is written back, PostgreSQL by its own account, the embedded index, and OpenSearch's after a merge. Brands
have no rules, so alerts are not in it.
"""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import text

from benchmarks.feeds_web import serve_feeds
from benchmarks.mentions import VOCABULARY
from benchmarks.report import report
from earshot.demo.children import bare_environment
from scripts.engines.distributions import OPENSEARCH, missing
from scripts.engines.nodes import Node
from tests.postgresql.programs import find_programs
from tests.postgresql.server import Server

POSTS = 50
BEGINNING = datetime(2026, 10, 1, tzinfo=UTC)


def main() -> None:
    """Measure and report."""
    options = _options()
    rows: list[dict[str, Any]] = []
    notes = [f"{options.posts} posts of {options.brands} brands, in feeds of {POSTS}"]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        server = serve_feeds(partial(_feed, brands=options.brands))
        stack.callback(server.shutdown)
        one = Path(folder) / "one"
        write_workspace(one, options.posts // POSTS, options.brands, server.server_port)
        _listen(one, {})
        found = _counts(one / "var" / "record.db")
        rows += _rows("one machine", found, _sqlite_bytes(one), _folder_bytes(one, "lake"), _folder_bytes(one, "index"))
        notes.append("SQLite by table, MB: " + _shares(_sqlite_tables(one)))
        if find_programs() and not missing(OPENSEARCH):
            database, engine = Server(), Node(OPENSEARCH)
            stack.callback(database.stop)
            stack.callback(engine.stop)
            engine.ready()
            url = database.url.render_as_string(hide_password=False)
            many = Path(folder) / "many"
            write_workspace(many, options.posts // POSTS, options.brands, server.server_port)
            settings = {"RECORD_URL": url, "INDEX_ENGINE": "opensearch", "INDEX_URLS": engine.url}
            _listen(many, {f"EARSHOT_{name}": value for name, value in settings.items()})
            tables = _postgresql_tables(database)
            rows += _rows(
                "cluster", found, sum(tables.values()), _folder_bytes(many, "lake"), _opensearch_bytes(engine)
            )
            notes.append("PostgreSQL by table with its indices, MB: " + _shares(tables))
        else:
            notes.append("no PostgreSQL or no OpenSearch here: one machine only")
    report("sizing", rows, notes)


def write_workspace(root: Path, feeds: int, brands: int, port: int) -> None:
    """Write a workspace over so many feeds; a brand has a name and two aliases."""
    (root / "brands").mkdir(parents=True)
    (root / "sources").mkdir()
    collect = (
        f"contact: a@example.org, proxy: 'http://127.0.0.1:{port}', allow_hosts: ['*.localhost'], pages_per_round: 0"
    )
    (root / "earshot.yaml").write_text(f"collect: {{{collect}}}\n")
    for n in range(brands):
        lines = f"id: brand{n}\nname: Brand{n}\naliases: [Brandish{n}, Branded{n}]\n"
        (root / "brands" / f"brand{n}.yaml").write_text(lines)
    lines = [f"  - {{id: s{n}, kind: feed, url: 'http://s{n}.localhost/feed', delay: 0s}}" for n in range(feeds)]
    (root / "sources" / "all.yaml").write_text("sources:\n" + "\n".join(lines) + "\n")


def _feed(host: str, brands: int) -> str:
    rng = random.Random(host)
    weights = [1 / (n + 2) for n in range(len(VOCABULARY))]
    items = []
    for n in range(POSTS):
        words = rng.choices(VOCABULARY, weights, k=min(1_500, max(10, int(rng.lognormvariate(4.5, 0.9)))))
        for _ in range(1 + (n % 10 == 0)):
            words.insert(rng.randrange(len(words)), f"Brand{rng.randrange(brands)}")
        date = format_datetime(BEGINNING + timedelta(minutes=rng.randrange(43_200)), usegmt=True)
        items.append(
            f"<item><title>{' '.join(words[:8])}</title><link>http://{host}/{n}</link><pubDate>{date}</pubDate>"
            f"<author>a{rng.randrange(2000)}@example.org</author><description>{' '.join(words)}</description></item>"
        )
    return f'<rss version="2.0"><channel><title>{host}</title>{"".join(items)}</channel></rss>'


def _listen(root: Path, settings: dict[str, str]) -> None:
    """Go the whole way until nothing is left to be indexed."""
    began = time.monotonic()
    for words in (["run", "--once"], ["publish"]):
        command = [sys.executable, "-m", "earshot", "--workspace", str(root), *words]
        environ = bare_environment(os.environ) | settings
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"earshot {' '.join(words)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    print(f"{root.name}: {time.monotonic() - began:.0f} s")


def _counts(record: Path) -> dict[str, int]:
    with closing(sqlite3.connect(record)) as db:
        return {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("document", "mention")}


def _sqlite_bytes(root: Path) -> int:
    with closing(sqlite3.connect(root / "var" / "record.db")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return (root / "var" / "record.db").stat().st_size


def _sqlite_tables(root: Path) -> dict[str, int]:
    """Return bytes by table; those of its indices are counted to it."""
    query = "SELECT m.tbl_name, sum(d.pgsize) FROM dbstat d JOIN sqlite_master m ON m.name = d.name GROUP BY 1"
    with closing(sqlite3.connect(root / "var" / "record.db")) as db:
        try:
            return dict(db.execute(query))
        except sqlite3.OperationalError:  # this SQLite is built without dbstat
            return {}


def _postgresql_tables(database: Server) -> dict[str, int]:
    with database.admin.connect() as db:
        db.execute(text("VACUUM ANALYZE"))
        query = "SELECT relname, pg_total_relation_size(relid) FROM pg_catalog.pg_statio_user_tables"
        return {name: int(size) for name, size in db.execute(text(query))}


def _opensearch_bytes(engine: Node) -> int:
    engine.ask("/earshot-mentions/_forcemerge?max_num_segments=1", "POST")
    engine.ask("/earshot-mentions/_flush", "POST")
    return int(engine.ask("/earshot-mentions/_stats/store")["_all"]["primaries"]["store"]["size_in_bytes"])


def _folder_bytes(root: Path, name: str) -> int:
    return sum(file.stat().st_size for file in (root / "var" / name).rglob("*") if file.is_file())


def _rows(where: str, found: dict[str, int], record: int, lake: int, index: int) -> list[dict[str, Any]]:
    return [
        {
            "where": where,
            "what": what,
            "documents": found["document"],
            "mentions": found["mention"],
            "MB": size / 1e6,
            "bytes a mention": size / found["mention"],
        }
        for what, size in (("record", record), ("lake", lake), ("index", index))
    ]


def _shares(tables: dict[str, int]) -> str:
    largest = sorted(tables.items(), key=lambda pair: -pair[1])[:6]
    return ", ".join(f"{name} {size / 1e6:.1f}" for name, size in largest) or "not told by this build"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--brands", type=int, default=20)
    return parser.parse_args()


if __name__ == "__main__":
    main()
