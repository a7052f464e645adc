"""What jobs, how they stand and what they did are called. Knows no page and no record.

A job, or a count, that has no words here is shown by its own name: what other versions noted stays readable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dashboards import wording
from earshot.operating import JobRun, JobState

PAUSE, RESUME, ASK_REPLAY = "pause", "resume", "ask replay"
"""What people do on the pages, noted as runs too."""
JOBS = {
    "plan": ("Planning", "Chooses the sources and pages that are due, at most one batch for each host."),
    "collect": ("Collecting", "Fetches what is due into the lake, politely."),
    "ingest": ("Reading", "Reads what was fetched, and recognises and judges what is said of each brand."),
    "publish": ("Indexing", "Brings new and changed mentions to the index, so that searches find them."),
    "judge": (
        "Judging late pages",
        "Judges teasers whose page did not come, and says which brands have news.",
    ),
    "alert": ("Alerting", "Turns what was flagged into mails, and sends those that are due."),
    "brief": ("Briefing", "Writes the account of a brand’s day, and sends it."),
    "maintain": (
        "Upkeep",
        "Looks for what is late or broken, raises alarms, takes the charts’ readings, tidies up.",
    ),
    "reclassify": (
        "Judging again",
        "Reads documents anew for a brand added or edited. Never alerts on the past.",
    ),
    "backfill": ("Reading the past", "Reads what is in the lake for a brand or a day. Never alerts on the past."),
    "replay": ("Trying again", "Reads captures again that were set aside."),
    "reindex": ("Building the index anew", "Fills a new index from the record; searches use the old one meanwhile."),
    "go back": ("Going back to the index before", "Takes the index that the last rebuild replaced, and compares it."),
    "verify": ("Comparing the index", "Compares the index with the record, and puts right what differs."),
    "erase": ("Erasing", "Takes an author, an address or a document out of everything, for good."),
    "run": ("A round", "Collects, reads, indexes and alerts, one after the other."),
    PAUSE: ("Pausing a brand", "Somebody paused a brand: mentions are collected and shown, and nobody is notified."),
    RESUME: ("Resuming a brand", "Somebody ended a brand’s pause."),
    ASK_REPLAY: ("Asking to try again", "Somebody asked on the Operations page that set-aside captures be read again."),
}
"""Name and purpose by job."""
STATES = {
    JobState.RUNNING: ("Running", "◌", "It is at work."),
    JobState.DONE: ("Done", "●", "It did what it is for."),
    JobState.TRIED: ("Tried", "○", "It only said what it would do. Nothing was written."),
    JobState.SKIPPED: ("Skipped", "○", "There was a reason to do nothing."),
    JobState.FAILED: (
        "Failed",
        "✕",
        "It broke off. What it had done stays done; its next run goes on from there.",
    ),
    JobState.LOST: (
        "Lost",
        "✕",
        "Its process ended without a word (killed, out of memory, a restart). Its next run does what it left.",
    ),
}
"""Name, sign and meaning by state."""
BROKEN = (JobState.FAILED, JobState.LOST)
ORIGINS = {
    "prompt": "a command, or cron",
    "run": "earshot run",
    "airflow": "Airflow",
    "pages": "a button on these pages",
}
COUNTS = {
    "batches": ("batch planned", "batches planned"),
    "items": ("source or page planned", "sources and pages planned"),
    "FilePublished": ("file of captures written", "files of captures written"),
    "HandedBack": ("address left to another batch", "addresses left to another batch"),
    "RobotsCopy": ("robots.txt read", "robots.txt read"),
    "captures": ("capture read", "captures read"),
    "documents": ("document", "documents"),
    "new_documents": ("new document", "new documents"),
    "mentions": ("mention", "mentions"),
    "incidents": ("incident opened", "incidents opened"),
    "notices": ("notice written", "notices written"),
    "quarantined": ("capture set aside", "captures set aside"),
    "rewritten": ("file of captures rewritten meanwhile", "files of captures rewritten meanwhile"),
    "unreadable": ("file of captures that cannot be read now", "files of captures that cannot be read now"),
    "erased": ("document kept out: erased before", "documents kept out: erased before"),
    "condemned": ("capture to be cut out of the lake", "captures to be cut out of the lake"),
    "wiped": ("erased mention wiped out of the index's files", "erased mentions wiped out of the index's files"),
    "unwiped": ("erased mention still in the index's files", "erased mentions still in the index's files"),
    "captures_left": ("erased capture still in the lake", "erased captures still in the lake"),
    "pages": ("page found to fetch", "pages found to fetch"),
    "written": ("mention brought to the index", "mentions brought to the index"),
    "removed": ("mention taken out of the index", "mentions taken out of the index"),
    "refused": ("mention refused by the index", "mentions refused by the index"),
    "judged": ("late page judged by its teaser", "late pages judged by their teasers"),
    "bound": ("mail made", "mails made"),
    "held": ("notice held for its hour", "notices held for their hour"),
    "paused": ("brand that is paused", "brands that are paused"),
    "dropped": ("notice nobody needs any more", "notices nobody needs any more"),
    "sent": ("mail sent", "mails sent"),
    "postponed": ("mail put off", "mails put off"),
    "unknown": ("mail of unknown fate", "mails of unknown fate"),
    "dead": ("mail given up", "mails given up"),
    "waiting": ("mail whose fate is awaited", "mails whose fate is awaited"),
    "recovered": ("mail taken over from an ended process", "mails taken over from an ended process"),
    "tried": ("capture tried again", "captures tried again"),
    "lost": ("capture not found in the lake", "captures not found in the lake"),
    "brands": ("brand with news", "brands with news"),
    "made": ("brief made", "briefs made"),
    "open": ("open alarm", "open alarms"),
    "new": ("of them new", "of them new"),
    "ended": ("alarm ended", "alarms ended"),
    "cut": ("file of captures cut", "files of captures cut"),
    "entered": ("mention entered", "mentions entered"),
    "left": ("mention left", "mentions left"),
    "changed": ("mention changed", "mentions changed"),
    "renewed": ("mention judged the same by what is new", "mentions judged the same by what is new"),
    "as_before": ("mention as before", "mentions as before"),
    "resumed": ("document done by an earlier run", "documents done by an earlier run"),
    "broken": ("document that could not be judged", "documents that could not be judged"),
    "alerting": ("flagged mention that is news", "flagged mentions that are news"),
    "silent": ("flagged mention too old to tell", "flagged mentions too old to tell"),
}
"""One and many, by the name of a count."""
COUNTS_OF = {
    "maintain": {
        "captures": ("capture dropped by age", "captures dropped by age"),
        "source_runs": ("run of a source dropped by age", "runs of sources dropped by age"),
        "job_runs": ("run of a job dropped by age", "runs of jobs dropped by age"),
        "levels": ("reading dropped by age", "readings dropped by age"),
        "alarms": ("ended alarm dropped by age", "ended alarms dropped by age"),
        "left": ("capture still to be cut out of the lake", "captures still to be cut out of the lake"),
    },
    "erase": {
        "captures": ("capture cut out of the lake", "captures cut out of the lake"),
        "documents": ("document erased", "documents erased"),
        "mentions": ("mention erased", "mentions erased"),
    },
}
"""The same names where a job means something else by them."""
COUNTS_IF_WRITTEN = {
    "entered": ("mention would enter", "mentions would enter"),
    "left": ("mention would leave", "mentions would leave"),
    "changed": ("mention would change", "mentions would change"),
    "renewed": ("mention would be judged the same by what is new", "mentions would be judged the same by what is new"),
    "alerting": ("flagged mention would be news", "flagged mentions would be news"),
    "silent": ("flagged mention would be too old to tell", "flagged mentions would be too old to tell"),
}
"""The same names where a run only said what it would do."""


@dataclass(frozen=True, slots=True)
class Did:
    """One count of a run in words: "12", "new documents"."""

    number: str
    what: str


def job_name(job: str) -> str:
    """Return what a job is called."""
    return JOBS[job][0] if job in JOBS else job.replace("_", " ").capitalize()


def purpose(job: str) -> str:
    """Return what a job is for, or an empty text."""
    return JOBS[job][1] if job in JOBS else ""


def did(run: JobRun) -> list[Did]:
    """Return what a run did, or would do, in the order it was counted; noughts are left out."""
    words = COUNTS | COUNTS_OF.get(run.job, {}) | (COUNTS_IF_WRITTEN if run.state is JobState.TRIED else {})
    return [Did(wording.number(count), _called(words, name, count)) for name, count in run.counts.items() if count]


def took(run: JobRun) -> float | None:
    """Return how many seconds a run took, or None while it has no end."""
    return (run.ended_at - run.started_at).total_seconds() if run.ended_at else None


def origin(run: JobRun) -> str:
    """Say who started a run."""
    return ORIGINS.get(run.origin, run.origin)


def _called(words: Mapping[str, tuple[str, str]], name: str, count: int) -> str:
    if name in wording.OUTCOMES:
        return wording.OUTCOMES[name][0].lower()
    return words[name][count != 1] if name in words else name.replace("_", " ")
