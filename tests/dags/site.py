"""A blog that DAGs listen to, with a workspace over it and a mail server of its own."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from earshot.clock import SystemClock
from earshot.demo.mailserver import DemoMailServer
from tests.pipeline.world import item, rss

TEXT = "My Halden pump broke after two days and nobody answers the phone. I want my money back, this is a bad joke."
BRAND = """\
id: {id}
name: {name}
recipients: [{{address: {id}@example.org}}]
rules: [{{id: all, query: "sentiment:negative OR sentiment:neutral OR sentiment:positive"}}]
"""
SETTINGS = """\
collect: {{contact: me@example.org, allow_hosts: [127.0.0.1, localhost]}}
mail: {{host: 127.0.0.1, port: {port}, security: none, sender: earshot@example.org, ledger: {ledger}, ledger_wait: 1s}}
airflow: {{failure_mail: [operations@example.org]}}
freshness: {{times: 1, floor: 1s}}
dashboards: {{port: 9}}
"""


@dataclass
class Blog:
    """One feed of posts, dated some hours ago. seen: how often each path was asked for."""

    root: Path
    mails: DemoMailServer
    base: str = ""
    posts: list[bytes] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)

    def post(self, number: int, title: str, text: str, hours_ago: int = 3) -> None:
        """Let one more post appear."""
        date = format_datetime(datetime.now(UTC) - timedelta(hours=hours_ago), usegmt=True)
        self.posts.append(item(f"{self.base}/{number}", title, text, date=date))

    def add_brand(self, name: str, more: str = "") -> None:
        """Write a brand that tells everything to one address, and a line more."""
        text = BRAND.format(id=name.lower(), name=name) + more
        (self.root / "brands" / f"{name.lower()}.yaml").write_text(text, encoding="utf-8")

    def told(self) -> list[str]:
        """Return the recipients of what the mail server took, in order of their names."""
        return sorted(message.recipient for message in self.ledger())

    def ledger(self) -> list[Any]:
        """Return what the mail server took."""
        from earshot.alerts.ledger import MaildirLedger

        return MaildirLedger(self.root / "mails").messages(1000)


@contextmanager
def blog(root: Path, pace: str = "1s") -> Iterator[Blog]:
    """Serve a blog and a mail server, and write a workspace over both."""
    (root / "brands").mkdir(parents=True)
    (root / "sources").mkdir()
    with DemoMailServer(root / "mails", SystemClock()) as mails:
        made = Blog(root, mails)

        class Site(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                made.seen[self.path] += 1
                known = self.path == "/feed"
                self.send_response(200 if known else 404)
                self.end_headers()
                self.wfile.write(rss(*made.posts) if known else b"nothing here")

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made.base = f"http://127.0.0.1:{server.server_port}"
        (root / "earshot.yaml").write_text(SETTINGS.format(port=mails.port, ledger=root / "mails"))
        (root / "sources" / "blogs.yaml").write_text(
            f"sources:\n  - {{id: blog, kind: feed, url: '{made.base}/feed', delay: 0s, pace: {pace}}}\n"
        )
        other = made.base.replace("127.0.0.1", "localhost")  # another host, so another batch
        (root / "sources" / "gone.yaml").write_text(
            f"sources:\n  - {{id: dead, kind: feed, url: '{other}/nothing', delay: 0s, pace: 1s}}\n"
        )
        try:
            yield made
        finally:
            server.shutdown()
            server.server_close()
