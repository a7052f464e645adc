"""The one operator of Earshot's DAGs: a task runs one job of `earshot.jobs`, the same that a person has at the prompt.

Knows how a job's answer becomes Airflow's: skipped, labelled, announced, linked. What a job does it does not know.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from airflow.sdk import BaseOperator, BaseOperatorLink, Context
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from earshot_dags.timetable import BRANDS, PAGES, WORKSPACE

SAY_EVERY_S = 10.0
EVERY_BRAND = "every brand"
GIVING_WAY = 10
"""Niceness of what can wait for a moment; its children have it too."""


class WhatItDid(BaseOperatorLink):
    """The page of the dashboards that tells what this task did."""

    name = "What it did"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:  # noqa: ARG002 (asked in the task's own process)
        """Return the address of the job's run, or of all runs where it never began."""
        return page_of_the_run()


def page_of_the_run() -> str:
    """Return the page of what this process's job did, or of all runs where it never began."""
    from earshot import jobs

    run = jobs.last_run_id()
    return f"{PAGES}/operations/runs/{run}" if run else f"{PAGES}/operations/runs"


def _runs_at_work(context: Context) -> int:
    """Return how many runs of this DAG are at work, this one included."""
    return context["ti"].get_dr_count(context["dag"].dag_id, states=["running"])


class Job(BaseOperator):
    """Runs one job of the workspace.

    Args:
        job: name of a function of `earshot.jobs`; its first parameter is the workspace.
        arguments: its further arguments, templated; mapped tasks get theirs by `expand`.
        asks: fields of the trigger form that are arguments of the job, under the same names.
        gives: which list of the answer the mapped tasks after it take; each is a dict of arguments.
        announces: assets by the field of the answer that names their partitions.
        hands_over: field of the answer without which there is nothing to announce.
        alarms: field of the answer whose lines, if there are any, make the task red.
        reports: parameter of the job that is told how far it has come; the log says so every ten seconds.
        is_lone: it gives nothing while another run of its DAG is at work.
        gives_way: the scheduler, and what tells people, get the processor first (`nice`): it works for minutes, and
            they for moments.
    """

    template_fields = ("arguments",)
    operator_extra_links = (WhatItDid(),)
    ui_color = "#e6f2ef"

    def __init__(
        self,
        *,
        job: str,
        arguments: Mapping[str, Any] | None = None,
        asks: Sequence[str] = (),
        gives: str = "",
        announces: Mapping[str, str] | None = None,
        hands_over: str = "",
        alarms: str = "",
        reports: str = "",
        is_lone: bool = False,
        gives_way: bool = False,
        **rest: Any,
    ) -> None:
        super().__init__(**rest)
        self.job, self.arguments, self.asks, self.gives = job, arguments or {}, tuple(asks), gives
        self.announces, self.hands_over = announces or {}, hands_over
        self.alarms, self.reports = alarms, reports
        self.is_lone, self.gives_way = is_lone, gives_way

    @property
    def called(self) -> str:
        """What a mapped task is called among its siblings: a batch, a part of the upkeep, a brand's name."""
        brand = self.arguments.get("brand", "")
        return str(self.arguments.get("label") or self.arguments.get("part") or BRANDS.get(brand, brand) or EVERY_BRAND)

    def execute(self, context: Context) -> list[dict[str, Any]] | None:
        """Run the job; return the arguments of the mapped tasks that follow, if any do, and nothing else."""
        from earshot import jobs

        if self.is_lone and _runs_at_work(context) > 1:
            self.log.info("Another run of this DAG is at work; what is due is left to it, or to the run after it.")
            return []
        asked = {name: context["params"][name] for name in self.asks}
        arguments = {name: value for name, value in {**asked, **self.arguments}.items() if value not in (None, "")}
        if self.gives_way:
            os.setpriority(os.PRIO_PROCESS, 0, GIVING_WAY)
        hearing = {self.reports: self._say_how_far()} if self.reports else {}
        if (sibling := getattr(context["ti"], "map_index", -1)) >= 0:
            os.environ["AIRFLOW_CTX_MAP_INDEX"] = str(sibling)  # what it did leads back to it, not to all
        try:
            answer = getattr(jobs, self.job)(WORKSPACE, **arguments, **hearing)
        finally:
            # The operator's link of this name is two clicks away, under Details.
            self.log.info("What it did: %s", page_of_the_run())
        for line in jobs.log_lines(self.job, answer):
            self.log.info("%s", line)
        if answer.get("skipped"):
            raise AirflowSkipException(answer["skipped"])
        if self.alarms and answer.get(self.alarms):
            raise AirflowFailException("; ".join(alarm["what"] for alarm in answer[self.alarms]))
        self._announce(context, answer)
        return [{"arguments": one} for one in answer[self.gives]] if self.gives else None

    def _say_how_far(self) -> Callable[[Any], None]:
        """Return what to call with a report that knows `share_done` (0..1) and `total`."""
        said_at = float("-inf")

        def say(report: Any) -> None:
            nonlocal said_at
            if time.monotonic() - said_at > SAY_EVERY_S or report.share_done >= 1:
                said_at = time.monotonic()
                self.log.info("%d %% of %d done", round(100 * report.share_done), report.total)

        return say

    def _announce(self, context: Context, answer: Mapping[str, Any]) -> None:
        """Let the DAGs that wait for it know; a run that brought nothing wakes nobody."""
        if self.hands_over and not answer.get(self.hands_over):
            self.outlets = []
        for asset in list(self.outlets):
            named = self.announces.get(asset.name)
            if named and not answer.get(named):
                self.outlets = [other for other in self.outlets if other is not asset]
            elif named:
                context["outlet_events"][asset].add_partitions(list(answer[named]))
