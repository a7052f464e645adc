"""A real server for the pages, on a port of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from dashboards.app import make_app
from tests.dashboards.seed import World


@contextmanager
def serving(app: Any, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve an ASGI app and yield its base URL. Without its start-up: the chart library is made when asked for."""
    config = uvicorn.Config(app, host=host, port=0, log_level="warning", ws="none", lifespan="off")
    server = uvicorn.Server(config)
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
