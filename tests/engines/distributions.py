"""The engines' distributions under the name that tests use; they lie in `scripts.engines`."""

from scripts.engines.distributions import (
    ALL,
    ELASTICSEARCH,
    OPENSEARCH,
    OPENSEARCH_2,
    SECURED,
    Distribution,
    cache,
    missing,
    unpacked,
)

__all__ = [
    "ALL",
    "ELASTICSEARCH",
    "OPENSEARCH",
    "OPENSEARCH_2",
    "SECURED",
    "Distribution",
    "cache",
    "missing",
    "unpacked",
]
