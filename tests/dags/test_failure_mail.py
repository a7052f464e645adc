"""The mail to operations through Airflow's own notifier and a mail server that does not always take it."""

from __future__ import annotations

import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from earshot import jobs
from earshot.config.settings import MailSettings
from scripts.airflow_standalone import smtp_connection
from tests.alerts.servers import Handler, smtp_server
from tests.dags.running import Airflow
from tests.dags.site import Blog, blog

TRIES = 6
"""So often the SMTP provider tries each mail by itself. Source: its `retry_limit`, 5 unless the connection says so."""
MAINTAIN, COLLECT = '["earshot_maintain", {}]', '["earshot_collect", {}]'


def mails(handler: Handler) -> list[EmailMessage]:
    return [message_from_bytes(each.content, policy=policy.default) for each in handler.taken]


def run(home: Path, made: Blog, port: int, *steps: str) -> list[str]:
    """Run DAGs one after another, with failure mail to a server; return how each run ended."""
    mail = MailSettings(host="127.0.0.1", port=port, security="none", sender="earshot@example.org")
    more = {"EARSHOT_WORKSPACE": str(made.root), "AIRFLOW_CONN_SMTP_DEFAULT": smtp_connection(mail)}
    return [answer["run"] for answer in Airflow(home)("program_run.py", *steps, **more)]


def test_an_alarm_whose_mail_was_refused_is_told_by_the_next_look_and_then_no_more(tmp_path: Path) -> None:
    handler = Handler(script={"MAIL": ["451 come again later"] * TRIES + [""]})
    with blog(tmp_path / "workspace") as made, smtp_server(handler) as server:
        settings = made.root / "earshot.yaml"
        settings.write_text(settings.read_text().replace("floor: 1s", "floor: 1s, stopped: 1s"))
        jobs.schedule(str(made.root))
        jobs.status(str(made.root))  # sources are known, and nobody asks them
        time.sleep(1.1)
        ends = run(tmp_path, made, server.port, MAINTAIN, MAINTAIN, MAINTAIN)
        assert ends == ["failed", "failed", "success"]
        (mail,) = mails(handler)
        assert mail["To"] == "operations@example.org"
        assert "due, and none was looked at for" in mail["Subject"]
        assert "earshot run" in mail.get_body(("html",)).get_content()
        assert jobs.alarms(str(made.root))["open"] >= 1, "it is told, and still open"


def test_a_workspace_with_mistakes_is_one_mail_however_many_dags_are_red(tmp_path: Path) -> None:
    handler = Handler()
    with blog(tmp_path / "workspace") as made, smtp_server(handler) as server:
        jobs.schedule(str(made.root))
        (made.root / "brands" / "broken.yaml").write_text("id: Not An Id\n", encoding="utf-8")
        assert run(tmp_path, made, server.port, COLLECT, MAINTAIN) == ["failed", "failed"]
        (mail,) = mails(handler)
        assert mail["Subject"].startswith("[Earshot] No job can start: brands/broken.yaml:1:")
        assert "earshot check" in mail.get_body(("html",)).get_content()
