"""The shape of docker-compose.yml without containers: its services as processes of this machine, all on the loopback.

Commands and settings are those of the file. What is other than in containers stands in `_laid_out`, `LOOPBACK` and
`SOON`, and nowhere else: hosts, ports and paths; another S3 server; shorter waits for a killed worker.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from deploy.first_time import make_secrets
from earshot.config.environment import environment
from earshot.config.settings import Workspace
from earshot.config.workspace import load_workspace
from earshot.demo.children import Children
from earshot.demo.ports import free_port
from earshot.demo.stage import answers
from scripts.engines.distributions import OPENSEARCH
from scripts.engines.nodes import SOON_UP, Node
from tests.containers.compose import CLUSTER, ROOT, Elsewhere, load
from tests.postgresql.server import Server

BIN = Path(sys.executable).parent
AIRFLOW = ("airflow-apiserver", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer")
LOOPBACK = {"AIRFLOW__API__HOST": "127.0.0.1", "NO_PROXY": "127.0.0.1"}
SOON = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "40",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "5",
}
BOOT_S = 600


@dataclass
class Outfit:
    """Everything that runs. services: as in the file. ports, processes: by service; workers are worker-1 and -2."""

    workspace: Path
    folder: Path
    ports: dict[str, int]
    services: dict[str, Any]
    elsewhere: Elsewhere
    children: Children
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['airflow-apiserver']}"

    @property
    def pages_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['serve']}"

    def password(self) -> str:
        """Return the password of Airflow's `admin`."""
        return (self.secrets / "airflow_admin_password").read_text()

    def environment(self, service: str, name: str = "") -> dict[str, str]:
        """Return a service's settings."""
        given = self.services[service].get("environment", {})
        found = {key: self.elsewhere(str(value)) for key, value in given.items()}
        home = {
            "AIRFLOW_HOME": str(self.folder / "homes" / (name or service)),
            "EARSHOT_WORKSPACE": str(self.workspace),
        }
        path = {"PATH": f"{BIN}:{environment()['PATH']}", "HOSTNAME": name or socket.getfqdn()}
        return found | home | path | LOOPBACK | SOON

    def loaded(self) -> Workspace:
        """Return the workspace as the services see it."""
        return load_workspace(self.workspace, self.environment("serve"))

    def start(self, service: str, name: str = "", *more: str) -> subprocess.Popen[bytes]:
        """Start a service as the file says."""
        name = name or service
        environ = self.environment(service, name)
        Path(environ["AIRFLOW_HOME"]).mkdir(parents=True, exist_ok=True)
        process = self.children.run([*self._command(service), *more], self.log(name), environ)
        self.processes[name] = process
        return process

    def run_to_its_end(self, service: str) -> None:
        """Run a service that ends by itself."""
        status = self.start(service).wait(timeout=BOOT_S)
        assert status == 0, self.said(service)
        del self.processes[service]

    def check(self, service: str, name: str = "") -> subprocess.CompletedProcess[str]:
        """Run a service's health check once."""
        kind, *words = self.services[service]["healthcheck"]["test"]
        words = [self._with_port(service, self.elsewhere(word)) for word in words]
        command = ["sh", "-c", words[0]] if kind == "CMD-SHELL" else [_program(words[0]), *words[1:]]
        environ = {"PATH": environment()["PATH"], "PGPORT": str(self.ports["postgres"])} | self.environment(
            service, name
        )
        return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=90, check=False)

    def log(self, name: str) -> Path:
        return self.folder / "out" / f"{name}.log"

    def said(self, name: str) -> str:
        """Return the last words of a service."""
        return f"{name}: " + self.log(name).read_text(errors="replace")[-6000:]

    def wait_until_up(self) -> None:
        """Wait until Airflow's pages and ours answer."""
        end = time.monotonic() + BOOT_S
        for url in (f"{self.url}/api/v2/monitor/health", f"{self.pages_url}/healthz"):
            while not answers(url):
                gone = [name for name, process in self.processes.items() if process.poll() is not None]
                assert not gone, self.said(gone[0])
                assert time.monotonic() < end, self.said("airflow-apiserver")
                time.sleep(0.3)

    def family(self) -> list[psutil.Process]:
        """Return every process of it."""
        found = [psutil.Process(process.pid) for process in self.processes.values() if process.poll() is None]
        return found + [child for parent in found for child in parent.children(recursive=True)]

    def open_to_others(self) -> list[str]:
        """Return what listens on another address than the loopback's."""
        ours = {process.pid: process for process in self.family()}
        return [
            f"{' '.join(ours[one.pid].cmdline())[:100]}: {one.laddr}"
            for one in psutil.net_connections("inet")
            if one.pid in ours and one.status == psutil.CONN_LISTEN and one.laddr.ip not in ("127.0.0.1", "::1")
        ]

    def kill(self, name: str) -> list[int]:
        """SIGKILL a service and all it started at one blow, as a machine does that loses power; return their ids."""
        parent = psutil.Process(self.processes.pop(name).pid)
        family = [parent, *parent.children(recursive=True)]
        for each in family:
            each.suspend()
        for each in family:
            each.kill()
        return [each.pid for each in family]

    def _command(self, service: str) -> list[str]:
        words = [self._with_port(service, self.elsewhere(word)) for word in self.services[service]["command"]]
        return [_program(words[0]), *words[1:]]

    def _with_port(self, service: str, text: str) -> str:
        inside = {"airflow-apiserver": "8080", "serve": "8080", "airflow-scheduler": "8974"}.get(service)
        return text.replace(inside, str(self.ports[service])) if inside else text


