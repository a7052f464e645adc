"""What a second process does to a record in these tests: `worker.py VERB URL ...`."""

from __future__ import annotations

import sys
import time
import uuid
from datetime import timedelta

from earshot.leases import me
from earshot.model import CaptureRef, Outcome
from earshot.ports import RunEnd
from earshot.record import SqlRecord
from tests.builders import NOW, FakeClock, make_capture
from tests.ports.record import put


def fail(record: SqlRecord, number: str, times: str) -> None:
    """End runs of the one source, each in a transaction of its own, each at another time."""
    for turn in range(int(times)):
        at = NOW + timedelta(seconds=int(number) * 1000 + turn)
        with record.write() as writer:
            writer.end_run(RunEnd("blog", at, Outcome.FAILED, "", at))


def migrate(record: SqlRecord) -> None:
    record.migrate()


def feed(record: SqlRecord) -> None:
    """Write captures of five documents each, for ever; say each commit."""
    print("begun", flush=True)
    while True:
        name = uuid.uuid4().hex
        with record.write() as writer:
            writer.add_file(name, NOW)
            for number in range(5):
                put(writer, f"{name}/{number}", brands=("halden",))  # type: ignore[arg-type]
            writer.add_capture(make_capture(ref=CaptureRef(name, 0, 1, "d")), Outcome.OK)
        print(name, flush=True)


def lease(record: SqlRecord, name: str) -> None:
    with record.write() as writer:
        print(writer.lease([name], me(), NOW, NOW + timedelta(hours=1)))


def hold(record: SqlRecord, name: str) -> None:
    with record.write() as writer:
        writer.lease([name], me(), NOW, NOW + timedelta(hours=1))
    print("held", flush=True)
    time.sleep(60)


if __name__ == "__main__":
    verb, url, *arguments = sys.argv[1:]
    globals()[verb](SqlRecord(url, FakeClock()), *arguments)
