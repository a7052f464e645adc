"""Which product in which version answers, and whether the settings fit it. Knows no client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from earshot.errors import ConfigError

OPENSEARCH, ELASTICSEARCH = "opensearch", "elasticsearch"
NAMES = {OPENSEARCH: "OpenSearch", ELASTICSEARCH: "Elasticsearch"}

SUPPORTED = {OPENSEARCH: ((2, 19), (4, 0)), ELASTICSEARCH: ((9, 0), (10, 0))}
"""From which version (included) to which (excluded): 2.19, 3.8 and 9.5 are tested, and the elasticsearch client of
version 9 speaks to no older server."""


@dataclass(frozen=True, slots=True)
class Server:
    """What answered. engine: as in `index.engine`, or empty for another product. version: as it says."""

    engine: str
    version: str

    def __str__(self) -> str:
        return f"{NAMES.get(self.engine, 'an unknown product')} {self.version}".strip()


def read_server(root: Any) -> Server:
    """Return what the answer to `GET /` says.

    Source: "info" API of OpenSearch 3 and Elasticsearch 9, read 2026-11; both seen on real servers.
    """
    version = root.get("version", {}) if isinstance(root, Mapping) else {}
    if not isinstance(version, Mapping):
        return Server("", "")
    number = str(version.get("number", ""))
    if version.get("distribution") == OPENSEARCH:
        return Server(OPENSEARCH, number)
    if isinstance(root, Mapping) and root.get("tagline") == "You Know, for Search":
        return Server(ELASTICSEARCH, number)
    return Server("", number)


def refuse_unfit(engine: str, server: Server, where: str) -> None:
    """Do nothing where `engine` is what answered.

    Raises:
        ConfigError: it is another product, or a version that Earshot does not support.
    """
    if server.engine != engine:
        advice = f"write `{server.engine}`" if server.engine else f"give the address of {NAMES[engine]} in index.urls"
        raise ConfigError(f"says {engine}, but at {where} answers {server}", where="index.engine", advice=advice)
    oldest, newest = SUPPORTED[engine]
    if not oldest <= _numbers(server.version) < newest:
        advice = f"{_text(oldest)} or later, before {_text(newest)}"
        raise ConfigError(f"{server} at {where} is not supported", where="index.urls", advice=advice)


def _numbers(version: str) -> tuple[int, int]:
    parts = version.split(".")[:2]
    return tuple(map(int, parts)) if len(parts) == 2 and all(p.isdecimal() for p in parts) else (0, 0)  # type: ignore[return-value]


def _text(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
