"""One batch against every misbehaviour: each item ends in its outcome, and none costs another one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from earshot.model import Fetched, FilePublished, Outcome
from tests.spiders.batches import AGENT, Run, make_item, run
from tests.spiders.server import FEED, MisbehavingServer, serving

BODIES = (
    "/coded?gzip",
    "/coded?x-gzip",
    "/coded?deflate",
    "/coded?raw",
    "/coded?br",
    "/coded?zstd",
    "/coded?gzip,br",
    "/coded?identity",
    "/plaingzip",
)
WORDS = {
    "/status?401": (Outcome.BLOCKED, 401, "the server asks for a login (401)"),
    "/status?403": (Outcome.BLOCKED, 403, "the server refuses us (403)"),
    "/status?451": (Outcome.BLOCKED, 451, "not available for legal reasons (451)"),
    "/status?404": (Outcome.GONE, 404, "there is nothing at this address (404)"),
    "/status?410": (Outcome.GONE, 410, "the server says it is gone for good (410)"),
    "/status?500": (Outcome.FAILED, 500, "the server is in trouble (500)"),
    "/status?503": (Outcome.FAILED, 503, "the server is in trouble (503)"),
    "/status?418": (Outcome.FAILED, 418, "the server did not give the page (418)"),
    "/status?204": (Outcome.FAILED, 204, "the server answers with nothing (204)"),
    "/empty": (Outcome.FAILED, 200, "the server answers 200 with an empty body"),
    "/always304": (Outcome.FAILED, 304, "the server says not modified (304) though nothing was asked of the kind"),
    "/coded?gzip,gzip,gzip": (Outcome.FAILED, 200, "its Content-Encoding is a chain of 3: gzip, gzip, gzip"),
    "/coded?compress": (Outcome.FAILED, 200, "its Content-Encoding 'compress' is unknown"),
    "/cutgzip": (Outcome.FAILED, 200, "its compressed body is cut off"),
    "/bomb?gzip": (Outcome.TOO_LARGE, 200, "more than 1 MB"),
    "/bomb?br": (Outcome.TOO_LARGE, 200, "more than 1 MB"),
    "/bomb?twice": (Outcome.TOO_LARGE, 200, "more than 1 MB"),
    "/endless": (Outcome.TOO_LARGE, 0, "more than 1 MB"),
    "/large": (Outcome.TOO_LARGE, 0, "more than 1 MB"),
    "/drip": (Outcome.FAILED, 0, "no whole answer within 2 s"),
    "/driphead": (Outcome.FAILED, 0, "no whole answer within 2 s"),
    "/cut": (Outcome.FAILED, 0, "the answer was cut off"),
    "/reset": (Outcome.FAILED, 0, "the connection broke before the answer was whole"),
    "/nonsense": (Outcome.FAILED, 0, "the connection broke before the answer was whole"),
    "/headerbomb": (Outcome.FAILED, 0, "the connection broke before the answer was whole"),
    "/headerflood": (Outcome.FAILED, 0, "the server sent more than 256 KB of headers"),
    "/interim": (Outcome.FAILED, 0, "the server sent more than 256 KB of headers"),
    "/crumbs": (Outcome.FAILED, 0, "its body came in too many too small pieces"),
    "/frames?gzip&400000": (Outcome.FAILED, 200, "its compressed body has more than 1,000 parts"),
    "/frames?zstd&400000": (Outcome.FAILED, 200, "its compressed body has more than 1,000 parts"),
    "/frames?zstd,gzip&400000": (Outcome.FAILED, 200, "its compressed body has more than 1,000 parts"),
    "/loop": (Outcome.FAILED, 307, "more than 10 redirects"),
    "/hop?10": (Outcome.FAILED, 301, "more than 10 redirects"),
    "/nowhere": (Outcome.FAILED, 302, "a redirect (302) that leads nowhere"),
    "/to?file:///etc/hostname": (Outcome.BLOCKED, 0, "a redirect led there: only http and https are asked, not file:"),
    "/to?data:,x": (Outcome.BLOCKED, 0, "a redirect led there: only http and https are asked, not data:"),
    "/to?ftp://127.0.0.1/x": (Outcome.BLOCKED, 0, "a redirect led there: only http and https are asked, not ftp:"),
}
KNOWN = {
    "/feed?etag": {"etag": '"v1"'},
    "/feed?date": {"last_modified": "Fri, 20 Nov 2026 12:00:00 GMT"},
    "/feed?hash": {"body_hash": hashlib.sha256(FEED).hexdigest()},
    "/feed?long": {"etag": '"' + "v" * 2000 + '"'},
    "/feed?evil": {"etag": '"v"\r\nX-Evil: 1'},
}


@pytest.fixture(scope="module")
def server() -> Iterator[MisbehavingServer]:
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def ran(server: MisbehavingServer, tmp_path_factory: pytest.TempPathFactory) -> Run:
    plain = ["/page", "/feed", "/hop?9", "/redirbomb", "/to?/page%3Fquoted#fragment", *BODIES, *WORDS]
    items = [make_item(server.url(path)) for path in plain]
    items += [make_item(server.url(path), **changes) for path, changes in KNOWN.items()]
    return run(tmp_path_factory.mktemp("run"), items)


@pytest.mark.parametrize(("path", "expected"), WORDS.items(), ids=WORDS)
@pytest.mark.fault(
    case="Servers that cut off, drip, reset, loop, lie about codings, send bombs, or redirect to files",
    promise="Each ends in its outcome, in words, within its time; no other source is held up",
)
def test_every_misbehaviour_has_its_outcome_and_its_words(
    ran: Run, server: MisbehavingServer, path: str, expected: tuple
) -> None:
    fetched = ran.of(server.url(path))
    assert (fetched.outcome, fetched.status, fetched.reason) == expected


@pytest.mark.parametrize("path", BODIES)
def test_bodies_come_decoded_whatever_their_coding(ran: Run, server: MisbehavingServer, path: str) -> None:
    assert ran.of(server.url(path)).outcome == Outcome.OK
    assert ran.body(server.url(path)) == FEED


def test_every_item_ends_exactly_once(ran: Run) -> None:
    ends = [event.item_id for event in ran.events if isinstance(event, Fetched)]
    assert len(ends) == len(set(ends)) == 5 + len(BODIES) + len(WORDS) + len(KNOWN)


def test_an_ok_is_reported_after_its_file_was_published(ran: Run) -> None:
    first_file = next(n for n, event in enumerate(ran.events) if isinstance(event, FilePublished))
    oks = [n for n, event in enumerate(ran.events) if isinstance(event, Fetched) and event.outcome == Outcome.OK]
    assert oks
    assert min(oks) > first_file


def test_nothing_hangs_beyond_its_time(ran: Run) -> None:
    assert max(event.elapsed_s for event in ran.fetched.values()) < 4.5


def test_a_capture_says_what_it_holds(ran: Run, server: MisbehavingServer) -> None:
    url = server.url("/feed")
    capture = next(capture for capture, _ in ran.captures if capture.item_id == f"page:{url}")
    assert capture.headers == {
        "content-type": "application/rss+xml",
        "etag": '"v1"',
        "x-two": "1, 2",
    }
    assert (capture.url, capture.final_url, capture.status) == (url, url, 200)
    coded = server.url("/coded?gzip")
    capture = next(capture for capture, _ in ran.captures if capture.item_id == f"page:{coded}")
    assert "content-encoding" not in capture.headers
    assert ran.of(coded).size_bytes == len(FEED)


@pytest.mark.parametrize("path", ["/feed?etag", "/feed?date"])
def test_a_304_is_unchanged_and_makes_no_capture(ran: Run, server: MisbehavingServer, path: str) -> None:
    fetched = ran.of(server.url(path))
    assert (fetched.outcome, fetched.status) == (Outcome.UNCHANGED, 304)
    assert path not in [capture.url for capture, _ in ran.captures]


def test_the_same_body_is_unchanged(ran: Run, server: MisbehavingServer) -> None:
    fetched = ran.of(server.url("/feed?hash"))
    assert (fetched.outcome, fetched.status, fetched.size_bytes) == (Outcome.UNCHANGED, 200, len(FEED))


@pytest.mark.parametrize("path", ["/feed?long", "/feed?evil"])
@pytest.mark.fault(case="An ETag that is far too long or holds control characters", promise="It is not sent back")
def test_an_unusable_etag_is_not_sent(ran: Run, server: MisbehavingServer, path: str) -> None:
    assert ran.of(server.url(path)).outcome == Outcome.OK
    seen = next(seen for seen in server.seen if seen.path == path)
    assert "if-none-match" not in seen.headers
    assert "x-evil" not in seen.headers


@pytest.mark.fault(case="A redirect whose body is a bomb", promise="The body is never decoded")
def test_redirects_are_followed_and_their_bodies_never_decoded(ran: Run, server: MisbehavingServer) -> None:
    assert ran.of(server.url("/hop?9")).final_url == server.url("/page?hopped")
    assert ran.of(server.url("/redirbomb")).final_url == server.url("/page?afterbomb")
    assert ran.of(server.url("/redirbomb")).outcome == Outcome.OK
    assert ran.of(server.url("/to?/page%3Fquoted#fragment")).outcome == Outcome.OK


def test_every_request_says_who_asks_and_nothing_else(ran: Run, server: MisbehavingServer) -> None:
    for seen in server.seen:
        assert seen.headers["user-agent"] == AGENT
        assert "cookie" not in seen.headers
        assert "referer" not in seen.headers
        assert seen.headers["accept-encoding"] == "gzip, deflate, br, zstd"


def test_robots_txt_was_asked_once_and_reported(ran: Run, server: MisbehavingServer) -> None:
    assert server.paths().count("/robots.txt") == 1
    (copy,) = ran.robots
    assert (copy.origin, copy.status) == (f"http://127.0.0.1:{server.port}", 404)
