"""What only a collector with a child process can get wrong: crashes, half lines, orphans, time."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from earshot.batches import event_line
from earshot.clock import SystemClock
from earshot.errors import StorageError
from earshot.model import Fetched, FilePublished, NotReached, Outcome
from spiders import collector as module
from spiders.collector import ScrapyCollector
from spiders.results import results_path
from tests.spiders.batches import make_item, run, save
from tests.spiders.server import serving

LINES = [event_line(FilePublished(f"f{n}.warc.gz")) for n in range(3)]


def scripted(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Let the collector start a child that runs `script` with the results file as its argument."""

    def start(self: ScrapyCollector, batch_file: Path, log: Path) -> subprocess.Popen[bytes]:
        with log.open("wb") as errors:
            return subprocess.Popen([sys.executable, "-c", script, str(results_path(batch_file))], stderr=errors)

    monkeypatch.setattr(module.ScrapyCollector, "_start", start)


def test_half_a_line_waits_for_its_other_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\n".join(LINES) + "\n"
    script = (
        "import sys, time\n"
        f"text = {text!r}\n"
        "with open(sys.argv[1], 'a') as file:\n"
        "    for n in range(0, len(text), 7):\n"
        "        file.write(text[n:n + 7]); file.flush(); time.sleep(0.02)\n"
    )
    scripted(monkeypatch, script)
    events = list(ScrapyCollector(SystemClock()).collect(tmp_path / "batch.json"))
    assert events == [FilePublished(f"f{n}.warc.gz") for n in range(3)]


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        ("sys.exit(3)", "died (3)"),
        ("os.kill(os.getpid(), 9)", "died (-9)"),
        ("sys.exit('no space left')", "no space left"),
        ("open(sys.argv[1], 'a').write('{\"event\": \"Fetch')", "died (0)"),
        ("open(sys.argv[1], 'a').write('nonsense\\n')", "nonsense"),
        ("open(sys.argv[1], 'a').write('{}\\n')", "nonsense"),
        ("open(sys.argv[1], 'ab').write(b'\\xff\\n')", "nonsense"),
    ],
)
def test_a_crash_is_a_storage_error_and_what_was_said_before_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, words: str
) -> None:
    scripted(monkeypatch, f"import os, sys\nopen(sys.argv[1], 'a').write({LINES[0] + chr(10)!r})\n{ending}\n")
    events = ScrapyCollector(SystemClock()).collect(tmp_path / "batch.json")
    assert next(events) == FilePublished("f0.warc.gz")
    with pytest.raises(StorageError) as error:
        next(events)
    assert words in str(error.value)


def test_a_child_that_never_ends_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, "import time\ntime.sleep(60)")
    monkeypatch.setattr(module, "GRACE_S", 0.2)
    with pytest.raises(StorageError, match="did not end"):
        list(ScrapyCollector(SystemClock(), seconds=0.2).collect(tmp_path / "batch.json"))


def test_a_batch_file_that_is_not_there_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        list(ScrapyCollector(SystemClock()).collect(tmp_path / "batch.json"))


def test_a_lake_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("not a folder")
    with serving() as server, pytest.raises(StorageError) as error:
        run(tmp_path, [make_item(server.url("/page"))])
    assert "the lake cannot" in str(error.value)


def test_what_is_not_reached_in_time_is_left_for_later(tmp_path: Path) -> None:
    with serving() as server:
        items = [make_item(server.url(f"/slow?1.{n}"), parallel=1) for n in range(4)]
        events = list(ScrapyCollector(SystemClock(), seconds=0.5).collect(save(tmp_path, items)))
        assert [event.outcome for event in events if isinstance(event, Fetched)] == [Outcome.OK]
        assert len([event for event in events if isinstance(event, NotReached)]) == 3


def test_the_child_ends_with_its_parent_and_listens_nowhere(tmp_path: Path) -> None:
    with serving() as server:
        batch = save(tmp_path, [make_item(server.url("/slow?9"))], timeout_s=20.0)
        script = (
            "import sys, pathlib\nfrom earshot.clock import SystemClock\n"
            "from spiders.collector import ScrapyCollector\n"
            "list(ScrapyCollector(SystemClock()).collect(pathlib.Path(sys.argv[1])))\n"
        )
        parent = subprocess.Popen([sys.executable, "-c", script, str(batch)])
        until(lambda: "/slow?9" in server.paths())
        (child,) = psutil.Process(parent.pid).children()
        assert [connection for connection in child.net_connections() if connection.status == "LISTEN"] == []
        parent.kill()
        parent.wait()
        until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def until(is_so, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)
