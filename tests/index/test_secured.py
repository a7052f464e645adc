"""Secured clusters, for real: TLS with an authority of its own, logins, and roles that may do what they need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from earshot.errors import ConfigError, Untrusted
from earshot.index.cluster.errors import ClusterError
from earshot.index.cluster.index import ClusterIndex
from earshot.index.cluster.plan import SIMPLE, Plan
from earshot.index.cluster.reading import Connection
from earshot.model import SearchRequest
from earshot.ports import IndexWrite
from scripts.engines.nodes import Node
from tests.engines import manual
from tests.index.engines import CLUSTERS, REAL
from tests.ports.mention_index import ids, mention, put
from tests.test_cli import Here

pytestmark = pytest.mark.engines
NAME, OTHER = "test-secured", "test-others"
PASSWORD = "Long-enough-4-loopback!"
Open = Callable[..., ClusterIndex]


@pytest.fixture(scope="module", params=REAL)
def node(request: pytest.FixtureRequest) -> Node:
    node: Node = request.getfixturevalue(f"secured_{request.param}")
    for call in manual.calls(request.param, NAME, PASSWORD):
        if call.method == "PUT":
            node.ask(call.path, call.method, call.body)
    return node


@pytest.fixture
def opening(node: Node) -> Iterator[Open]:
    """Open the index as somebody; without a user, as whoever may do everything."""
    adapter = CLUSTERS[node.distribution.product]
    good = Connection((node.url,), username=node.user, password=node.password, ca_file=str(node.ca))
    with ExitStack() as made:

        def open_as(user: str = "", name: str = NAME, plan: Plan = SIMPLE, **changes: Any) -> ClusterIndex:
            connection = replace(good, username=f"earshot-{user}", password=PASSWORD) if user else good
            index = adapter(replace(connection, **changes), name, plan=plan)
            made.callback(index.close)
            return index

        yield open_as
        for name in (NAME, OTHER):
            for index in node.ask(f"/{name}.*"):
                node.ask(f"/{index}", "DELETE")


def test_a_login_over_tls_with_an_authority_of_its_own(opening: Open, node: Node) -> None:
    index = opening()
    put(index, mention(1), mention(2))
    assert index.server().version == node.distribution.version
    assert ids(index, "pump") == {mention(1).id, mention(2).id}
    assert put(opening(verify=False, ca_file=""), mention(3))[0].is_done


def test_a_certificate_of_an_unknown_authority_is_not_trusted(opening: Open, tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    for ca_file in ("", str(tmp_path / "other.pem")):
        for use in (lambda index: index.mentions(), lambda index: put(index, mention(1))):
            with pytest.raises(Untrusted, match=r"not trusted \(index\.ca_file\)"):
                use(opening(ca_file=ca_file))


def test_check_calls_an_authority_that_is_not_known_a_mistake_and_a_job_tries_again(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    (tmp_path / "brands").mkdir()
    (tmp_path / "brands" / "halden.yaml").write_text("id: halden\nname: Halden\n")
    (tmp_path / "sources").mkdir()
    monkeypatch.setenv("EARSHOT_INDEX_PASSWORD", node.password)
    here = Here(tmp_path, node.port)
    for authority in ("", "ca_file: other.pem, "):
        set_index(tmp_path, node, authority)
        done = here("check", code=3)
        assert "earshot.yaml: index.ca_file: the cluster did not say what it is" in done.stderr
        assert f"{node.url} is not trusted" in done.stderr
        assert "Good" not in done.stdout
    assert f"{node.url} is not trusted" in here("reindex", code=4).stderr
    set_index(tmp_path, node, f"ca_file: '{node.ca}', ")
    assert f"The index is on {node.distribution.name}." in here("check").stdout


def set_index(workspace: Path, node: Node, authority: str) -> None:
    (workspace / "earshot.yaml").write_text(
        f"collect: {{contact: me@example.org}}\nindex: {{engine: {node.distribution.product}, urls: ['{node.url}'], "
        f"{authority}username: {node.user}, name: {NAME}, timeout: 10s}}\n"
    )


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_a_file_without_certificates_is_a_mistake_of_the_settings(
    opening: Open, tmp_path: Path, text: str | None
) -> None:
    if text:
        (tmp_path / "ca.pem").write_text(text)
    with pytest.raises(ConfigError, match=r"index\.ca_file"):
        opening(ca_file=str(tmp_path / "ca.pem"))


def test_a_wrong_login_and_none_at_all_are_mistakes_of_the_settings(opening: Open) -> None:
    nobody = {"username": "", "password": ""}
    for login in ({"password": "wrong"}, nobody, {"username": "nobody"}):
        said = "asks for a login, and none is set" if login == nobody else "does not take the login"
        with pytest.raises(ConfigError, match=said):
            opening(**login).mentions()
        with pytest.raises(ConfigError, match=said):
            put(opening(**login), mention(1))


def test_http_in_the_address_of_a_cluster_that_speaks_tls_is_a_mistake_of_the_settings(
    opening: Open, node: Node
) -> None:
    with pytest.raises(ConfigError, match="but TLS is spoken there") as caught:
        opening(urls=(node.url.replace("https:", "http:"),)).mentions()
    assert (caught.value.where, caught.value.advice) == ("index.urls", f"write {node.url}")


def test_an_api_key_is_a_login_of_elasticsearch(opening: Open, node: Node) -> None:
    if node.distribution.product == "opensearch":
        with pytest.raises(ConfigError, match="does not take the login"):
            opening(username="", password="", api_key="a2V5OmtleQ==").mentions()
        return
    put(opening(), mention(1))
    (call,) = [each for each in manual.calls("elasticsearch", NAME) if each.path == "/_security/api_key"]
    key = node.ask(call.path, call.method, call.body)["encoded"]
    index = opening(username="", password="", api_key=key)
    put(index, mention(2))
    assert ids(index) == {mention(1).id, mention(2).id}
    indices_stay(index, node)


def test_the_reader_reads_and_cannot_write_or_delete(opening: Open, node: Node) -> None:
    put(opening(), mention(1), mention(2))
    reader = opening("reader")
    assert ids(reader, "pump") == {mention(1).id, mention(2).id}
    assert reader.facets(SearchRequest(), ["brand"]) == {"brand": [("halden", 2)]}
    assert [hour.count for hour in reader.hours(SearchRequest())] == [2]
    assert {hit.mention.id for hit in reader.walk(SearchRequest())} == {mention(1).id, mention(2).id}
    not_written(reader)
    forbidden(lambda: reader.rebuild([]))
    indices_stay(reader, node)
    assert ids(opening()) == {mention(1).id, mention(2).id}


def forbidden(do: Callable[[], object]) -> None:
    """It is refused for want of a right, and for nothing else."""
    with pytest.raises(ClusterError) as caught:
        do()
    assert caught.value.status == 403


def not_written(index: ClusterIndex) -> None:
    """What may not be written is not done, and no mention is given up for it. One product refuses it one by one."""
    try:
        answers = index.write([IndexWrite(mention(3).id, 1, mention(3)), IndexWrite(mention(1).id, 2, None)])
    except ClusterError as refusal:
        assert refusal.status == 403
        return
    assert [(a.is_done, a.is_refused, "(403)" in a.reason) for a in answers] == [(False, False, True)] * 2


def indices_stay(index: ClusterIndex, node: Node) -> None:
    """Whose login it is may neither make nor delete indices, nor move aliases, nor put templates."""
    before = node.ask(f"/{NAME}.*")
    (there,) = before
    writer = index._writer
    forbidden(lambda: writer.delete(there))
    forbidden(lambda: writer.create(f"{NAME}.new", {}))
    forbidden(lambda: writer.change_aliases([{"remove": {"index": there, "alias": NAME}}]))
    forbidden(lambda: writer.change_settings(there, {"index.blocks.write": True}))
    forbidden(lambda: writer.put_template(NAME, {"index_patterns": [f"{NAME}.*"]}))
    assert node.ask(f"/{NAME}.*") == before


def test_the_writer_writes_and_deletes_mentions_and_cannot_make_or_delete_an_index(opening: Open, node: Node) -> None:
    put(opening(), mention(1))
    writer = opening("writer")
    assert all(answer.is_done for answer in put(writer, mention(2), mention(3)))
    assert writer.write([IndexWrite(mention(1).id, 2, None)])[0].is_done
    assert ids(writer) == {mention(2).id, mention(3).id}
    assert writer.held([mention(2).id])[mention(2).id].copies == 1
    forbidden(lambda: writer.rebuild([[mention(4)]]))
    indices_stay(writer, node)
    assert ids(opening()) == {mention(2).id, mention(3).id}


def test_the_admin_makes_the_index_and_builds_it_anew(opening: Open) -> None:
    admin = opening("admin")
    put(admin, mention(1))
    admin.write([IndexWrite(mention(5).id, 2, None)])
    assert admin.rebuild([[mention(1), mention(2)]]) == 2
    assert admin.rebuild([[mention(3)]]) == 1
    assert ids(opening("reader")) == {mention(3).id}


def test_the_writer_says_that_it_may_not_begin_or_drop_indices_and_the_admin_does(opening: Open) -> None:
    full = Plan(max_mentions=1)
    admin, writer = opening("admin", plan=full), opening("writer", plan=full)
    put(admin, mention(1))
    assert "may not begin indices" in writer.keep().refused
    assert admin.keep().begun
    put(writer, mention(1, revision=2), mention(2))
    assert writer.write([IndexWrite(mention(1).id, 3, None)])[0].is_done
    kept = writer.keep()
    assert (kept.dropped, "begin indices or drop indices" in kept.refused) == ((), True)
    assert len(admin.keep().dropped) == 1
    assert ids(opening("reader")) == {mention(2).id}


@pytest.mark.parametrize("role", ["reader", "writer", "admin"])
def test_no_role_reaches_another_index(opening: Open, role: str) -> None:
    put(opening(name=OTHER), mention(1))
    for use in (lambda index: index.mentions(), lambda index: put(index, mention(2))):
        forbidden(lambda use=use: use(opening(role, OTHER)))  # type: ignore[misc]
    assert opening(name=OTHER).mentions() == 1
