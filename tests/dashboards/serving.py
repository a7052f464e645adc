"""A real server for the pages, on a port of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dashboards.app import make_app
from dashboards.server import Patience, make_server
from tests.dashboards.seed import World


@contextmanager
def serving(app: Any, host: str = "127.0.0.1", patience: Patience | None = None) -> Iterator[str]:
    """Serve an ASGI app and yield its base URL. Without its start-up: the chart library is made when asked for."""
    server = make_server(app, host, 0, patience, lifespan="off")
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://{host}:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def app_of(world: World, **more: Any) -> Any:
    return make_app(record=world.record, index=world.index, workspace=world.workspace, clock=world.clock, **more)
