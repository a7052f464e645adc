"""The words of running Earshot: jobs and how they ended, pauses, alarms, levels over time, briefs; and what the
record keeps of them. Knows no stage and no scheduler.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

TOLD_FOR = timedelta(hours=1)
"""The same news is told to operations again after so long."""


class JobState(StrEnum):
    """How a job stands. TRIED: it only looked what it would do, and wrote nothing.

    LOST: its process is gone and never said how it ended; what it left is done by the next.
    """

    RUNNING = "running"
    DONE = "done"
    TRIED = "tried"
    SKIPPED = "skipped"
    FAILED = "failed"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class JobRun:
    """One run of a job, wherever it was started.

    job: "collect", "ingest", ... subject: what it was about (a brand's id, a batch's collections, a day), or
    empty. origin: who started it: "prompt", "run", "airflow", "pages". origin_url: the task's page in Airflow, or
    empty. owner: `earshot.leases.me()` of the process at work. reason: why it was skipped or failed. counts: what
    it did, or, where it only TRIED, would do.
    """

    id: str
    job: str
    subject: str
    state: JobState
    origin: str
    started_at: datetime
    owner: str = ""
    origin_url: str = ""
    ended_at: datetime | None = None
    reason: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobEnd:
    """When a job last ended in this state, whatever its subject."""

    job: str
    state: JobState
    at: datetime


@dataclass(frozen=True, slots=True)
class Pause:
    """A brand that somebody paused on a page or at the prompt; `paused: true` in its YAML is not among these."""

    brand_id: str
    since: datetime
    by: str


def why_paused(brand_id: str, *, is_paused: bool, pauses: Sequence[Pause]) -> str:
    """Return why nobody is told of a brand, in words, or "" where it is not paused.

    is_paused: as its YAML says. pauses: as the record says.
    """
    if is_paused:
        return "the brand is paused: its file says `paused: true`"
    mine = next((pause for pause in pauses if pause.brand_id == brand_id), None)
    return f"the brand is paused since {mine.since:%Y-%m-%d %H:%M} UTC ({mine.by})" if mine else ""


class AlarmKind(StrEnum):
    """What an alarm is about. `earshot.pipeline.maintain.kinds` says what to do about each."""

    NOT_WATCHED = "not watched"
    PIPELINE_STOPPED = "pipeline stopped"
    PIPELINE_NOT_HEARD = "pipeline not heard"
    COLLECTION_NOT_HEARD = "collection not heard"
    SOURCE_NOT_HEARD = "source not heard"
    BRAND_NOT_HEARD = "brand not heard"
    INDEX_BEHIND = "index behind"
    MAIL_WAITING = "mail waiting"
    CAPTURES_UNREAD = "captures unread"
    QUARANTINE_GROWING = "quarantine growing"
    DEAD_LETTERS = "dead letters"
    RELAY_STUCK = "relay stuck"
    DISK_NEARLY_FULL = "disk nearly full"
    RECORD_DAMAGED = "record damaged"
    MENTIONS_WITHOUT_DOCUMENT = "mentions without document"
    OUTBOX_OF_UNKNOWN_MENTIONS = "outbox of unknown mentions"
    NOTICES_WITHOUT_DELIVERY = "notices without delivery"
    CAPTURES_WITHOUT_FILE = "captures without file"
    FILES_UNKNOWN = "files unknown"
    INDEX_DIFFERS = "index differs"
    ERASED_TEXT_LEFT = "erased text left"
    RESTORED = "restored from a backup"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something operations has to look at. Open until `ended_at` is set; the same key may be raised again later.

    key: kind and subject, e.g. "source not heard: harbour-gazette". what: in one sentence. advice: what to do.
    since: when it was first seen. seen_at: when it was last seen. told_at: when operations were last mailed of
    this key, also while it stood open before; None where they never were.
    """

    key: str
    kind: str
    subject: str
    what: str
    advice: str
    since: datetime
    seen_at: datetime
    ended_at: datetime | None = None
    told_at: datetime | None = None

    @property
    def is_told(self) -> bool:
        """True where operations know of it: told since it was raised, or so shortly before that it is no news."""
        return self.told_at is not None and self.told_at >= self.since - TOLD_FOR


@dataclass(frozen=True, slots=True)
class Level:
    """One reading of something that rises and falls: "index behind", "notices pending", "quarantined", ..."""

    name: str
    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Brief:
    """The account of a brand for one period. id = H("brief", brand, since, until). figures: what it says, as JSON."""

    id: str
    brand_id: str
    since: datetime
    until: datetime
    made_at: datetime
    figures: Mapping[str, Any]


class OperatingReads(Protocol):
    """What the record says of its running. Part of `earshot.ports.RecordReader`."""

    def job_runs(
        self,
        *,
        limit: int = 100,
        job: str = "",
        subject: str = "",
        states: Sequence[JobState] = (),
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[JobRun]:
        """Return runs of jobs, latest start first; a running one whose process is gone reads as LOST.

        `job`, `subject`, `states` empty narrow nothing; `since` (included) and `until` (excluded) are of the start.
        """

    def job_run(self, run_id: str) -> JobRun | None:
        """Return one run, or None."""

    def job_ends(self) -> list[JobEnd]:
        """Return when each job last ended in each state it ever ended in, by job, then state; LOST never ends."""

    def pauses(self) -> list[Pause]:
        """Return brands paused by somebody, by brand."""

    def last_paused(self) -> dict[str, datetime]:
        """Return by brand when it was last known to be paused; brands never paused are absent."""

    def alarms(self, *, is_open: bool = True, limit: int = 200) -> list[Alarm]:
        """Return open alarms, oldest first; with `is_open` False all of them, latest seen first."""

    def levels(self, name: str, since: datetime) -> list[Level]:
        """Return readings of one name from `since` on, oldest first."""

    def brief(self, brief_id: str) -> Brief | None:
        """Return one brief, or None."""

    def briefs(self, brand_id: str = "", limit: int = 50) -> list[Brief]:
        """Return briefs, latest period first."""


class OperatingWrites(Protocol):
    """What is written of its running. Part of `earshot.ports.RecordWriter`."""

    def begin_job(self, run: JobRun) -> None:
        """Note that a job has begun. Twice is once."""

    def end_job(
        self, run_id: str, state: JobState, now: datetime, counts: Mapping[str, int] | None = None, reason: str = ""
    ) -> None:
        """Note how a job ended. An ended one stays as it was."""

    def pause_brand(self, brand_id: str, by: str, now: datetime) -> None:
        """Pause a brand until `resume_brand`. Twice is once."""

    def resume_brand(self, brand_id: str) -> None:
        """End a pause, and note that it lasted until now (the clock's). Twice is once."""

    def note_paused(self, brand_ids: Sequence[str], now: datetime) -> None:
        """Note that these brands are paused now, whoever paused them: `last_paused` says so after the pause."""

    def set_alarms(self, found: Sequence[Alarm], now: datetime, kinds: Collection[str] = ()) -> list[Alarm]:
        """Make these the open alarms: new ones are raised, known ones seen again, the others end. Return new ones.

        `kinds`, where given: only alarms of these kinds end; the others were not looked for.
        """

    def tell_alarms(self, keys: Collection[str], now: datetime) -> None:
        """Note that operations were told of these alarms now. Unknown keys are left out; twice is once."""

    def add_levels(self, values: Mapping[str, float], now: datetime) -> None:
        """Note one reading of each name. Twice at one time is once."""

    def put_brief(self, brief: Brief) -> bool:
        """Keep a brief unless its id is there; True if it was added."""
