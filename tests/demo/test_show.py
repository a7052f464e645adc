"""The whole demonstration as a person starts it: real processes, a real crawl, real mails."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from rich.console import Console

from earshot.demo.ports import free_port
from earshot.demo.show import show
from earshot.errors import ConfigError
from tests.busy import by_load


@contextmanager
def demonstration(directory: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    log = directory.with_suffix(".log").open("ab")
    command = [sys.executable, "-m", "earshot", "demo", "--dir", str(directory), "--port", str(port)]
    # A person's own settings: nothing of the demonstration may go there, and nothing past its proxy.
    environ = os.environ | {"EARSHOT_MAIL_HOST": "mail.example.org", "no_proxy": "localhost,127.0.0.1"}
    process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environ)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        log.close()


def said(directory: Path) -> str:
    return directory.with_suffix(".log").read_text()


def wait_for(directory: Path, words: str, process: subprocess.Popen[bytes], times: int = 1) -> None:
    end = time.monotonic() + 120
    while said(directory).count(words) < times:
        assert process.poll() is None, said(directory)
        assert time.monotonic() < end, said(directory)
        time.sleep(0.1)


def left_of(directory: Path) -> list[str]:
    """Command lines of processes that still work on this folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(directory) in " ".join(process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


def wait_until_nothing_is_left(directory: Path) -> None:
    end = time.monotonic() + 20
    while left_of(directory):
        assert time.monotonic() < end, left_of(directory)
        time.sleep(0.1)


def status(directory: Path) -> dict[str, object]:
    command = [sys.executable, "-m", "earshot", "--workspace", str(directory), "status", "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def test_it_fills_the_pages_ends_cleanly_and_goes_on_where_it_ended(tmp_path: Path) -> None:
    directory, port = tmp_path / "demo", free_port(0)
    started = time.monotonic()
    with demonstration(directory, port) as process:
        wait_for(directory, "Ctrl-C ends everything", process)
        assert time.monotonic() - started < by_load(60)
        assert f"http://127.0.0.1:{port}/" in said(directory)
        assert httpx.get(f"http://127.0.0.1:{port}/mails").status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=by_load(30)) == 0
    wait_until_nothing_is_left(directory)
    first = status(directory)
    assert first["documents"] >= 240
    assert first["deliveries"]["sent"] >= 10
    assert len(list((directory / "var" / "mail" / "new").iterdir())) == first["deliveries"]["sent"]

    with demonstration(directory, port) as process:
        wait_for(directory, "Ctrl-C ends everything", process, times=2)
        process.kill()  # no chance to tidy up: the kernel ends its children
        process.wait()
    wait_until_nothing_is_left(directory)
    second = status(directory)
    assert second["documents"] == first["documents"]
    assert second["deliveries"] == first["deliveries"]


def test_a_taken_port_is_named_and_the_next_free_one_used(tmp_path: Path) -> None:
    directory = tmp_path / "demo"
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with demonstration(directory, port) as process:
            wait_for(directory, "instead", process)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=by_load(30)) == 0
    assert f"Port {port} is taken" in said(directory)
    wait_until_nothing_is_left(directory)


def test_a_second_demonstration_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    running = tmp_path / "var" / "demo" / "running"
    running.parent.mkdir(parents=True)
    with running.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(ConfigError, match="is running in this folder"):
            show(tmp_path, 8080, Console(stderr=True))


def test_a_folder_with_another_workspace_is_refused(tmp_path: Path) -> None:
    (tmp_path / "earshot.yaml").write_text("name: Mine\n")
    with pytest.raises(ConfigError, match="not the demonstration's"):
        show(tmp_path, 8080, Console(stderr=True))
    assert [path.name for path in tmp_path.iterdir()] == ["earshot.yaml"]
