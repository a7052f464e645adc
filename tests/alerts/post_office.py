"""A mail server as a process of its own: `python -m tests.alerts.post_office MAILDIR` prints its port and serves."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.alerts.servers import Handler, smtp_server

if __name__ == "__main__":
    with smtp_server(Handler(maildir=Path(sys.argv[1]))) as server:
        print(server.port, flush=True)
        while True:
            time.sleep(60)
