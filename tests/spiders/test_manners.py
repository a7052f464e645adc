"""Politeness, robots.txt, hand-overs, the guard and the proxy, with real servers and a real child process."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from earshot.clock import SystemClock
from earshot.model import Fetched, FetchItem, HandedBack, Outcome, RobotsCopy
from tests.spiders.batches import Run, make_item, run
from tests.spiders.server import MisbehavingServer, Seen, proxying, reset, send, serving

THROTTLED = {"503&60": 60.0, "429": None, "429&317100": 86400.0, "429&Sat, 01 Jan 2000 00:00:00 GMT": 0.0}
PRIVATE_TARGETS = (
    "http://169.254.169.254/latest",
    "http://[::ffff:10.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://10.1/",
)
LONG_ROBOTS = b"User-agent: *\nDisallow: /private\n#" + b"x" * 2_000_000


def span(seen: list) -> float:
    return seen[-1].at - seen[0].at


@dataclass
class Scene:
    """One run over many hosts, each of which plays its own part."""

    server: MisbehavingServer
    items: dict[str, list[FetchItem]] = field(default_factory=dict)
    robots: list[RobotsCopy] = field(default_factory=list)
    found: Run | None = None

    def plan(self, name: str, *paths: str, **changes: Any) -> int:
        host = len(self.items)
        self.items[name] = [make_item(self.server.url(path, host), **changes) for path in paths]
        return host

    def copy(self, name: str, body: str, **age: float) -> None:
        origin = f"http://{self.server.hosts[self.host(name)]}:{self.server.port}"
        self.robots.append(RobotsCopy(origin, 200, body, SystemClock().now() - timedelta(**age)))

    def host(self, name: str) -> int:
        return list(self.items).index(name)

    def ends(self, name: str) -> list[Fetched]:
        return [self.found.fetched[item.id] for item in self.items[name]]

    def seen(self, name: str) -> list[Seen]:
        host = self.server.hosts[self.host(name)]
        return [seen for seen in self.server.seen if seen.host == host]

    def paths(self, name: str) -> list[str]:
        return [seen.path for seen in self.seen(name)]

    def most(self, name: str) -> int:
        return self.server.most[self.server.hosts[self.host(name)]]

    def copies(self, name: str) -> list[RobotsCopy]:
        host = self.server.hosts[self.host(name)]
        return [copy for copy in self.found.robots if f"//{host}:" in copy.origin]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with serving(hosts=tuple(f"127.0.0.{n}" for n in range(1, 30))) as server:
        scene = Scene(server)
        hosts, robots, port = server.hosts, server.robots, server.port
        scene.plan("one at a time", *(f"/slow?0.0{n}" for n in range(1, 5)), parallel=1, delay_s=0.2)
        scene.plan("three at a time", *(f"/slow?0.3{n}" for n in range(6)), parallel=3)
        scene.plan("throttling", "/status?429&120", *(f"/page?{n}" for n in range(5)), parallel=1)
        for answer in THROTTLED:
            scene.plan(answer, f"/status?{quote(answer)}")
        host = scene.plan("rules", "/private/a", "/page?1", "/page?2", "/to?/private/b")
        robots[hosts[host]] = (200, b"User-agent: earshot\nDisallow: /private\nCrawl-delay: 0.3\n")
        host = scene.plan("robots 503", "/page?1", "/page?2", parallel=1)
        robots[hosts[host]] = (503, b"down")
        host = scene.plan("robots reset", "/page?1", "/page?2", parallel=1)
        robots[hosts[host]] = reset
        host = scene.plan("robots drip", "/page?1", "/page?2", parallel=1)
        robots[hosts[host]] = lambda client: server.answer_drip(client, "", {})
        scene.plan("robots in the batch", "/private", "/page")
        scene.copy("robots in the batch", "User-agent: *\nDisallow: /private", hours=23)
        for days in (29, 31):
            host = scene.plan(f"robots of {days} days", "/page")
            robots[hosts[host]] = (500, b"")
            scene.copy(f"robots of {days} days", "", days=days)
        host = scene.plan("robots of 2 MB", "/private")
        robots[hosts[host]] = lambda client: send(client, 301, b"", [("Location", "/robots2")])
        server.answer_robots2 = lambda client, query, headers: send(client, 200, LONG_ROBOTS)
        host = scene.plan("robots behind 6 redirects", "/page")
        robots[hosts[host]] = lambda client: send(client, 301, b"", [("Location", "/hop?6")])
        host = scene.plan("robots elsewhere", "/page")
        robots[hosts[host]] = lambda client: send(client, 301, b"", [("Location", server.url("/robots.txt", 28))])
        host = scene.plan("other", "/page")
        robots[hosts[host]] = (200, b"User-agent: *\nDisallow: /private")
        scene.plan("to other", *(f"/to?{server.url(path, host)}" for path in ("/page?near", "/private")))
        scene.plan("out of the batch", f"/to?http://{hosts[27]}:{port}/page?far", hops=2)
        scene.plan("hops before", "/hop?2", "/hop?3", hops=7)
        scene.plan("to private", *(f"/to?{target}" for target in PRIVATE_TARGETS))
        items = [item for items in scene.items.values() for item in items]
        folder = tmp_path_factory.mktemp("run")
        scene.found = run(folder, items, tuple(scene.robots), allow_hosts=hosts, max_bytes=4_000_000)
        yield scene


def test_one_host_is_asked_one_at_a_time_and_so_far_apart(scene: Scene) -> None:
    assert {event.outcome for event in scene.ends("one at a time")} == {Outcome.OK}
    assert scene.most("one at a time") == 1
    assert span(scene.seen("one at a time")) > 4 * 0.2 - 0.1


def test_a_host_that_allows_more_is_asked_more_at_a_time(scene: Scene) -> None:
    assert scene.most("three at a time") == 3


@pytest.mark.fault(case="A host that answers slowly", promise="No other host waits for it")
def test_a_slow_host_blocks_no_other(tmp_path: Path) -> None:
    with serving() as server:
        slow = [make_item(server.url(f"/drip?{n}", 1), parallel=2) for n in range(2)]
        good = [make_item(server.url(f"/page?{n}", 2), parallel=1) for n in range(20)]
        found = run(tmp_path, slow + good, concurrency=1, timeout_s=6.0)
        assert {found.of(item.url).outcome for item in good} == {Outcome.OK}
        last_good = max(seen.at for seen in server.seen if seen.host == "127.0.0.3")
        assert last_good - min(seen.at for seen in server.seen) < 5.5


@pytest.mark.fault(
    case="Servers that send empty frames, header lines or tiny pieces without end",
    promise="Each is given up by itself, and good hosts are asked as quickly as without them",
)
def test_bodies_that_are_costly_to_read_keep_no_other_host_waiting(tmp_path: Path) -> None:
    costly = ("/frames?zstd&900000", "/frames?gzip&900000", "/frames?zstd,gzip&900000", "/headerflood", "/crumbs")
    with serving() as server:
        bad = [make_item(server.url(path, host)) for path in costly for host in (0, 1)]
        good = [make_item(server.url(f"/page?{n}", 2), parallel=2) for n in range(20)]
        found = run(tmp_path, bad + good, timeout_s=20.0)
        assert {found.of(item.url).outcome for item in good} == {Outcome.OK}
        assert {found.of(item.url).outcome for item in bad} == {Outcome.FAILED}
        assert max(found.of(item.url).elapsed_s for item in good) < 4.0


@pytest.mark.fault(
    case="Many very large answers at the same time",
    promise="Some are left for later; memory stays within its bound",
)
def test_many_large_bodies_at_once_cost_some_of_them_but_never_the_batch(tmp_path: Path) -> None:
    with serving() as server:
        items = [make_item(server.url("/heavy", host)) for host in range(4)]
        found = run(tmp_path, items, max_bytes=15_000_000, memory_mb=128, timeout_s=20.0)
        reasons = [found.of(item.url).reason for item in items]
        assert 1 <= reasons.count("") <= 3
        assert set(reasons) == {"", "too much came at a time for the spider's memory (128 MB)"}


def test_a_host_that_asks_to_be_left_alone_is(scene: Scene) -> None:
    assert scene.paths("throttling") == ["/robots.txt", "/status?429&120"]
    first, *rest = scene.ends("throttling")
    assert (first.outcome, first.status, first.retry_after_s) == (Outcome.THROTTLED, 429, 120.0)
    assert first.reason.endswith("asks us to wait 2 min (HTTP 429)")
    assert {(event.outcome, event.status) for event in rest} == {(Outcome.THROTTLED, 0)}
    assert all(event.retry_after_s == pytest.approx(120, abs=10) for event in rest)


@pytest.mark.parametrize(("answer", "seconds"), THROTTLED.items())
def test_what_the_server_asks_for_is_reported(scene: Scene, answer: str, seconds: float | None) -> None:
    (end,) = scene.ends(answer)
    assert (end.outcome, end.retry_after_s) == (Outcome.THROTTLED, seconds)


def test_robots_txt_is_obeyed_with_its_delay(scene: Scene) -> None:
    first, *pages, last = scene.ends("rules")
    assert (first.outcome, last.outcome) == (Outcome.BLOCKED, Outcome.BLOCKED)
    assert "does not allow it" in last.reason
    assert {event.outcome for event in pages} == {Outcome.OK}
    assert not [path for path in scene.paths("rules") if path.startswith("/private")]
    assert span(scene.seen("rules")[1:]) > 2 * 0.3 - 0.1
    (copy,) = scene.copies("rules")
    assert (copy.status, "Crawl-delay" in copy.body) == (200, True)


@pytest.mark.parametrize(("name", "status"), [("robots 503", 503), ("robots reset", 0), ("robots drip", 0)])
@pytest.mark.fault(case="robots.txt answers 503, breaks off or drips", promise="Nothing of the host is fetched")
def test_an_unreachable_robots_txt_means_nothing_is_fetched(scene: Scene, name: str, status: int) -> None:
    assert {event.outcome for event in scene.ends(name)} == {Outcome.BLOCKED}
    assert all("/robots.txt " in event.reason for event in scene.ends(name))
    assert scene.paths(name) == ["/robots.txt"]
    assert [copy.status for copy in scene.copies(name)] == [status]


def test_a_robots_txt_that_came_with_the_batch_is_not_asked_again(scene: Scene) -> None:
    assert [event.outcome for event in scene.ends("robots in the batch")] == [Outcome.BLOCKED, Outcome.OK]
    assert scene.paths("robots in the batch") == ["/page"]
    assert scene.copies("robots in the batch") == []


@pytest.mark.parametrize(("days", "outcome"), [(29, Outcome.OK), (31, Outcome.BLOCKED)])
def test_an_old_copy_stands_in_for_an_unreachable_one_for_30_days(scene: Scene, days: int, outcome: Outcome) -> None:
    assert [event.outcome for event in scene.ends(f"robots of {days} days")] == [outcome]


def test_a_long_robots_txt_is_read_up_to_500_kib_and_its_redirects_are_followed(scene: Scene) -> None:
    assert [event.outcome for event in scene.ends("robots of 2 MB")] == [Outcome.BLOCKED]
    (copy,) = scene.copies("robots of 2 MB")
    assert (copy.status, len(copy.body)) == (200, 500 * 1024)


@pytest.mark.parametrize("name", ["robots behind 6 redirects", "robots elsewhere"])
def test_a_robots_txt_that_redirects_too_far_is_none(scene: Scene, name: str) -> None:
    assert [event.outcome for event in scene.ends(name)] == [Outcome.OK]
    assert [copy.status for copy in scene.copies(name)] == [301]
    assert not [seen for seen in scene.server.seen if seen.host == scene.server.hosts[28]]


def test_a_redirect_out_of_the_batch_is_handed_back_and_not_sent(scene: Scene) -> None:
    (item,) = scene.items["out of the batch"]
    (back,) = scene.found.handed_back
    assert back == HandedBack(item.id, "blog", item.role, scene.server.url("/page?far", 27), 3, back.at)
    assert item.id not in scene.found.fetched
    assert not [seen for seen in scene.server.seen if seen.host == scene.server.hosts[27]]


def test_a_redirect_to_another_host_of_the_batch_is_followed_under_its_rules(scene: Scene) -> None:
    near, private = scene.ends("to other")
    assert near.final_url.endswith("/page?near")
    assert (near.outcome, private.outcome) == (Outcome.OK, Outcome.BLOCKED)
    assert "/private" not in scene.paths("other")


def test_hops_of_earlier_batches_count(scene: Scene) -> None:
    near, far = scene.ends("hops before")
    assert near.outcome == Outcome.OK
    assert far.reason == "more than 10 redirects"


@pytest.mark.fault(case="A redirect to an address inside the network", promise="It is not followed")
def test_a_redirect_to_a_private_address_is_not_followed(scene: Scene) -> None:
    for event in scene.ends("to private"):
        assert (event.outcome, "a redirect led there" in event.reason) == (Outcome.BLOCKED, True)


@pytest.mark.fault(
    case="A source that names an address inside the network, in any spelling",
    promise="No connection is made",
)
def test_no_private_address_is_connected_to(tmp_path: Path) -> None:
    with serving() as server:
        port = server.port
        urls = [
            f"http://{host}/page"
            for host in (
                "127.0.0.1",
                "localhost",
                "127.1",
                "2130706433",
                "0x7f000001",
                "[::ffff:127.0.0.1]",
                "①②⑦.⓪.⓪.①",
            )
        ]
        urls += [
            f"http://127.0.0.1:{port}/page",
            f"http://user@127.0.0.1:{port}/",
            "file:///etc/hostname",
            "data:,x",
            "x",
        ]
        found = run(tmp_path, [make_item(url) for url in urls], allow_hosts=())
        assert server.seen == []
        assert {url: found.of(url).outcome for url in urls} == dict.fromkeys(urls, Outcome.BLOCKED)


@pytest.mark.fault(case="A public name that resolves to an address inside the network", promise="No connection is made")
def test_a_name_that_resolves_to_a_private_address_is_refused_at_connection(tmp_path: Path) -> None:
    import socket

    name = socket.gethostname()
    try:
        socket.getaddrinfo(name, 80)
    except OSError:
        pytest.skip("this machine's own name does not resolve")
    found = run(tmp_path, [make_item(f"http://{name}/page"), make_item("http://nothing.invalid/page")], allow_hosts=())
    assert "cannot be resolved" in found.of("http://nothing.invalid/page").reason
    fetched = found.of(f"http://{name}/page")
    assert fetched.outcome == Outcome.BLOCKED
    assert "is not a public address" in fetched.reason


def test_by_the_proxy_names_are_the_proxys_and_literals_stay_refused(tmp_path: Path) -> None:
    with serving() as server, proxying(("127.0.0.1", server.port)) as proxy:
        names = ["http://blog.example/page?1", "http://news.example/page?2"]
        literal = "http://127.0.0.1/page?3"
        direct = server.url("/page?4", 1)
        found = run(
            tmp_path,
            [make_item(url) for url in (*names, literal, direct)],
            proxy=f"http://us:secret@localhost:{proxy.port}",
            no_proxy=("127.0.0.2",),
            allow_hosts=("127.0.0.2",),
        )
        assert [found.of(url).outcome for url in names] == [Outcome.OK, Outcome.OK]
        assert found.of(literal).outcome == Outcome.BLOCKED
        assert found.of(direct).outcome == Outcome.OK
        assert server.paths(1) == ["/robots.txt", "/page?4"]
        assert not [seen for seen in server.seen if seen.host == "127.0.0.2" and "proxy-authorization" in seen.headers]
        assert {line.split(" ")[1] for line in proxy.lines} == {
            "http://blog.example/robots.txt", "http://news.example/robots.txt", *names
        }  # fmt: skip
        assert set(proxy.authorizations) == {"Basic dXM6c2VjcmV0"}
        assert "secret" not in (tmp_path / "batch.json").read_text(), "its login stands in no file"


@pytest.mark.fault(case="A site whose certificate is not trusted", promise="It is not read")
def test_https_goes_through_the_proxy_by_connect_and_certificates_are_checked(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "1",
         "-subj", "/CN=blog.example"], check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with tls_server(context) as port, proxying(("127.0.0.1", port)) as proxy:
        found = run(tmp_path, [make_item("https://blog.example/page")], proxy=f"http://127.0.0.1:{proxy.port}")
        assert proxy.lines
        assert all(line.startswith("CONNECT blog.example:443") for line in proxy.lines)
        assert "certificate is not valid" in found.of("https://blog.example/page").reason


class tls_server:  # noqa: N801 (a context manager)
    def __init__(self, context: ssl.SSLContext) -> None:
        import socket
        import threading

        self._listener = socket.create_server(("127.0.0.1", 0))
        self._context = context
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                with self._context.wrap_socket(client, server_side=True) as secure:
                    secure.recv(1000)
            except OSError:
                client.close()

    def __enter__(self) -> int:
        self._thread.start()
        return self._listener.getsockname()[1]

    def __exit__(self, *error: object) -> None:
        import socket

        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
