"""What a cluster said no to, as the adapters' own error. Knows no client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from earshot.errors import StorageError

LATER = frozenset((408, 429, 502, 503, 504))
"""Status codes of a cluster that is full or not whole: the same request may succeed later."""


_BEYOND_ONE_ANSWER = frozenset(("too_many_buckets_exception", "array_index_out_of_bounds_exception"))
"""What is asked for page by page instead. The second is OpenSearch's own mistake (3.0 to 3.8 at least) with histograms
over dates; it was seen here with a composite one. Source: opensearch-project/OpenSearch issue 22342, read 2026-11."""


class ClusterError(StorageError):
    """An answer with an error. status: of HTTP; kinds: the types of the errors in it, the outermost first."""

    def __init__(self, doing: str, status: int, body: Any) -> None:
        self.status = status
        self.kinds = tuple(_named(body, "type"))
        self.reason = next(_reasons(body), f"status {status}")
        super().__init__(f"{doing}: {_ADVICE.get(status, '')}{self.reason}")

    @property
    def is_beyond_one_answer(self) -> bool:
        """Tell whether all that was asked for is there, but does not fit one answer."""
        return bool(_BEYOND_ONE_ANSWER & set(self.kinds))


_ADVICE = {
    401: "the cluster does not know this login (index.username and password, or index.api_key): ",
    403: "the login may not do this, or the index is blocked: ",
}


def _named(body: Any, name: str) -> Iterator[str]:
    """Yield the texts under `name`, wherever they stand in an error."""
    if isinstance(body, Mapping):
        if isinstance(body.get(name), str):
            yield body[name]
        for value in body.values():
            yield from _named(value, name)
    elif isinstance(body, list):
        for value in body:
            yield from _named(value, name)


def _reasons(body: Any) -> Iterator[str]:
    """Yield what went wrong, the cause before what only says that something did ("all shards failed")."""
    error = body.get("error", body) if isinstance(body, Mapping) else body
    if isinstance(error, Mapping):
        yield from (f"{cause.get('reason')}" for cause in error.get("root_cause", ()) if cause.get("reason"))
        yield from _named(error, "reason")
    elif isinstance(error, str) and error:
        yield error
