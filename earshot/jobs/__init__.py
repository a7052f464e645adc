"""One entry function per task: plain values in, a plain dict out. Airflow and the command line call the same.

Knows what a stage needs, not how it is shown.
"""

from __future__ import annotations

from earshot.jobs.again import reclassify, replay, replay_one, stale
from earshot.jobs.backing_up import backup, backups, restore, restored
from earshot.jobs.failing import trouble
from earshot.jobs.held import held, settle
from earshot.jobs.indexing import brand_forms, go_back, index_server, publish, reindex, run_publish, search, verify
from earshot.jobs.lake import lake_place
from earshot.jobs.listening import collect, ingest, plan, schedule, unread
from earshot.jobs.logbook import log_lines
from earshot.jobs.moving import copy_lake, look_at_record, move_record, new_record, record_server
from earshot.jobs.opening import last_run_id, opened
from earshot.jobs.running import Listening, make_runner
from earshot.jobs.telling import (
    alert,
    brief,
    brief_day,
    briefs_due,
    judge,
    pause,
    preview_brief,
    resume,
    run_alert,
    run_briefs,
    waiting,
)
from earshot.jobs.upkeep import NIGHTLY, PARTS, alarms, erase, maintain, maintain_due, run_maintain, status

__all__ = [
    "NIGHTLY",
    "PARTS",
    "Listening",
    "alarms",
    "alert",
    "backup",
    "backups",
    "brand_forms",
    "brief",
    "brief_day",
    "briefs_due",
    "collect",
    "copy_lake",
    "erase",
    "go_back",
    "held",
    "index_server",
    "ingest",
    "judge",
    "lake_place",
    "last_run_id",
    "log_lines",
    "look_at_record",
    "maintain",
    "maintain_due",
    "make_runner",
    "move_record",
    "new_record",
    "opened",
    "pause",
    "plan",
    "preview_brief",
    "publish",
    "reclassify",
    "record_server",
    "reindex",
    "replay",
    "replay_one",
    "restore",
    "restored",
    "resume",
    "run_alert",
    "run_briefs",
    "run_maintain",
    "run_publish",
    "schedule",
    "search",
    "settle",
    "stale",
    "status",
    "trouble",
    "unread",
    "verify",
    "waiting",
]