@contextmanager
def outfit(workspace: Path, folder: Path) -> Iterator[Outfit]:
    """Start everything over a workspace, but for the workers."""
    with ExitStack() as stack:
        engine = Node(OPENSEARCH, java=SOON_UP)
        stack.callback(engine.stop)
        make_secrets_in(folder / "secrets")
        database = Server(user="postgres")
        stack.callback(database.stop)
        children = stack.enter_context(Children())
        made = _laid_out(workspace, folder, engine, database, children)
        _make_databases(made, database)
        made.start("redis", "", "--port", str(made.ports["redis"]), "--bind", "127.0.0.1")
        bucket = [str(BIN / "moto_server"), "-H", "127.0.0.1", "-p", str(made.ports["lake"])]
        made.processes["lake"] = children.run(bucket, made.log("lake"))
        engine.ready(BOOT_S)
        _begin_with_a_mistake(made)
        made.run_to_its_end("airflow-init")
        for service in (*AIRFLOW, "serve"):
            made.start(service)
        made.wait_until_up()
        yield made


def make_secrets_in(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True)
    make_secrets(folder)
    admin = folder / "airflow_admin_password"
    admin.write_text(f"-{admin.read_text()}")  # as one in 64 begins: it must not be taken for an option


def _laid_out(workspace: Path, folder: Path, engine: Node, database: Server, children: Children) -> Outfit:
    ports = {name: free_port() for name in ("redis", "lake", "airflow-apiserver", "airflow-scheduler", "serve")}
    ports["postgres"] = int(database.url.port or 0)
    url = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    instead = {
        "postgres:5432": f"127.0.0.1:{database.url.port}",
        "redis:6379": f"127.0.0.1:{ports['redis']}",
        "http://opensearch:9200": engine.url,
        "http://127.0.0.1:9200": engine.url,
        "http://lake:8333": url["lake"],
        "http://airflow-apiserver:8080": url["airflow-apiserver"],
        "/run/secrets": str(folder / "secrets"),
        "/opt/earshot/dags": str(ROOT / "dags"),
        "/opt/earshot/prepare.py": str(ROOT / "deploy" / "prepare.py"),
        "/logs": str(folder / "logs"),
        "0.0.0.0": "127.0.0.1",
        "8974": str(ports["airflow-scheduler"]),
        "redis-cli ": f"redis-cli -p {ports['redis']} ",
    }
    (folder / "data").mkdir(parents=True)
    instead["/data"] = str(folder / "data")
    for file in (folder / "secrets").iterdir():
        file.write_text(Elsewhere({k: v for k, v in instead.items() if ":" in k or k == "0.0.0.0"})(file.read_text()))
    variables = {"AIRFLOW_URL": url["airflow-apiserver"], "PAGES_URL": url["serve"], "WORKER_CONCURRENCY": "3"}
    services = load(CLUSTER, variables)["services"]
    return Outfit(workspace, folder, ports, services, Elsewhere(instead), children)


def _make_databases(made: Outfit, database: Server) -> None:
    environ = {"PATH": os.environ["PATH"], "SECRETS": str(made.secrets), "PGHOST": "127.0.0.1"}
    environ |= {"PGPORT": str(database.url.port), "PGPASSWORD": str(database.url.password)}
    script = str(ROOT / "deploy" / "databases.sh")
    done = subprocess.run([script], env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def _begin_with_a_mistake(made: Outfit) -> None:
    """Run what makes everything while a brand cannot be read: it says so, and is done all the same."""
    broken = made.workspace / "brands" / "broken.yaml"
    broken.write_text("id: broken\n", encoding="utf-8")
    made.run_to_its_end("airflow-init")
    broken.unlink()


def _program(name: str) -> str:
    return sys.executable if name == "python" else shutil.which(name, path=f"{BIN}:{os.environ['PATH']}") or name
