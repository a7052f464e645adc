"""A real `airflow standalone` over a workspace, and its API as an operator's browser uses it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from earshot.demo.children import Children
from earshot.demo.ports import free_port
from scripts.airflow_standalone import USER, Home, running, wait_until_healthy


@dataclass
class LiveAirflow:
    """What is running, and who asks."""

    home: Home
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.home.url, timeout=30, trust_env=False)
        login = {"username": USER, "password": self.home.password()}
        token = self.client.post("/auth/token", json=login).raise_for_status().json()["access_token"]
        self.client.headers["authorization"] = f"Bearer {token}"

    def get(self, path: str, **params: Any) -> Any:
        return self.client.get(f"/api/v2/{path}", params=params).raise_for_status().json()

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self.client.post(f"/api/v2/{path}", json=body).raise_for_status().json()

    def runs(self, dag: str, **params: Any) -> list[dict[str, Any]]:
        """Return a DAG's runs, latest first."""
        return self._all(f"dags/{dag}/dagRuns", "dag_runs", order_by="-run_after", **params)

    def tasks(self, dag: str, run: str = "~") -> list[dict[str, Any]]:
        """Return the task instances of a run, or of all runs."""
        return self._all(f"dags/{dag}/dagRuns/{quote(run, safe='~')}/taskInstances", "task_instances", order_by="id")

    def _all(self, path: str, name: str, **params: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while part := self.get(path, limit=100, offset=len(found), **params)[name]:
            found += part
        return found

    def trigger(self, dag: str, **form: Any) -> str:
        """Start a run by hand; return its id."""
        return str(self.post(f"dags/{dag}/dagRuns", {"logical_date": None, "conf": form})["dag_run_id"])

    def clear(self, dag: str, run: str) -> None:
        """Let all tasks of a run run again."""
        self.post(f"dags/{dag}/clearTaskInstances", {"dry_run": False, "dag_run_id": run, "only_failed": False})

    def pause(self, dag: str, *, is_paused: bool) -> None:
        """Stop or resume a DAG's schedule; a run that has begun goes on."""
        self.client.patch(f"/api/v2/dags/{dag}", json={"is_paused": is_paused}).raise_for_status()

    def wait_for_run(self, dag: str, run: str, seconds: float = 240) -> dict[str, Any]:
        """Wait until a run has ended; return it."""
        end = time.monotonic() + seconds
        while True:
            found = self.get(f"dags/{dag}/dagRuns/{quote(run, safe='')}")
            if found["state"] in ("success", "failed"):
                return dict(found)
            assert time.monotonic() < end, f"{dag} {run} is still {found['state']}"
            time.sleep(0.5)


@contextmanager
def live_airflow(workspace: Path, **environ: str) -> Iterator[LiveAirflow]:
    """Run it over a workspace, as `make airflow` does."""
    home = Home(workspace, free_port(0))
    with Children() as children:
        children.start(["check"], home.folder / "logs" / "check.log", {"EARSHOT_WORKSPACE": str(workspace)}).wait()
        with running(home, children, environ) as process:
            assert wait_until_healthy(home, process)
            live = LiveAirflow(home)
            with closing(live.client):
                yield live
