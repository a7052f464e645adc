"""The ports: what the pipeline and the pages ask of the world. Each docstring is the contract of every adapter.

Everywhere: times are aware and in UTC; ranges are `since` (included) and `until` (excluded); an adapter
translates foreign exceptions into `earshot.errors`; "twice is once" means that a second equal call changes
nothing and answers the same. `tests/ports` holds one contract suite per port, run on every adapter.
"""

from __future__ import annotations

from earshot.ports import holds
from earshot.ports.clock import Clock
from earshot.ports.index import EMPTY, Held, IndexAnswer, IndexWrite, Kept, MentionIndex
from earshot.ports.lake import Lake, LakeWriter
from earshot.ports.mail import BeforeDot, Mailer, MailLedger, never
from earshot.ports.reading import Classifier, Collector, CollectSession, Extractor, Recogniser
from earshot.ports.record import Record, RecordReader, RecordWriter
from earshot.ports.rows import (
    MAX_CHANGES,
    Counts,
    DocumentKey,
    DueSource,
    Erased,
    FoundIn,
    FrontierPage,
    IncidentCandidate,
    IncidentMember,
    MentionEvent,
    MentionWrite,
    OutboxRow,
    PagesRead,
    Quarantined,
    Restored,
    RunEnd,
    Sample,
    SourceRun,
    SourceState,
    StoredDocument,
    StoryCandidate,
    Unsubscription,
    Unwiped,
    Walk,
)

__all__ = [
    "EMPTY",
    "MAX_CHANGES",
    "BeforeDot",
    "Classifier",
    "Clock",
    "CollectSession",
    "Collector",
    "Counts",
    "DocumentKey",
    "DueSource",
    "Erased",
    "Extractor",
    "FoundIn",
    "FrontierPage",
    "Held",
    "IncidentCandidate",
    "IncidentMember",
    "IndexAnswer",
    "IndexWrite",
    "Kept",
    "Lake",
    "LakeWriter",
    "MailLedger",
    "Mailer",
    "MentionEvent",
    "MentionIndex",
    "MentionWrite",
    "OutboxRow",
    "PagesRead",
    "Quarantined",
    "Recogniser",
    "Record",
    "RecordReader",
    "RecordWriter",
    "Restored",
    "RunEnd",
    "Sample",
    "SourceRun",
    "SourceState",
    "StoredDocument",
    "StoryCandidate",
    "Unsubscription",
    "Unwiped",
    "Walk",
    "holds",
    "never",
]
