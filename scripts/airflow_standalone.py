"""Airflow on one machine, over a workspace: `make airflow`.

    python -m scripts.airflow_standalone [--dir DIR] [--port 8081] [--pages-port 8080] [--no-pages]

In a folder that is empty, or the demonstration's, the invented web is what it listens to, and the dashboards with the
sent mails run beside it. In any other workspace it listens to that workspace's sources. Everything is on the loopback.
"""

from __future__ import annotations

import argparse
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from rich.console import Console
from rich.text import Text

from earshot.config.environment import environment
from earshot.config.settings import MailSettings
from earshot.config.workspace import load_workspace
from earshot.demo.children import Children, bare_environment
from earshot.demo.stage import answers, ended_by_signals, named_port, open_stage
from earshot.errors import EarshotError

ROOT = Path(__file__).parent.parent
DAGS = ROOT / "dags"
BOOT_S = 300
USER = "admin"


@dataclass(frozen=True)
class Home:
    """A home of Airflow's own, inside the workspace, and how its programs are called there."""

    workspace: Path
    port: int

    @property
    def folder(self) -> Path:
        """AIRFLOW_HOME."""
        return self.workspace / "var" / "airflow"

    @property
    def url(self) -> str:
        """Where people find it."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """Return the settings, each for a reason that was met (docs/operations/airflow.md)."""
        settings = {
            "CORE__DAGS_FOLDER": str(DAGS),
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__EXECUTOR": "LocalExecutor",
            # Two fetch, two read: with no more than these four, what tells people would wait for them.
            "CORE__PARALLELISM": "8",
            "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            # With the port alone all looks healthy and every task fails.
            "CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self.folder / "passwords.json"),
            "API__HOST": "127.0.0.1",
            "API__PORT": str(self.port),
            "API__BASE_URL": self.url,
            "API__WORKERS": "1",
            # The first tasks may begin before the API server answers: they wait for it rather than fail.
            "WORKERS__EXECUTION_API_RETRIES": "12",
            "WORKERS__EXECUTION_API_RETRY_WAIT_MAX": "5",
            "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",  # how soon a killed worker's task is tried again
            "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "10",
            "DAG_PROCESSOR__REFRESH_INTERVAL": "60",
        }
        bin_folder = str(Path(sys.executable).parent)
        path = environment().get("PATH", "")
        return {f"AIRFLOW__{name}": value for name, value in settings.items()} | {
            "AIRFLOW_HOME": str(self.folder),
            "PATH": f"{bin_folder}:{path}",
            "NO_PROXY": "127.0.0.1",
            "EARSHOT_WORKSPACE": str(self.workspace),
            "EARSHOT_AIRFLOW_URL": self.url,
        }

    def password(self) -> str:
        """Return the password of its one user; made at the first call, in a file of mode 0600."""
        file = self.folder / "passwords.json"
        if not file.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(json.dumps({USER: secrets.token_urlsafe(12)}), encoding="utf-8")
        return str(json.loads(file.read_text(encoding="utf-8"))[USER])


def smtp_connection(mail: MailSettings) -> str:
    """Return Airflow's connection `smtp_default` for the workspace's mail server, as JSON; "" where it has none."""
    if not mail.host:
        return ""
    extra = {
        "from_email": mail.sender,
        "disable_ssl": mail.security != "tls",
        "disable_tls": mail.security != "starttls",
    }
    login = {"login": mail.username, "password": mail.password.get_secret_value()} if mail.username else {}
    return json.dumps({"conn_type": "smtp", "host": mail.host, "port": mail.port, **login, "extra": extra})


@contextmanager
def running(home: Home, children: Children, environ: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Make the home, its tables and pools, and run `airflow standalone` in it while the block runs."""
    whole = home.environment() | dict(environ)
    home.password()
    logs = home.folder / "logs" / "standalone.log"
    airflow = str(Path(sys.executable).parent / "airflow")
    for step in (["db", "migrate"], ["pools", "import", str(DAGS / "pools.json")]):
        done = children.run([airflow, *step], logs, whole)
        if done.wait(timeout=BOOT_S):
            raise EarshotError(f"`airflow {' '.join(step)}` failed; what it said is in {logs}")
    yield children.run([sys.executable, "-P", str(ROOT / "scripts" / "quiet_standalone.py")], logs, whole)


