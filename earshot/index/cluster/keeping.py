"""Keeps a cluster's indices in shape: begins the next, drops what need not be found any more. Writes no mention."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from earshot.index.cluster.documents import GONE, PUBLISHED_US
from earshot.index.cluster.errors import ClusterError
from earshot.index.cluster.generations import Generations
from earshot.index.cluster.reading import Reader
from earshot.index.cursors import microseconds
from earshot.ports import Kept

_REFUSED = "this login may not {doing}; run `earshot maintain index` with the admin's, or set `index.rollover: none`"


def keep(generations: Generations, reader: Reader, since: datetime | None) -> Kept:
    """Do what the port says of `keep`. What the login may not do is said; what it may is done.

    Raises:
        StorageError: the cluster does not answer.
    """
    begun, refused, dropped = "", [], []
    try:
        begun = generations.roll()
    except ClusterError as refusal:
        refused.append(_doing(refusal, "begin indices"))
    try:
        for index in generations.in_force().older:
            if not _is_wanted(reader, index, since):
                generations.remove(index)
                dropped.append(index)
    except ClusterError as refusal:
        refused.append(_doing(refusal, "drop indices"))
    return Kept(begun, tuple(dropped), _REFUSED.format(doing=" or ".join(refused)) if refused else "")


def _doing(refusal: ClusterError, doing: str) -> str:
    """Return what was to be done where the login is to blame; a block or a fault of the cluster is raised again."""
    if refusal.status != 403 or "security_exception" not in refusal.kinds:
        raise refusal
    return doing


def _is_wanted(reader: Reader, index: str, since: datetime | None) -> bool:
    """Tell whether an index holds a mention that is to be found; remembered deletes are none."""
    living = {"bool": {"must_not": [{"term": {GONE: True}}]}}
    newest: dict[str, Any] = {"newest": {"max": {"field": PUBLISHED_US}}}
    answer = reader.search(index, {"query": living, "size": 0, "track_total_hits": True, "aggs": newest})
    if not answer["hits"]["total"]["value"]:
        return False
    return since is None or int(answer["aggregations"]["newest"]["value"]) >= microseconds(since)
