"""Which addresses and hosts may be asked: tables with pairs just inside and just outside every range."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spiders.addresses import is_local_name, is_public, literal_address, own_addresses
from spiders.guard import Guard
from tests.spiders.batches import make_limits

PRIVATE = [
    "0.0.0.0",
    "0.255.255.255",
    "10.0.0.0",
    "10.255.255.255",
    "100.64.0.0",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.0.0",
    "169.254.169.254",
    "169.254.255.255",
    "172.16.0.0",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.0",
    "192.168.255.255",
    "198.18.0.0",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fdff::1",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "feff::1",
    "ff02::1",
    "ff0e::1",
]
PUBLIC = [
    "1.0.0.0",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.1",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "64:ff9c::1",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2003::1",
    "2606:4700:4700::1111",
    "2a00:1450::1",
]
SPELLINGS = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "017700000001",
    "0177.0.0.1",
    "127.0.0.1.",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[0:0:0:0:0:ffff:7f00:1]",
    "0",
    "0.0.0.0",
    "[::]",
    "10.1",
    "0xa.0.0.1",
    "3232235777",
    "[fe80::1%25eth0]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "①②⑦.⓪.⓪.①",
    "１２７.0.0.1",
    "%31%32%37.0.0.1",
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_not(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4))
def test_no_spelling_of_an_address_changes_the_answer(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for spelling in (str(number), hex(number), f"0{number:o}", f"{address}.", f"[::ffff:{address}]"):
        found = literal_address(spelling)
        assert found is not None
        assert found == address or not is_public(found)


def test_our_own_addresses_are_refused() -> None:
    assert own_addresses()
    assert not any(is_public(address) for address in own_addresses())


@pytest.mark.parametrize("proxy", ["", "http://proxy.example:3128"], ids=["direct", "by the proxy"])
@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_of_a_private_address_passes_in_a_url(host: str, proxy: str) -> None:
    assert Guard(make_limits(proxy=proxy, allow_hosts=())).refusal(f"http://{host}/x")


@pytest.mark.parametrize("proxy", ["", "http://proxy.example:3128"], ids=["direct", "by the proxy"])
@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/",
        "file:///etc/passwd",
        "data:,x",
        "gopher://a.example/",
        "//a.example/",
        "http://",
        "http:///x",
        "http://a.example:22/",
        "http://a.example:99999/",
        "http://a.example:x/",
        "http://[::1/",
        "http://localhost/",
        "http://localhost./",
        "http://a.localhost/",
        "http://printer.local/",
        "http://user:pw@127.0.0.1/",
        "",
    ],
)
def test_what_a_url_says_is_refused_before_anything_is_sent(url: str, proxy: str) -> None:
    assert Guard(make_limits(proxy=proxy, allow_hosts=())).refusal(url)


@pytest.mark.parametrize("url", ["http://a.example/", "https://a.example:443/", "http://8.8.8.8:80/", "http://x.de./"])
def test_public_addresses_pass(url: str) -> None:
    assert Guard(make_limits(allow_hosts=())).refusal(url) == ""


@pytest.mark.parametrize(
    ("pattern", "host", "is_allowed"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("*.localhost", "blog.localhost", True),
        ("*.localhost", "a.b.localhost", True),
        ("*.localhost", "localhost", False),
        ("*.localhost", "xlocalhost", False),
        ("*.localhost", "a.localhost.evil.example", False),
        ("Intranet.Example", "intranet.example", True),
        ("intranet.example", "a.intranet.example", False),
        ("[::1]", "::1", True),
        ("intranet.example", "intranet.example.", True),
    ],
)
def test_hosts_that_the_workspace_allows(pattern: str, host: str, is_allowed: bool) -> None:
    guard = Guard(make_limits(allow_hosts=(pattern,)))
    assert guard.is_allowed(host) is is_allowed
    assert guard.may_connect(host, 80, "10.0.0.1") is is_allowed
    if is_allowed and ":" not in host:
        assert guard.refusal(f"http://{host}:8099/x") == ""


def test_a_resolved_private_address_is_refused_and_remembered() -> None:
    guard = Guard(make_limits(allow_hosts=()))
    assert guard.may_connect("rebind.example", 80, "93.184.216.34")
    assert guard.refused_address("rebind.example") == ""
    assert not guard.may_connect("Rebind.example", 80, "127.0.0.1")
    assert "127.0.0.1" in guard.refused_address("rebind.example")


def test_only_the_proxys_own_address_is_trusted() -> None:
    guard = Guard(make_limits(proxy="http://user:p%40ss@localhost:3128", allow_hosts=()))
    assert guard.may_connect("localhost", 3128, "127.0.0.1")
    assert guard.may_connect("localhost", 0, "127.0.0.1")
    assert not guard.may_connect("localhost", 80, "127.0.0.1")
    assert not guard.may_connect("other.example", 3128, "127.0.0.1")
    assert guard.refusal("http://localhost:3128/")
    assert guard.proxy_for("http://a.example/") == "http://localhost:3128"
    assert guard.proxy_authorization == "Basic dXNlcjpwQHNz"


@pytest.mark.parametrize(
    ("entry", "url", "is_direct"),
    [
        ("*", "http://a.example/", True),
        ("a.example", "http://a.example/", True),
        ("a.example", "http://b.a.example/", True),
        (".a.example", "http://b.a.example/", True),
        ("*.a.example", "http://b.a.example/", True),
        ("a.example", "http://ba.example/", False),
        ("10.0.0.0/8", "http://10.1.2.3/", True),
        ("10.0.0.0/8", "http://11.1.2.3/", False),
        ("a.example:8080", "http://a.example:8080/", True),
        ("a.example:8080", "http://a.example/", False),
        ("[::1]", "http://[::1]/", True),
        ("nonsense/99", "http://1.2.3.4/", False),
    ],
)
def test_no_proxy_is_kept(entry: str, url: str, is_direct: bool) -> None:
    guard = Guard(make_limits(proxy="http://proxy.example:3128", no_proxy=(entry,)))
    assert (guard.proxy_for(url) == "") is is_direct


def test_names_of_this_machine_and_network() -> None:
    assert is_local_name("localhost")
    assert is_local_name("db.internal")
    assert not is_local_name("localhost.example")
