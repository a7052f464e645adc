"""Makes what a cluster needs before it starts: `airflow-init` of docker-compose.yml. Twice is once.

    python prepare.py --admin-password FILE

The bucket of the lake, the tables of the record and of Airflow, the pools, the connection to the mail server, the first
person `admin`, and the schedule that DAG files read. Everything else is settings in the environment.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from upath import UPath

from earshot.config.settings import MailSettings
from earshot.config.workspace import load_workspace

ADMIN = "admin"


def main() -> None:
    """Run the steps in their order; the first that fails ends it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--admin-password", type=Path, required=True, help="file with the password of `admin`")
    options = parser.parse_args()
    workspace = Path(os.environ["EARSHOT_WORKSPACE"])
    if not (workspace / "earshot.yaml").exists():
        _earshot("init", str(workspace))
    settings = load_workspace(workspace, os.environ).settings
    _make_bucket(settings.lake.url)
    _earshot("status", "--json")  # migrates the record
    _earshot("check")  # writes what the DAG files read
    _airflow("db", "migrate")
    _airflow("pools", "import", str(Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]) / "pools.json"))
    _connect_mail(settings.mail)
    _make_admin(options.admin_password.read_text(encoding="utf-8").strip())


def _make_bucket(url: str) -> None:
    if url.startswith("s3:"):
        bucket = UPath(f"s3://{UPath(url).parts[0].strip('/')}")
        bucket.mkdir(parents=True, exist_ok=True)


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
    """Make the first person, or leave the one that is there."""
    words = ["--username", ADMIN, "--role", "Admin", "--firstname", "First", "--lastname", "Person"]
    _airflow("users", "create", *words, "--email", "admin@localhost", "--password", password)


def _earshot(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "earshot", *arguments], check=True)


def _airflow(*arguments: str) -> None:
    """Run one of Airflow's commands in this process: none is started anew, and no command line shows a password."""
    from airflow.cli.cli_parser import get_parser

    known = get_parser().parse_args(arguments)
    known.func(known)


if __name__ == "__main__":
    main()
