"""Whom the cluster adapters trust, told by what stands at the other end of a socket; no engine is asked."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from socket import create_server, socket

import pytest
import trustme

from earshot.errors import StorageError, Untrusted
from earshot.index.cluster.reading import Connection
from tests.index.engines import CLUSTERS

ENGINES = pytest.mark.parametrize("engine", list(CLUSTERS))
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC), datetime(2002, 1, 1, tzinfo=UTC)


@contextmanager
def listening(context: ssl.SSLContext | None) -> Iterator[str]:
    """Yield the address of what shakes hands and says no more; without a context it hangs up on whoever calls."""

    def serve(server: socket) -> None:
        with suppress(OSError):  # it is closed under us
            while True:
                caller, _ = server.accept()
                with closing(caller), suppress(OSError):
                    caller.settimeout(5)
                    if context:
                        context.wrap_socket(caller, server_side=True).close()

    with create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,), daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}"


def asked(engine: str, url: str, ca_file: str, way: str) -> StorageError:
    """Return what is raised where a cluster is asked or written to."""
    index = CLUSTERS[engine](Connection((url,), ca_file=ca_file), "test-trust")
    with closing(index), pytest.raises(StorageError) as found:
        index._reader.root() if way == "reading" else index._writer.refresh("test-trust")
    return found.value


@pytest.mark.parametrize("way", ["reading", "writing"])
@pytest.mark.parametrize("wrong", ["authority", "name", "time"])
@ENGINES
@pytest.mark.fault(
    case="The cluster shows a certificate of another authority, name or time",
    promise="No connection is made",
)
def test_a_certificate_of_another_authority_name_or_time_is_not_trusted(
    engine: str, wrong: str, way: str, tmp_path: Path
) -> None:
    authority = trustme.CA()
    shown = trustme.CA() if wrong == "authority" else authority
    begins, ends = LONG_AGO if wrong == "time" else (None, None)
    name = "search.example.org" if wrong == "name" else "127.0.0.1"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.issue_cert(name, not_before=begins, not_after=ends).configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with listening(context) as url:
        said = asked(engine, url, str(tmp_path / "ca.pem"), way)
    assert isinstance(said, Untrusted)
    assert said.where == "index.ca_file"
    assert f"{url} is not trusted (index.ca_file)" in str(said)


@pytest.mark.parametrize("way", ["reading", "writing"])
@ENGINES
@pytest.mark.fault(
    case="The TLS handshake with the cluster breaks off",
    promise="It counts as no answer and is tried again",
)
def test_a_handshake_that_breaks_off_is_silence(engine: str, way: str, tmp_path: Path) -> None:
    """A server that restarts behind a balancer hangs up in the middle: no certificate was shown, and none is wrong."""
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    with listening(None) as url:
        said = asked(engine, url, str(tmp_path / "ca.pem"), way)
    assert not isinstance(said, Untrusted)
    assert f"{url} does not answer" in str(said)
