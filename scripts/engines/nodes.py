"""Engines on free ports of the loopback, of one node or of several. They end with the process that started them."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.engines.distributions import Distribution, unpacked
from scripts.engines.java import find_jdk
from scripts.engines.security import PASSWORD, make_certificates, secured_settings

HEAP = "512m"
SOON_UP = "-XX:TieredStopAtLevel=1"
"""For a node that lives some minutes, as in tests: the JVM compiles once and quickly. A start costs half the processor
time (OpenSearch 21 s to 11 s, Elasticsearch 15 s to 9 s), and so do the first thousands of requests."""
NOBODY = 65534
"""Whom an engine runs as where the tests are root's: both products refuse to be root's."""

KEEPER = Path(__file__).with_name("keeper.py")
NONE: Mapping[str, object] = {}
PREFIX = {"opensearch": "OPENSEARCH", "elasticsearch": "ES"}


class Node:
    """A running engine. `ready` waits until it answers.

    given: the address of one that somebody else has started. settings: beside the usual ones. java: options of the JVM.
    is_secured: it speaks TLS only, with a certificate of an
    authority of its own, `ca`, and asks for a login: `user` with `PASSWORD` may do everything.
    """

    def __init__(
        self,
        distribution: Distribution,
        given: str = "",
        *,
        is_secured: bool = False,
        settings: Mapping[str, object] = NONE,
        heap: str = HEAP,
        java: str = "",
    ) -> None:
        self.distribution, self.is_secured = distribution, is_secured
        self._more, self._heap, self._java = settings, heap, java
        self.user, self.password = ("elastic", PASSWORD) if distribution.product == "elasticsearch" else ("admin",) * 2
        self._process: subprocess.Popen[bytes] | None = None
        if given:
            self.url = given
            return
        self.folder = Path(tempfile.mkdtemp(prefix=f"earshot-{distribution.product}-", dir=_quick_folder()))
        self.folder.chmod(0o755)
        self.port, self._transport = free_ports(2)
        self.url = f"{'https' if is_secured else 'http'}://127.0.0.1:{self.port}"
        self.ca = self.folder / "config" / "ca.pem"
        self._home = unpacked(distribution)
        self._lay_out()
        self._process = self._start()

    def ready(self, seconds: float = 300, interrupted: threading.Event | None = None) -> Node:
        """Return itself once it answers; its last lines where it does not.

        Raises:
            KeyboardInterrupt: `interrupted` was set meanwhile.
            RuntimeError: it ended, or did not answer in time.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end and (self._process is None or self._process.poll() is None):
            if interrupted is not None and interrupted.is_set():
                raise KeyboardInterrupt
            try:
                if self.ask("/_cluster/health")["status"] != "red":
                    return self
            except (OSError, ValueError):  # nothing, or something else than JSON
                time.sleep(0.2)
        said = self._last_lines() if self._process else self.url
        raise RuntimeError(f"{self.distribution.product} did not start:\n{said}")

    def running(self) -> Node:
        """Return itself while it runs, and say once what became of it where it does not."""
        if self._process is not None and (status := self._process.poll()) is not None:
            raise RuntimeError(f"{self.distribution.name} ended with {status} under the tests:\n{self._last_lines()}")
        return self

    def ask(self, path: str, method: str = "GET", body: object = None) -> Any:
        """Return the answer to a request of whoever may do everything."""
        request = urllib.request.Request(f"{self.url}{path}", method=method)
        request.add_header("Content-Type", "application/json")
        context = None
        if self.is_secured:
            context = ssl.create_default_context(cafile=str(self.ca))
            pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            request.add_header("Authorization", f"Basic {pair}")
        data = json.dumps(body).encode() if body is not None else None
        with urllib.request.urlopen(request, data=data, timeout=10, context=context) as answer:
            return json.load(answer)

    def kill(self) -> None:
        """End it at once, as the kernel does when memory is out; what it wrote stays."""
        assert self._process
        os.killpg(int((self.folder / "pid").read_text()), signal.SIGKILL)
        self._process.wait(timeout=30)
        assert self._process.stdin
        self._process.stdin.close()

    def resume(self) -> None:
        """Start it again on what it wrote."""
        self._process = self._start()

    def stop(self) -> None:
        """End it and remove what it wrote."""
        if self._process is None:
            return
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _lay_out(self) -> None:
        product = self.distribution.product
        shutil.copytree(self._home / "config", self.folder / "config")
        for name in ("data", "logs", "tmp"):
            (self.folder / name).mkdir()
        (self.folder / "config" / f"{product}.yml").write_text(self._settings())
        _without_files_of_its_own(self.folder / "config" / "jvm.options")
        if self.is_secured:
            self._secure()
        if os.getuid() == 0:
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, NOBODY, NOBODY)

    def _start(self) -> subprocess.Popen[bytes]:
        command = [str(self._home / "bin" / self.distribution.product)]
        if os.getuid() == 0:
            command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]
        with (self.folder / "out.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, str(KEEPER), str(self.folder), *command],
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )

    def _secure(self) -> None:
        """Lay out certificates, and the first login."""
        config = self.folder / "config"
        make_certificates(config)
        if self.distribution.product == "opensearch":
            shutil.copytree(self._home / "plugins/opensearch-security/config", config / "opensearch-security")
            return
        tool = str(self._home / "bin" / "elasticsearch-keystore")
        for arguments, said in ((["create"], ""), (["add", "-x", "-f", "bootstrap.password"], PASSWORD)):
            subprocess.run(
                [tool, *arguments], env=self._environment(), input=said, text=True, check=True, capture_output=True
            )

    def _settings(self) -> str:
        settings: dict[str, object] = {
            "cluster.name": self.folder.name,
            "path.data": str(self.folder / "data"),
            "path.logs": str(self.folder / "logs"),
            "network.host": "127.0.0.1",
            "http.port": self.port,
            "transport.port": self._transport,
            "cluster.routing.allocation.disk.threshold_enabled": False,
            # What a careful administrator sets, so that tests show that Earshot does without.
            "search.allow_expensive_queries": False,
            "action.auto_create_index": False,
        }
        if self.distribution.product == "elasticsearch":
            settings["xpack.security.enabled"] = self.is_secured
        if self.is_secured:
            settings |= secured_settings(self.distribution.product)
        settings |= self._more or {"discovery.type": "single-node"}
        return "".join(f"{name}: {json.dumps(value)}\n" for name, value in settings.items())

    def _environment(self) -> dict[str, str]:
        prefix = PREFIX[self.distribution.product]
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            f"{prefix}_JAVA_HOME": str(find_jdk(*self.distribution.java)),
            f"{prefix}_PATH_CONF": str(self.folder / "config"),
            f"{prefix}_TMPDIR": str(self.folder / "tmp"),
            f"{prefix}_JAVA_OPTS": f"-Xms{self._heap} -Xmx{self._heap} {self._java}".strip(),
        }

    def _last_lines(self) -> str:
        return "\n".join((self.folder / "out.log").read_text(errors="replace").splitlines()[-15:])


def _quick_folder() -> str | None:
    """Return a folder in memory where there is room for one: hundreds of small indices wait for the disk otherwise."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 2 * 1024**3 else None


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback that nobody has now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _without_files_of_its_own(options: Path) -> None:
    """Take out what would be written beside the distribution, which is read-only for whom the engine runs as."""
    lines = options.read_text().splitlines()
    kept = [line for line in lines if not any(name in line for name in ("gc.log", "HeapDumpPath", "ErrorFile"))]
    options.write_text("\n".join(kept) + "\n")
