"""Processes to be killed: forks relays over one record as it is told, each with its own connections.

Run as `python -m tests.alerts.zygote FOLDER PORT MAILDIR`; each line on stdin starts one process and its process id
is printed. The line says for which brand it tells, or "all"; "brief DAY" makes that day's briefs of all brands, over
and over, and tells too. Forking after the imports makes a start cost milliseconds, so that kills fall into the work.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from earshot import leases
from earshot.alerts.ledger import MaildirLedger
from earshot.alerts.samples import samples
from earshot.alerts.smtp import SmtpMailer
from earshot.briefs import Day
from earshot.clock import SystemClock
from earshot.errors import StorageError
from earshot.pipeline.brief import make_brief
from tests.alerts.scene import Scene, kill_brands

UTC_ZONE = ZoneInfo("UTC")
LEDGER_WAIT = timedelta(milliseconds=300)


def relay(folder: Path, port: int, maildir: Path, order: str) -> None:
    clock = SystemClock()
    mail = {"host": "127.0.0.1", "port": port, "security": "none", "timeout": timedelta(seconds=5)}
    scene = Scene(folder, clock, kill_brands(), ledger_wait=LEDGER_WAIT, **mail)
    mailer = SmtpMailer(scene.settings.mail, clock)
    what, _, day = order.partition(" ")
    while True:
        with suppress(StorageError):
            if what == "brief":
                for brand in scene.brands:
                    make_brief(scene.record, scene.brands, brand, Day(date.fromisoformat(day), UTC_ZONE), clock)
            brand_id = what if what not in ("all", "brief") else ""
            scene.alert(mailer, MaildirLedger(maildir), leases.me(), brand_id)
        clock.sleep(0.02)


def main() -> None:
    folder, port, maildir = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    samples("warm@example.org", Scene(folder).settings, SystemClock())  # templates are compiled once
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                relay(folder, port, maildir, line.strip())
            finally:
                os._exit(1)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
