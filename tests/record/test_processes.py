"""Several real processes on one record: nothing is lost, nothing is half, nobody waits for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from earshot.errors import StorageError
from earshot.record import SqlRecord, engine
from earshot.record import sql as sql_module
from tests.builders import NOW, FakeClock, make_source

WORKER = Path(__file__).with_name("worker.py")


def start(verb: str, url: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(WORKER), verb, url, *arguments]
    root = str(WORKER.parents[2])
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": root})


def ends_well(process: subprocess.Popen[str]) -> str:
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    return out


@pytest.mark.races
def test_four_processes_lose_no_update(record: SqlRecord, url: str) -> None:
    with record.write() as writer:
        writer.put_sources([make_source()], NOW)
    workers = [start("fail", url, str(number), "25") for number in range(4)]
    for worker in workers:
        ends_well(worker)
    with record.read() as reader:
        state = reader.source("blog")
        assert state is not None and state.failures == 100
        assert len(reader.source_runs("blog", limit=1000)) == 100


@pytest.mark.races
def test_processes_that_start_together_make_one_schema(url: str, clock: FakeClock) -> None:
    for worker in [start("migrate", url) for _ in range(4)]:
        ends_well(worker)
    record = SqlRecord(url, clock)
    with record.read() as reader:
        assert reader.counts().documents == 0
    record.close()


def test_a_killed_writer_leaves_nothing_half(record: SqlRecord, url: str) -> None:
    for pause in (0.02, 0.05, 0.1, 0.2):
        worker = start("feed", url)
        assert worker.stdout is not None
        assert worker.stdout.readline() == "begun\n"
        time.sleep(pause)
        worker.send_signal(signal.SIGKILL)
        told = len(worker.stdout.readlines())
        worker.stdout.close()
        worker.wait()
        with record.write() as writer:
            counts = writer.counts()
            assert counts.documents == counts.mentions == counts.stories == counts.captures * 5
            assert counts.behind == counts.mentions
            assert counts.captures >= told
            assert len(writer.open_files()) == counts.captures


def test_a_lease_of_a_process_that_is_gone_is_free(record: SqlRecord, url: str) -> None:
    out = ends_well(start("lease", url, "host:a"))
    assert out == "{'host:a': 1}\n"
    with record.write() as writer:
        assert writer.lease(["host:a"], "me", NOW, NOW + timedelta(hours=1)) == {"host:a": 2}


def test_a_lease_of_a_process_that_lives_is_not(record: SqlRecord, url: str) -> None:
    holder = start("hold", url, "host:a")
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    try:
        with record.write() as writer:
            assert writer.lease(["host:a"], "me", NOW, NOW + timedelta(hours=1)) == {}
    finally:
        holder.kill()
        holder.communicate()


def test_a_writer_that_waits_too_long_is_told_to_come_again(
    record: SqlRecord, url: str, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "WAIT_S", 0.2)
    other = SqlRecord(url, clock)
    with record.write():
        with pytest.raises(StorageError, match="lock"), other.write():
            pass
        with other.read() as reader:
            assert reader.counts().documents == 0
    other.close()


@pytest.mark.races
def test_threads_share_one_record(record: SqlRecord) -> None:
    with record.write() as writer:
        writer.put_sources([make_source()], NOW)

    def add(number: int) -> None:
        with record.write() as writer:
            writer.add_host("blog", f"h{number}")

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with record.read() as reader:
        state = reader.source("blog")
    assert state is not None and sorted(state.hosts) == [f"h{number}" for number in range(8)]


def test_an_erased_text_is_in_no_file_of_the_record(sqlite_record: SqlRecord, sqlite_url: str) -> None:
    from tests.ports.record import put

    assert sql_module.SqlRecord is SqlRecord
    folder = Path(sqlite_url.removeprefix("sqlite:///")).parent
    with sqlite_record.write() as writer:
        put(writer, 1, text="canary-7f3a " * 50, author="Canary-9b", brands=("halden",))
        put(writer, 2, brands=("halden",))
    with sqlite_record.write() as writer:
        writer.erase(author="canary-9b", now=NOW)
    held = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"canary-7f3a" not in held
    assert b"anary-9b" not in held
