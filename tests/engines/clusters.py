"""A cluster of three nodes on the loopback, whose nodes can be killed and resumed one by one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress

from scripts.engines.distributions import Distribution
from scripts.engines.nodes import SOON_UP, Node, free_ports

HEAP = "384m"
FIRST_MANAGERS = {
    "opensearch": "cluster.initial_cluster_manager_nodes",
    "elasticsearch": "cluster.initial_master_nodes",
}


class Cluster:
    """Three nodes, started at once. settings: of each, beside the usual ones."""

    def __init__(self, distribution: Distribution, settings: Mapping[str, object]) -> None:
        self.distribution = distribution
        names, ports = [f"node-{n}" for n in range(3)], free_ports(3)
        ours: dict[str, object] = {
            "cluster.name": "three",
            "discovery.seed_hosts": [f"127.0.0.1:{port}" for port in ports],
            FIRST_MANAGERS[distribution.product]: names,
            **settings,
        }
        own = [{"node.name": name, "transport.port": port} for name, port in zip(names, ports, strict=True)]
        self.nodes = [Node(distribution, settings=ours | each, heap=HEAP, java=SOON_UP) for each in own]

    @property
    def urls(self) -> tuple[str, ...]:
        """The addresses of all nodes."""
        return tuple(node.url for node in self.nodes)

    def whole(self, seconds: float = 600) -> Cluster:
        """Return itself once all three nodes are one cluster and each copy of each shard is there."""
        end = time.monotonic() + seconds
        for node in self.nodes:
            node.ready(seconds)
        while time.monotonic() < end:
            with suppress(OSError, ValueError):  # it has no manager for a moment
                health = self.nodes[0].ask("/_cluster/health")
                if health["number_of_nodes"] == 3 and health["status"] == "green":
                    return self
            time.sleep(0.2)
        raise RuntimeError(f"{self.distribution.name}: the three nodes did not become one whole cluster")

    def stop(self) -> None:
        """End all nodes and remove what they wrote."""
        for node in self.nodes:
            node.stop()
