"""What reading may cost, and what a capture that costs more does to the others: nothing."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psutil
import pytest

from earshot.clock import SystemClock
from earshot.errors import DocumentError, EarshotError
from earshot.extract import BoundedExtractor, ReadingLimits
from earshot.model import Reading
from tests.builders import make_capture
from tests.extract.feeds import item, page, page_capture, rss

GOOD = rss(item())
REDOS = rss(f"<title>t</title><author>a@{'a.' * 32_000}!</author>")


def quadratic(entity: int = 100_000, references: int = 30_000) -> bytes:
    declared = b'<!DOCTYPE feed [\n<!ENTITY a "' + b"x" * entity + b'">\n]>\n'
    channel = b"<channel><title>" + b"&a;" * references + b"</title></channel>"
    return b'<?xml version="1.0"?>\n' + declared + b'<rss version="2.0">' + channel + b"</rss>"


def billion_laughs() -> bytes:
    names = "abcdefghij"
    declared = '<!ENTITY a "lol">' + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in itertools.pairwise(names))
    feed = '<rss version="2.0"><channel><item><title>&j;</title></item></channel></rss>'
    return f"<!DOCTYPE rss [{declared}]>{feed}".encode()


@pytest.fixture(scope="module")
def extractor() -> Iterator[BoundedExtractor]:
    extractor = BoundedExtractor(SystemClock(), limits=ReadingLimits(cpu_s=1), parallel=2)
    yield extractor
    extractor.close()


def refusal(extractor: BoundedExtractor, body: bytes) -> str:
    with pytest.raises(DocumentError) as caught:
        extractor.read(make_capture(), body)
    return caught.value.reason


def bounded(extractor: BoundedExtractor, body: bytes) -> None:
    """Either a reading of bounded size, or an error of ours."""
    try:
        reading = extractor.read(make_capture(), body)
    except EarshotError:
        return
    assert all(len(e.title) <= 500 and len(e.text) <= 100_000 for e in reading.entries)


@pytest.mark.fault(case="A feed that takes too long to read", promise="Reading ends at its limit; the source says why")
def test_a_feed_that_takes_too_long_to_read_is_refused_with_the_reason(extractor):
    assert refusal(extractor, REDOS) == "reading it took more than 1 s of processor time"


@pytest.mark.fault(
    case="A small feed that swells to gigabytes in memory",
    promise="Reading ends at its limit; the source says why",
)
def test_a_feed_that_swells_is_refused_with_the_reason(extractor):
    assert refusal(extractor, quadratic()) == "reading it needs more than 512 MB of memory"


@pytest.mark.parametrize(
    "body",
    [
        billion_laughs(),
        quadratic(20_000, 4_000),
        b"<rss version='2.0'><channel>" + b"<a>" * 20_000 + b"</a>" * 20_000 + b"</channel></rss>",
        rss(item(text="<div>" * 20_000 + "x")),
        rss(item(title="x" * 5_000_000)),
        rss(item(text="word " * 400_000)),
        rss(item(text="\u0301" * 200_000)),
        b"<!DOCTYPE rss [<!ENTITY a '&b;'><!ENTITY b '&a;'>]><rss version='2.0'><title>&a;</title></rss>",
        bytes(range(256)) * 4_000,
    ],
    ids=["laughs", "quadratic", "deep xml", "deep html", "title", "text", "marks", "cyclic", "bytes"],
)
@pytest.mark.fault(
    case="Known attacks on feed and page readers",
    promise="Each ends in a bounded reading or a stated error",
)
def test_attacks_end_in_a_bounded_reading_or_an_error_of_ours(extractor, body):
    bounded(extractor, body)
    assert len(extractor.read(make_capture(), GOOD).entries) == 1


@pytest.mark.fault(
    case="A page with elements nested thousands deep",
    promise="The page is read or refused; nothing else stops",
)
def test_a_page_nested_deep_does_not_end_the_parent(extractor):
    with suppress(DocumentError):
        extractor.read(page_capture(), page("<div>" * 50_000 + "x"))
    assert len(extractor.read(make_capture(), GOOD).entries) == 1


@pytest.mark.fault(case="A reader that hangs without using the processor", promise="It is ended by the clock")
def test_the_wall_clock_ends_what_the_processor_limit_does_not():
    limits = ReadingLimits(cpu_s=30, wall_s=3)
    extractor = BoundedExtractor(SystemClock(), limits=limits)
    extractor.read(make_capture(), GOOD)
    assert refusal(extractor, REDOS) == "reading it took longer than 3 s"
    assert len(extractor.read(make_capture(), GOOD).entries) == 1
    extractor.close()


@pytest.mark.fault(case="A page whose text is larger than allowed", promise="It is refused with the reason")
def test_an_answer_larger_than_allowed_is_refused():
    extractor = BoundedExtractor(SystemClock(), limits=ReadingLimits(max_answer=1 << 20))
    body = rss(*(item(link=f"/{n}", text="word " * 5_000) for n in range(100)))
    assert refusal(extractor, body) == "what it says is larger than 1 MB"
    extractor.close()


@pytest.mark.fault(case="One bad page among many", promise="It costs only itself")
def test_many_are_answered_in_order_and_one_bad_capture_costs_only_itself(extractor):
    bodies = [rss(item(title=f"Title {n}")) if n % 10 else b"no feed" for n in range(1, 61)]
    bodies[7] = quadratic()
    answers = list(extractor.read_many((make_capture(), body) for body in bodies))
    assert len(answers) == 60
    titles = [answer.entries[0].title if isinstance(answer, Reading) else type(answer).__name__ for answer in answers]
    expected = [f"Title {n}" if n % 10 else "SourceError" for n in range(1, 61)]
    expected[7] = "DocumentError"
    assert titles == expected


def test_captures_are_taken_lazily(extractor):
    taken = []

    def items():
        for n in range(100):
            taken.append(n)
            yield make_capture(), GOOD

    answers = extractor.read_many(items())
    next(answers)
    assert len(taken) <= 10
    answers.close()
    assert len(extractor.read(make_capture(), GOOD).entries) == 1


def children_of(process: psutil.Process) -> list[psutil.Process]:
    found = []
    for child in process.children(recursive=True):
        with suppress(psutil.Error):
            if "earshot.extract.zygote" in " ".join(child.cmdline()):
                found.append(child)
    return found


def test_a_killed_zygote_is_started_again(extractor):
    extractor.read(make_capture(), GOOD)
    for process in children_of(psutil.Process()):
        process.kill()
    assert len(extractor.read(make_capture(), GOOD).entries) == 1


@pytest.mark.fault(case="The reading process is killed at work", promise="It is started again; no page is lost")
def test_a_zygote_that_is_killed_at_work_costs_no_capture(extractor):
    answers = extractor.read_many((make_capture(), GOOD) for _ in range(200))
    count = 0
    for answer in answers:
        assert isinstance(answer, Reading)
        count += 1
        if count in (20, 90):
            for process in children_of(psutil.Process()):
                with suppress(psutil.Error):
                    process.kill()
    assert count == 200


def test_close_leaves_no_process():
    before = set(children_of(psutil.Process()))
    extractor = BoundedExtractor(SystemClock())
    extractor.read(make_capture(), GOOD)
    ours = [process for process in children_of(psutil.Process()) if process not in before]
    assert ours
    extractor.close()
    _, alive = psutil.wait_procs(ours, timeout=30)
    assert alive == []


def test_several_threads_may_read_at_once(extractor):
    with ThreadPoolExecutor(4) as pool:
        readings = list(pool.map(lambda n: extractor.read(make_capture(), rss(item(title=f"T{n}"))), range(24)))
    assert [reading.entries[0].title for reading in readings] == [f"T{n}" for n in range(24)]


def test_readers_end_with_their_parent():
    program = (
        "import sys, time\n"
        "from earshot.clock import SystemClock\n"
        "from earshot.extract import BoundedExtractor\n"
        "from tests.builders import make_capture\n"
        "from tests.extract.feeds import item, rss\n"
        "BoundedExtractor(SystemClock()).read(make_capture(), rss(item()))\n"
        "keep = BoundedExtractor(SystemClock()); keep.read(make_capture(), rss(item()))\n"
        "print('ready', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout.readline() == b"ready\n"
        readers = children_of(psutil.Process(parent.pid))
        assert readers
        os.kill(parent.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs(readers, timeout=30)
    assert alive == []


@pytest.mark.fault(case="A page makes its reader open a connection or a file", promise="The reader can do neither")
def test_readers_reach_no_network_and_write_no_file(tmp_path, monkeypatch):
    """The limits themselves, seen from inside."""
    program = (
        "import os, socket, sys\n"
        "from earshot.extract import child\n"
        "child._bound(8 << 30)\n"
        f"path = {str(tmp_path / 'x')!r}\n"
        "try:\n    socket.create_connection(('127.0.0.1', 9))\n"
        "except PermissionError: print('no network')\n"
        "try:\n    os.system('true')\n"
        "except PermissionError: print('no program')\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "try:\n    os.write(os.open(path, os.O_CREAT | os.O_WRONLY), b'x')\n"
        "except OSError: print('no file')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == ["no network", "no program", "no file"], done.stderr