def wait_until_healthy(home: Home, process: subprocess.Popen[bytes], ended: Event | None = None) -> bool:
    """Wait until its pages answer; False where it was asked to end meanwhile.

    Raises:
        EarshotError: it ended, or did not answer within five minutes.
    """
    until = time.monotonic() + BOOT_S
    while not answers(f"{home.url}/api/v2/monitor/health"):
        if ended is not None and ended.is_set():
            return False
        if process.poll() is not None or time.monotonic() > until:
            log = home.folder / "logs" / "standalone.log"
            raise EarshotError(f"Airflow did not come up; what it said is in {log}")
        time.sleep(0.5)
    return True


def main() -> int:
    """Run it until Ctrl-C."""
    options = _options()
    console = Console(stderr=True, highlight=False)
    directory = options.dir.resolve()
    is_demo = (directory / "var" / "demo").exists() or not (directory / "earshot.yaml").exists()
    try:
        with ExitStack() as stack:
            if is_demo:
                stage = stack.enter_context(open_stage(directory, options.pages_port, console))
                ended, pages_port = stage.ended, stage.pages_port
                stage.web.play()
                console.print(f"An invented web is listened to: http://127.0.0.1:{stage.web.port}/")
            else:
                ended = stack.enter_context(ended_by_signals())
                pages_port = named_port(options.pages_port, console)
            return _perform(directory, options, pages_port, ended, stack.enter_context(Children()), console)
    except EarshotError as error:
        console.print(Text(str(error), "red"))
        return 1


def _perform(
    directory: Path, options: argparse.Namespace, pages_port: int, ended: Event, children: Children, console: Console
) -> int:
    home = Home(directory, named_port(options.port, console))
    ours = {name: value for name, value in environment().items() if name.startswith("EARSHOT_")}
    is_demo = (directory / "var" / "demo").exists()
    environ = ({} if is_demo else ours) | {"EARSHOT_WORKSPACE": str(directory), "EARSHOT_AIRFLOW_URL": home.url}
    workspace = load_workspace(directory, bare_environment(environment()) | environ)
    connection = smtp_connection(workspace.settings.mail)
    if connection:
        environ["AIRFLOW_CONN_SMTP_DEFAULT"] = connection
    children.start(["check"], home.folder / "logs" / "check.log", environ).wait()  # writes what the DAG files read
    pages = None
    if not options.no_pages:
        pages = children.start(["serve", "--port", str(pages_port)], home.folder / "logs" / "serve.log", environ)
    console.print("Starting Airflow (half a minute, the first time a little more) ...")
    with running(home, children, environ) as airflow:
        if not wait_until_healthy(home, airflow, ended):
            return 0
        _say_where(console, home, "" if pages is None else f"http://127.0.0.1:{pages_port}", is_demo)
        while not ended.wait(0.5):
            for name, child in (("Airflow", airflow), ("the dashboards", pages)):
                if child is not None and child.poll() is not None:
                    console.print(f"[red]{name} ended[/]; what it said is in {home.folder / 'logs'}", soft_wrap=True)
                    return 1
    console.print("Ending; the next call goes on from here.")
    return 0


def _say_where(console: Console, home: Home, pages: str, is_demo: bool) -> None:
    lines = [
        ("Airflow", f"{home.url}/", f"sign in as {USER} with the password {home.password()}"),
        ("Operations", f"{pages}/operations", "what runs, what waits, what failed and why"),
        ("Overview", f"{pages}/", "what marketing sees"),
        ("Sent mails", f"{pages}/mails", "alerts, briefs and failure mails, in the demonstration's own mail server"),
    ]
    for name, address, what in lines if pages else lines[:1]:
        if name != "Sent mails" or is_demo:
            console.print(Text.assemble((f"  {name:<11}", "bold"), f"{address}  ", (what, "dim")), soft_wrap=True)
    console.print("DAGs begin within a minute. Ctrl-C ends everything.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", type=Path, default=Path("demo"), help="the workspace")
    parser.add_argument("--port", type=int, default=8081, help="of Airflow's pages")
    parser.add_argument("--pages-port", type=int, default=8080, help="of the dashboards")
    parser.add_argument("--no-pages", action="store_true", help="they are served by somebody else")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
