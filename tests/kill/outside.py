"""Everything that is not Earshot, in one process that nobody kills: the invented web and the mail servers.

Run as `python -m tests.kill.outside BORN_AT MAILDIR...`; prints one line of JSON with the ports, then serves until its
standard input ends. A mail server hesitates before its 250 while a file named `slow` lies in its Maildir: the mail is
in the folder by then, and Earshot does not know it yet.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from pathlib import Path

from earshot.clock import SystemClock
from earshot.demo.mailserver import DemoMailServer
from earshot.demo.web import DemoWeb

HESITATES_S = 0.4


def hesitate(maildir: Path, *_: str) -> None:
    if (maildir / "slow").exists():
        time.sleep(HESITATES_S)


def main(born_at: str, *names: str) -> None:
    clock = SystemClock()
    with ExitStack() as stack:
        web = stack.enter_context(DemoWeb(clock, born_at=datetime.fromisoformat(born_at)))
        mails = [
            stack.enter_context(DemoMailServer(Path(name), clock, on_mail=partial(hesitate, Path(name))))
            for name in names
        ]
        print(json.dumps({"web": web.port, "mail": [each.port for each in mails]}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
