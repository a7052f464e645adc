"""What holds for every task: who owns it, when it is tried again, how long it may take, which pool it waits in.

And for every DAG: the mail to operations when a run has failed. Alert mails to people never come from here.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from airflow.sdk import Asset, Context, ExceptionRetryPolicy, RetryAction, RetryRule

from earshot_dags.timetable import BEGINNING, FAILURE_MAIL, WORKSPACE

CAPTURES = Asset(name="earshot_captures", uri="earshot://captures")
"""Files of captures have appeared in the lake."""
MENTIONS = Asset(name="earshot_mentions", uri="earshot://mentions")
"""Documents were read; what changed is on its way to the index."""
TELLING = Asset(name="earshot_telling", uri="earshot://telling")
"""A brand, one partition each, has something to tell now."""
BRIEFING = Asset(name="earshot_briefing", uri="earshot://briefing")
"""A brand, one partition each, has a day behind it whose brief is not written."""

FETCH, READ, INDEX, MAIL = "earshot_fetch", "earshot_read", "earshot_index", "earshot_mail"
WATCH, UPKEEP, BY_HAND = "earshot_watch", "earshot_upkeep", "earshot_by_hand"
"""Pools: `airflow pools import dags/pools.json` makes them; a task waits for ever on one that is missing.

Looking for alarms has one of its own, so that no work of hours keeps it waiting.
"""

FIRST = 100
"""Priority of what tells people, among tasks that wait for a slot of the executor."""

LABEL = "{{ task.called }}"
"""What a mapped task is called among its siblings: rendered as it begins, so that one that is killed has it too."""

ONE_BRAND = [{"brand": "{{ dag_run.partition_key or params.brand or '' }}"}]
"""What a telling task is mapped over: the one brand of its run, so that its label names it; "" is every brand."""

LONGEST_BATCH = timedelta(minutes=20)
"""A spider ends by itself after 16 minutes; a task that takes longer has lost it."""

RETRIES = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception="earshot.errors.ConfigError",
            action=RetryAction.FAIL,
            reason="A person has to mend the workspace: `earshot check` names every mistake.",
        ),
        RetryRule(
            exception="earshot.errors.StorageError",
            action=RetryAction.RETRY,
            retry_delay=timedelta(seconds=30),
            reason="Record, lake or index did not answer; nothing is lost, the same task goes on where it was.",
        ),
    ]
)
"""Retries by kind of error, as the tree in `earshot.errors` says: edit, or try again."""

TASK: dict[str, Any] = {
    "owner": "earshot",
    "retries": 2,
    "retry_delay": timedelta(seconds=15),
    "retry_policy": RETRIES,
    "execution_timeout": LONGEST_BATCH,
}


class FailureMail(SmtpNotifier):
    """Tells operations of a failed run: what failed, why, and which alarms are open. The same news once an hour."""

    def notify(self, context: Context) -> None:
        """Send it through Airflow's connection `smtp_default`, unless it was sent within the hour.

        What could not be sent counts as untold: the next failed run tells it.
        """
        from earshot import jobs

        run = context.get("dag_run")  # missing where Airflow knows no task of the run
        brand = getattr(run, "partition_key", None) or (getattr(run, "conf", None) or {}).get("brand") or ""
        jobs.trouble(WORKSPACE, context["dag"].dag_id, str(context["run_id"]), self._send, brand)

    def _send(self, sender: str | None, subject: str, html: str) -> None:
        """Send one mail, on a connection of its own. Without a context: what the mail says is no template."""
        SmtpNotifier(to=self.to, from_email=sender, subject=subject, html_content=html).notify(Context())

    def __call__(self, *args: Any) -> None:
        """Be called back, with nothing rendered."""
        self.notify(args[0])


def every_dag(**changes: Any) -> dict[str, Any]:
    """Return what all DAGs have in common, with `changes`."""
    return {
        "start_date": BEGINNING,
        "catchup": False,
        "max_active_runs": 1,
        "tags": ["earshot"],
        "default_args": TASK,
        "on_failure_callback": FailureMail(to=FAILURE_MAIL) if FAILURE_MAIL else None,
        **changes,
    }
