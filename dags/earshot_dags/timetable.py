"""The compiled schedule of the workspace: when what runs, and for which brands. One small file, read at each parse.

`earshot check` and the planning task write it (`var/schedule.json`). Where it is missing, the defaults hold until the
first run has written it. Reading 2,000 sources instead would cost each file a sixth of a second, every thirty seconds.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

WORKSPACE = os.environ.get("EARSHOT_WORKSPACE", "")
"""The workspace's folder, as for `earshot` at the prompt. Scheduler, DAG processor and workers must all have it."""
BEGINNING = datetime(2026, 1, 1)  # noqa: DTZ001 (Airflow reads it in its own default time zone)

DEFAULTS = {
    "collect": "* * * * *",
    "publish": "* * * * *",
    "maintain_freshness": "*/5 * * * *",
    "maintain_nightly": "30 3 * * *",
}


def _load() -> dict[str, Any]:
    try:
        return dict(json.loads((Path(WORKSPACE) / "var" / "schedule.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


_SCHEDULE = _load()
CRON: dict[str, str] = DEFAULTS | _SCHEDULE.get("schedules", {})
"""Cron expressions by what they start: collect, publish, maintain_freshness, maintain_nightly."""
ZONE: str = _SCHEDULE.get("time_zone", "UTC")
BRANDS: dict[str, str] = {brand["id"]: brand["name"] for brand in _SCHEDULE.get("brands", [])}
"""Names by id, for the forms."""
COLLECTIONS: list[str] = [collection["id"] for collection in _SCHEDULE.get("collections", [])]
PAGES: str = _SCHEDULE.get("pages_url", "").rstrip("/")
"""Address of the dashboards, or empty."""
FAILURE_MAIL: list[str] = _SCHEDULE.get("failure_mail", [])
"""Who hears of failed runs and of new alarms."""


def page(name: str, path: str) -> str:
    """Return a page of the dashboards for a DAG's docs: a link, or its name alone where nobody knows the address."""
    return f"[**{name}**]({PAGES}{path})" if PAGES else f"**{name}**"
