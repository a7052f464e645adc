"""Makes what a cluster needs before it starts: `airflow-init` of docker-compose.yml. Twice is once.

    python prepare.py --admin-password FILE

The bucket of the lake, the tables of the record and of Airflow, the pools, the connection to the mail server, the first
person `admin`, and the schedule that DAG files read. Everything else is settings in the environment.

A mistake in `earshot.yaml` or in the environment ends it. One in a brand or a source is told and ends nothing: Airflow
starts, and its tasks say it too until it is mended.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from earshot.clock import SystemClock
from earshot.config.settings import MailSettings, Workspace
from earshot.config.workspace import load_settings, read_workspace
from earshot.errors import ConfigError, Mistake
from earshot.wiring import make_lake

ADMIN = "admin"


def main() -> None:
    """Run the steps in their order; the first that fails ends it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--admin-password", type=Path, required=True, help="file with the password of `admin`")
    options = parser.parse_args()
    password = options.admin_password.read_text(encoding="utf-8").strip()
    root = Path(os.environ["EARSHOT_WORKSPACE"])
    if not (root / "earshot.yaml").exists():
        _earshot("init", str(root))
    try:
        settings = load_settings(root, os.environ)
    except ConfigError as error:
        sys.exit(f"{error}\nNothing was made. Mend it and start again.")
    make_lake(Workspace(root, settings, (), ()), SystemClock()).make()
    _, mistakes, _ = read_workspace(root, os.environ)
    if mistakes:
        _tell(mistakes)
    else:
        _earshot("status", "--json")  # migrates the record
        _earshot("check")  # writes what the DAG files read
    _airflow("db", "migrate")
    _airflow("pools", "import", str(Path(_airflow_setting("core", "dags_folder")) / "pools.json"))
    _connect_mail(settings.mail)
    _make_admin(password)


def _tell(mistakes: list[Mistake]) -> None:
    for mistake in mistakes:
        print(mistake, file=sys.stderr)
    print(
        "Airflow starts all the same. Nothing is collected or told until this is mended.", file=sys.stderr, flush=True
    )


def _connect_mail(mail: MailSettings) -> None:
    """Let Airflow's failure mail go where Earshot's mails go. The password lies in its database, encrypted."""
    if not mail.host:
        return
    extra = {
        "from_email": mail.sender,
        "disable_ssl": mail.security != "tls",
        "disable_tls": mail.security != "starttls",
    }
    login = {"login": mail.username, "password": mail.password.get_secret_value()} if mail.username else {}
    connection = {"conn_type": "smtp", "host": mail.host, "port": mail.port, **login, "extra": json.dumps(extra)}
    file = Path(os.environ["AIRFLOW_HOME"]) / "connection.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps({"smtp_default": connection}), encoding="utf-8")
    try:
        _airflow("connections", "import", "--overwrite", str(file))
    finally:
        file.unlink()


def _make_admin(password: str) -> None:
    """Make the first person, or leave the one that is there. A password may begin with a dash, as an option does."""
    words = ["--username", ADMIN, "--role", "Admin", "--firstname", "First", "--lastname", "Person"]
    _airflow("users", "create", *words, "--email", "admin@localhost", f"--password={password}")


def _earshot(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "earshot", *arguments], check=True)


def _airflow_setting(section: str, key: str) -> str:
    """Return a setting of Airflow's, wherever it was written: in the environment, or in the chart's airflow.cfg."""
    from airflow.configuration import conf

    return conf.get_mandatory_value(section, key)


def _airflow(*arguments: str) -> None:
    """Run one of Airflow's commands in this process: none is started anew, and no command line shows a password."""
    from airflow.cli.cli_parser import get_parser

    known = get_parser().parse_args(arguments)
    known.func(known)


if __name__ == "__main__":
    main()
