"""Reads either cluster through opensearch-py, and says what it said in the project's own errors. Writes nothing."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionTimeout, OpenSearchException, TransportError

from earshot.errors import ConfigError, PartialAnswer, StorageError, Untrusted
from earshot.index.cluster import protocols
from earshot.index.cluster.errors import ClusterError


@dataclass(frozen=True)
class Connection:
    """How a cluster is reached. Either username and password or api_key, or none of them.

    ca_file: certificates (PEM) that its own is checked against; empty means those of this machine.
    verify: False takes any certificate, and is for trials only. timeout: of one request.
    """

    urls: tuple[str, ...]
    username: str = ""
    password: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)
    ca_file: str = ""
    verify: bool = True
    timeout: timedelta = timedelta(seconds=30)

    @property
    def timeout_s(self) -> float:
        """The time-out of one request in seconds."""
        return self.timeout.total_seconds()

    def tls_options(self) -> dict[str, Any]:
        """Return how its certificate is checked, in the words of both clients; nothing where all is in the clear.

        Raises:
            ConfigError: the certificates of `ca_file` cannot be read.
        """
        if not any(url.startswith("https:") for url in self.urls):
            return {}
        if not self.verify:  # `earshot check` warns of it; each client would do so with every request
            return {"verify_certs": False, "ssl_show_warn": False}
        try:
            return {"ssl_context": ssl.create_default_context(cafile=self.ca_file or None)}
        except OSError as error:
            what = f"{self.ca_file} cannot be read: {error}"
            raise ConfigError(what, where="index.ca_file", advice="give the path of a PEM file") from error

    @property
    def has_login(self) -> bool:
        """Tell whether a login is set."""
        return bool(self.username or self.api_key)

    def without_login(self) -> Connection:
        """Return the same for nobody in particular."""
        return replace(self, username="", password="", api_key="")

    def where(self) -> str:
        """Return the addresses, for messages."""
        return ", ".join(self.urls)


def make_client(connection: Connection) -> OpenSearch:
    """Return opensearch-py's client; nothing is sent. Another node is asked where one does not answer.

    Raises:
        ConfigError: the certificates of `ca_file` cannot be read.
    """
    options = connection.tls_options()
    if connection.username:
        options["http_auth"] = (connection.username, connection.password)
    if connection.api_key:
        options["headers"] = {"authorization": f"ApiKey {connection.api_key}"}
    return OpenSearch(
        list(connection.urls),
        timeout=connection.timeout_s,
        max_retries=len(connection.urls) - 1,
        retry_on_status=(),
        pool_maxsize=25,
        **options,
    )


@contextmanager
def translated(doing: str, connection: Connection) -> Iterator[None]:
    """Turn what opensearch-py raises into StorageError, an answer with an error into ClusterError."""
    try:
        yield
    except TransportError as error:
        if isinstance(error.status_code, int):
            raise ClusterError(doing, error.status_code, error.info) from error
        if isinstance(error, ConnectionTimeout):
            what = f"does not answer within {connection.timeout_s:g} s (index.timeout)"
            raise StorageError(
                f"{doing}: {connection.where()} {what}; try again, or ask about a shorter time"
            ) from error
        raise silent(doing, connection, str(error.error)) from error
    except OpenSearchException as error:
        raise StorageError(f"{doing}: {error}") from error


_UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"
"""OpenSSL's own name for it, in what both clients say. A handshake that breaks off is silence: it may be a restart."""


def silent(doing: str, connection: Connection, reason: str) -> StorageError:
    """Return the error for a cluster that gave no answer: Untrusted where its certificate is not trusted."""
    if _UNTRUSTED in reason:
        what = f"{doing}: {connection.where()} is not trusted (index.ca_file): {reason}"
        return Untrusted(what, where="index.ca_file")
    return StorageError(f"{doing}: {connection.where()} does not answer: {reason}")


_PHASE = frozenset(("search_phase_execution_exception", "no_shard_available_action_exception"))
"""What both products say where some shards did not answer."""

_IN_PART = frozenset((500, 503, 504))

_WAITS_S = (0.1, 0.4)
"""Before a question that was answered in part is asked again: while a rebuild or a rollover begins an index, that index
is behind the alias for some milliseconds without its shard."""


