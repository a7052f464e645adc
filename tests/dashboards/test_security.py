"""Who is answered, and the headers on every answer."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from dashboards.exports import safe_cell
from dashboards.security import CSP, safe_next
from dashboards.wording import web_url
from earshot.errors import StorageError
from tests.dashboards import seed
from tests.dashboards.conftest import Served
from tests.dashboards.serving import app_of, serving

TOKEN = "correct horse battery staple"
PAGE = {"accept": "text/html"}


class Failing:
    """A record that breaks as nothing should."""

    def read(self) -> Any:
        raise RuntimeError("a secret of the inside")


class Away:
    """A record behind a database that is away."""

    def read(self) -> Any:
        raise StorageError("no connection")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/mentions",
        "/mentions?q=%22",
        "/mentions.json",
        "/mentions.csv",
        "/fresh.json",
        "/mentions/nobody",
        "/sources",
        "/sources.json",
        "/sources/wall",
        "/sources/nobody",
        "/incidents",
        "/operations",
        "/operations.json",
        "/operations/runs",
        "/operations/runs.json",
        "/operations/runs/broken",
        "/operations/runs/nobody",
        "/metrics",
        "/mails",
        "/mails/nobody",
        "/healthz",
        "/favicon.ico",
        "/static/style.css",
        "/static/nothing",
        "/nope",
        "/sign-in",
    ],
)
def test_the_policy_is_on_every_route_and_every_status(served: Served, path: str) -> None:
    for method in ("GET", "POST"):
        answer = served.client.request(method, path)
        assert answer.headers["content-security-policy"] == CSP, (method, path, answer.status_code)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.fault(
    case="A page that breaks", promise="Status 500 without a word of the inside; the security headers are there"
)
def test_the_policy_is_on_a_500_and_it_tells_nothing_of_the_inside(served: Served) -> None:
    world = served.world
    broken = seed.World(Failing(), world.index, world.workspace, world.clock, [])  # type: ignore[arg-type]
    with serving(app_of(broken)) as url:
        answer = httpx.get(f"{url}/sources", headers=PAGE)
    assert answer.status_code == 500
    assert answer.headers["content-security-policy"] == CSP
    assert "secret" not in answer.text


def test_nothing_in_a_page_is_inline_or_from_elsewhere(served: Served) -> None:
    for path in ("/", "/mentions", "/sources", "/operations", "/operations/runs/broken", "/mails/1795521600.M1P1.host"):
        page = served.client.get(path).text
        assert " style=" not in page
        assert " onclick" not in page
        assert "<style" not in page
        assert 'src="http' not in page
        assert '<link rel="stylesheet" href="/static/' in page


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Any:
    names = {"names": ("listen.example",), "public_url": "https://public.example/"}
    workspace = seed.make_workspace(tmp_path_factory.mktemp("named"), **names)
    world = seed.World(Failing(), Failing(), workspace, seed.FakeClock(), [])  # type: ignore[arg-type]
    with serving(app_of(world)) as url:
        yield url


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost:8080", 200),
        ("LOCALHOST.", 200),
        ("shop.localhost:9", 200),
        ("[::1]:80", 200),
        ("127.9.9.9", 200),
        ("listen.example", 200),
        ("public.example:443", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("192.168.0.4", 421),
        ("", 421),
        ("[::1", 421),
    ],
)
@pytest.mark.fault(case="A foreign host name that points at this machine (DNS rebinding)", promise="It is not answered")
def test_without_a_token_only_own_names_are_answered(named: str, host: str, status: int) -> None:
    assert raw_status(named, host) == status


def raw_status(url: str, host: str) -> int:
    """Ask for a file with exactly this Host header."""
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), 5) as link:
        link.sendall(f"GET /static/style.css HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return int(link.makefile("rb").readline().split()[1])


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Any:
    world = seed.make_world(tmp_path_factory.mktemp("locked"), days=1, token=SecretStr(TOKEN))
    with serving(app_of(world)) as url:
        yield url, world


def test_with_a_token_every_page_and_api_asks_for_it(locked: Any) -> None:
    url, _ = locked
    for path in ("/", "/mentions", "/sources", "/incidents", "/mentions/x", "/nope"):
        answer = httpx.get(url + path, headers=PAGE)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in?next=")
    for path in ("/mentions.json", "/mentions.csv", "/fresh.json", "/sources.json", "/operations.json", "/metrics"):
        answer = httpx.get(url + path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert httpx.get(url + path, headers={"authorization": "Bearer wrong"}).status_code == 401
        assert httpx.get(url + path, headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert httpx.get(f"{url}/healthz").json() == {"status": "ok"}


def test_the_right_token_opens_what_was_asked_for(locked: Any) -> None:
    url, world = locked
    with httpx.Client(base_url=url, headers=PAGE) as client:
        wrong = client.post("/sign-in", data={"token": "wrong", "next": "/sources"})
        assert wrong.status_code == 403
        assert "not the access token" in wrong.text
        right = client.post("/sign-in", data={"token": TOKEN, "next": "/sources?outcome=gone"})
        assert right.status_code == 303
        assert right.headers["location"] == "/sources?outcome=gone"
        cookie = right.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert TOKEN not in cookie
        assert client.get("/sources").status_code == 200
        world.clock.advance(days=8)
        assert client.get("/sources").status_code == 303
        world.clock.advance(days=-8)
        client.post("/sign-out")
        assert client.get("/sources").status_code == 303


@pytest.mark.parametrize("cookie", ["", "1", "9999999999.", "9999999999.abc", "x.y", "9999999999." + "0" * 64, "é.é"])
@pytest.mark.fault(case="A made-up cookie", promise="It opens nothing")
def test_a_made_up_cookie_opens_nothing(locked: Any, cookie: str) -> None:
    url, _ = locked
    headers = {**PAGE, "cookie": f"earshot_access={cookie}".encode()}
    assert httpx.get(f"{url}/sources", headers=headers).status_code == 303  # type: ignore[arg-type]


@pytest.mark.fault(case="A cookie that was copied before signing out", promise="It opens nothing any more")
def test_a_cookie_is_worth_nothing_after_signing_out_wherever_it_was_copied_to(locked: Any) -> None:
    url, _ = locked
    with httpx.Client(base_url=url, headers=PAGE) as client, httpx.Client(base_url=url, headers=PAGE) as other:
        for each in (client, other):
            each.post("/sign-in", data={"token": TOKEN})
        copied = {**PAGE, "cookie": f"earshot_access={client.cookies['earshot_access']}"}
        assert httpx.get(f"{url}/sources", headers=copied).status_code == 200
        assert client.post("/sign-out").headers["location"] == "/sign-in"
        assert httpx.get(f"{url}/sources", headers=copied).status_code == 303
        assert other.get("/sources").status_code == 200


def test_who_is_signed_in_stays_so_when_the_pages_start_again_until_there_is_another_token(locked: Any) -> None:
    url, world = locked
    cookie = httpx.post(f"{url}/sign-in", data={"token": TOKEN}).cookies["earshot_access"]
    headers = {**PAGE, "cookie": f"earshot_access={cookie}"}
    with serving(app_of(world)) as again:
        assert httpx.get(f"{again}/sources", headers=headers).status_code == 200
    settings = world.workspace.settings
    boards = settings.dashboards.model_copy(update={"token": SecretStr("another one")})
    changed = replace(world.workspace, settings=settings.model_copy(update={"dashboards": boards}))
    with serving(app_of(replace(world, workspace=changed))) as again:
        assert httpx.get(f"{again}/sources", headers=headers).status_code == 303


@pytest.fixture
def behind(tmp_path: Path) -> Any:
    """Pages that believe a proxy on this machine, and an application of the same that believe none."""
    world = seed.make_world(tmp_path, days=1, token=SecretStr(TOKEN), proxies=("127.0.0.1", "10.0.0.0/8"))
    boards = world.workspace.settings.dashboards.model_copy(update={"proxies": ()})
    settings = world.workspace.settings.model_copy(update={"dashboards": boards})
    alone = replace(world, workspace=replace(world.workspace, settings=settings))
    with serving(app_of(world)) as url, serving(app_of(alone)) as unproxied:
        yield url, unproxied, world


def guess(url: str, token: str, address: str, *, as_bearer: bool = False) -> int:
    headers = {**PAGE, "x-forwarded-for": address}
    if as_bearer:
        return httpx.get(f"{url}/sources.json", headers=headers | {"authorization": f"Bearer {token}"}).status_code
    return httpx.post(f"{url}/sign-in", data={"token": token}, headers=headers).status_code


@pytest.mark.fault(
    case="Somebody guesses the access token", promise="Ten tries a minute and address; nobody else is kept out"
)
@pytest.mark.parametrize(("as_bearer", "wrong", "right"), [(False, 403, 303), (True, 401, 200)])
def test_guessing_is_slowed_down_by_address(behind: Any, as_bearer: bool, wrong: int, right: int) -> None:
    url, _, world = behind
    guesses = [guess(url, f"guess {n}", "203.0.113.7", as_bearer=as_bearer) for n in range(11)]
    assert guesses == [wrong] * 10 + [429]
    assert guess(url, TOKEN, "203.0.113.7", as_bearer=as_bearer) == 429
    assert guess(url, TOKEN, "203.0.113.7", as_bearer=not as_bearer) == 429
    assert guess(url, TOKEN, "203.0.113.8", as_bearer=as_bearer) == right
    world.clock.advance(minutes=2)
    assert guess(url, TOKEN, "203.0.113.7", as_bearer=as_bearer) == right


def test_addresses_of_one_ipv6_network_guess_as_one(behind: Any) -> None:
    url, _, _ = behind
    assert [guess(url, "wrong", f"2001:db8:5:6::{n:x}") for n in range(11)] == [403] * 10 + [429]
    assert guess(url, TOKEN, "2001:db8:5:7::1") == 303


@pytest.mark.fault(case="A made-up X-Forwarded-For", promise="It is believed only of proxies that are named")
def test_who_a_request_comes_from_is_believed_only_of_named_proxies(behind: Any) -> None:
    url, unproxied, _ = behind
    assert [guess(unproxied, "wrong", f"203.0.113.{n}") for n in range(11)] == [403] * 10 + [429]
    # the reader before the named proxies is the one who counts, whatever stands further left
    assert [guess(url, "wrong", f"203.0.113.{n}, 198.51.100.9, 10.1.2.3") for n in range(11)] == [403] * 10 + [429]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"x-forwarded-for": "127.0.0.1, ::1"}, 200),
        ({"x-forwarded-for": "203.0.113.7"}, 403),
        ({"x-forwarded-for": "127.0.0.1, 203.0.113.7"}, 403),
        ({"x-forwarded-for": "unknown"}, 403),
        ({"forwarded": "for=203.0.113.7"}, 403),
    ],
)
def test_without_a_token_nobody_is_let_in_through_a_proxy(named: str, headers: dict[str, str], status: int) -> None:
    assert httpx.get(f"{named}/static/style.css", headers=headers).status_code == status


@pytest.mark.fault(case="The record does not answer while readers are signed in", promise="They are told to try again")
def test_a_record_that_does_not_answer_lets_nobody_in_and_says_so(locked: Any) -> None:
    url, world = locked
    cookie = httpx.post(f"{url}/sign-in", data={"token": TOKEN}).cookies["earshot_access"]
    with serving(app_of(replace(world, record=Away()))) as away:
        answer = httpx.get(f"{away}/sources", headers={**PAGE, "cookie": f"earshot_access={cookie}"})
    assert answer.status_code == 503
    assert "try again" in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
    ],
)
@pytest.mark.fault(case="A form of another site that presses our buttons", promise="It is refused")
def test_forms_of_other_sites_are_refused(locked: Any, headers: dict[str, str], status: int) -> None:
    url, _ = locked
    assert httpx.post(f"{url}/sign-in", data={"token": TOKEN}, headers=headers).status_code == status


@pytest.mark.fault(case="A huge form on the sign-in", promise="It is not read; status 413")
def test_a_huge_form_is_not_read(locked: Any) -> None:
    url, _ = locked
    assert httpx.post(f"{url}/sign-in", content=b"token=" + b"x" * 100_000).status_code == 413


@pytest.mark.parametrize(
    "text", ["//evil.example", "https://evil.example", "/\\evil.example", "", "x", "/a\r\nb", "/sign-in"]
)
@pytest.mark.fault(case="A sign-in link that leads to another site", promise="It leads to our first page")
def test_signing_in_never_leads_elsewhere(text: str) -> None:
    assert safe_next(text) == "/"


@given(st.text())
def test_no_cell_begins_like_a_formula(text: str) -> None:
    cell = safe_cell(text)
    assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    assert cell.endswith(text)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "http://",
        "ftp://a.example",
        "http://[",
        " javascript:x",
    ],
)
def test_only_addresses_of_the_web_become_links(url: str) -> None:
    assert web_url(url) == ""


def test_files_are_kept_for_good_under_their_own_address_only(served: Served) -> None:
    page = served.client.get("/").text
    url = page[page.index("/static/style.css") :].partition('"')[0]
    kept = served.client.get(url)
    assert "immutable" in kept.headers["cache-control"]
    assert served.client.get("/static/style.css").headers["cache-control"] == "no-cache"
    again = served.client.get(url, headers={"if-none-match": kept.headers["etag"]})
    assert again.status_code == 304


def test_a_head_request_is_answered_like_the_page_without_its_body(served: Served) -> None:
    answer = served.client.head("/sources")
    assert answer.status_code == 200
    assert answer.text == ""
    assert answer.headers["content-security-policy"] == CSP


def test_pages_are_not_kept_by_shared_caches(served: Served) -> None:
    assert served.client.get("/").headers["cache-control"] == "private, no-cache"