class Reader:
    """The reading half of a cluster."""

    def __init__(self, client: OpenSearch, connection: Connection) -> None:
        self._client, self._connection = client, connection

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def root(self) -> Any:
        """Return the answer to `GET /`."""
        with translated("the cluster did not say what it is", self._connection):
            return self._client.info()

    def refused_login(self) -> ConfigError:
        """Return the error for a cluster that asks for another login."""
        said = "does not take the login" if self._connection.has_login else "asks for a login, and none is set"
        advice = "set index.username and index.password, or index.api_key"
        return ConfigError(f"{self._connection.where()} {said}", where="index", advice=advice)

    def refuse_wrong_scheme(self) -> None:
        """Raise ConfigError where the cluster speaks TLS and its address says http:, or the other way round."""
        protocols.refuse_wrong_scheme(self._connection.urls, self._connection.timeout_s)

    def refuse_open_door(self) -> None:
        """Raise ConfigError where a login is set and the cluster answers without one: everybody can read and write it.

        A cluster that answers some requests of nobody in particular and refuses others is taken for an open one too.
        """
        if not self._connection.has_login:
            return
        client = make_client(self._connection.without_login())
        try:
            client.info()
        except OpenSearchException:
            return
        finally:
            client.close()
        where = "index.api_key" if self._connection.api_key else "index.username"
        what = f"a login is set, but {self._connection.where()} answers everybody without one"
        raise ConfigError(what, where=where, advice="turn its security on, or take the login out of the settings")

    def search(self, index: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return the whole answer to a search.

        Raises:
            PartialAnswer: not all shards answered, or not in time: a part is never passed off as whole.
            StorageError: it did not answer.
        """
        for wait_s in _WAITS_S:
            with suppress(PartialAnswer):
                return self._search(index, asked)
            time.sleep(wait_s)
        return self._search(index, asked)

    def _search(self, index: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        until = f"{max(1, int(self._connection.timeout_s * 900))}ms"
        whole = {"allow_partial_search_results": "false"}
        try:
            with translated("the index could not be searched", self._connection):
                body = {**asked, "timeout": until}
                answer: dict[str, Any] = self._client.search(index=index, body=body, params=whole)
        except ClusterError as refusal:
            is_in_part = refusal.status in _IN_PART and _PHASE & set(refusal.kinds)
            if not is_in_part or refusal.is_beyond_one_answer:
                raise
            raise PartialAnswer(refusal.reason or "a shard did not answer") from refusal
        shards = answer["_shards"]
        if answer.get("timed_out"):
            raise PartialAnswer("it was not done in time")
        if shards["failed"]:
            raise PartialAnswer(f"{shards['failed']} of {shards['total']} shards failed")
        return answer

    def ask(self, method: str, path: str, body: Any = None, params: Mapping[str, str] | None = None) -> Any:
        """Return the answer to what the client has no name for in both products."""
        with translated("the index could not be searched", self._connection):
            return self._client.transport.perform_request(method, path, params=dict(params or {}), body=body)

    def aliases(self, index: str) -> dict[str, dict[str, Mapping[str, Any]]]:
        """Return the indices behind a name or pattern, each with its aliases and what is set of them; {} if none is.

        One answer, and so of one moment. What a login may not see is not there.
        """
        try:
            with translated("the aliases could not be read", self._connection):
                answer = self._client.indices.get_alias(index=index)
        except ClusterError as refusal:
            if refusal.status == 404:
                return {}
            raise
        return {name: dict(one["aliases"]) for name, one in answer.items()}

    def documents(self, index: str) -> int:
        """Return how many documents searches see behind a name, tombstones included."""
        return int(self.search(index, {"size": 0, "track_total_hits": True})["hits"]["total"]["value"])

    def size_bytes(self, index: str) -> int:
        """Return the size of all primary shards behind a name."""
        with translated("the index did not say its size", self._connection):
            answer = self._client.indices.stats(index=index, metric="store")
        return int(answer["_all"]["primaries"]["store"]["size_in_bytes"])

    def layouts(self, index: str) -> set[str]:
        """Return which versions of the mapping the indices behind a name have."""
        with translated("the mapping could not be read", self._connection):
            answer = self._client.indices.get_mapping(index=index)
        return {str(one["mappings"].get("_meta", {}).get("layout", "")) for one in answer.values()}
