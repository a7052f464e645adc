"""The tables of the record. Knows columns and indices, no query.

Names are the words of the design. Ids are SHA-256 hex of content; times are UTC. A test holds these tables and
the migrations to be the same schema.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, MetaData, Table

from earshot.record.types import OWN_KEY, CleanText, Structure, UtcDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _text(name: str, **options: Any) -> Column[str]:
    return Column(name, CleanText(), nullable=False, **options)


def _key(name: str) -> Column[str]:
    return Column(name, CleanText(), primary_key=True, nullable=False)


def _int(name: str, **options: Any) -> Column[int]:
    return Column(name, Integer(), nullable=False, **options)


def _number(name: str) -> Column[float]:
    return Column(name, Float(), nullable=False)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean(), nullable=False)


def _time(name: str, *, optional: bool = False, **options: Any) -> Column[Any]:
    return Column(name, UtcDateTime(), nullable=optional, **options)


def _structure(name: str) -> Column[Any]:
    return Column(name, Structure(), nullable=False)


def _serial() -> Column[int]:
    return Column("id", Integer(), primary_key=True, autoincrement=True, nullable=False)


# --- sources -------------------------------------------------------------------------------------------

source = Table(
    "source",
    metadata,
    _key("id"),
    _text("kind"),
    _text("url"),
    _text("name"),
    _text("collection"),
    _flag("is_active"),
    _time("added_at"),
    _time("listening_since", optional=True),
    _time("next_due_at"),
    _text("etag"),
    _text("last_modified"),
    _text("body_hash"),
    _int("failures"),
    _int("rounds"),
    _text("last_outcome"),
    _text("last_reason"),
    _time("last_run_at", optional=True),
    _time("last_heard_at", optional=True),
    _int("last_entries"),
    _int("last_new"),
    _time("oldest_at", optional=True),
    _structure("hosts"),
    _time("full_at", optional=True),
    Index("ix_source_due", "is_active", "next_due_at", "id"),
)

source_run = Table(
    "source_run",
    metadata,
    _serial(),
    _text("source_id"),
    _time("at"),
    _text("outcome"),
    _text("reason"),
    _int("entries"),
    _int("new"),
    _int("status"),
    _int("size_bytes"),
    _number("elapsed_s"),
    Index("ix_source_run_source_id_at", "source_id", "at"),
)

heard_span = Table(
    "heard_span", metadata, _key("source_id"), _time("since", primary_key=True), _time("until"), sqlite_with_rowid=False
)

robots_copy = Table("robots_copy", metadata, _key("origin"), _int("status"), _text("body"), _time("fetched_at"))

host_rest = Table("host_rest", metadata, _key("host"), _time("until"), _text("reason"))

lease = Table("lease", metadata, _key("name"), _text("owner"), _int("fence"), _time("until"))

frontier = Table(
    "frontier",
    metadata,
    _key("id"),
    _text("key", unique=True),
    _text("url"),
    _text("role"),
    _text("source_id"),
    _time("found_at"),
    _time("published_at", optional=True),
    _time("newest_at"),
    _text("title"),
    _text("document_id"),
    _int("attempts"),
    _int("hops"),
    _time("not_before", optional=True),
    _text("state"),
    _text("outcome"),
    _text("reason"),
    _time("ended_at", optional=True),
    _text("published_as"),
    _int("failures"),
    Index("ix_frontier_state_source_id_newest_at", "state", "source_id", "newest_at"),
    Index("ix_frontier_document_id", "document_id"),
)

# --- captures ------------------------------------------------------------------------------------------

lake_file = Table(
    "lake_file",
    metadata,
    _key("name"),
    _time("known_at"),
    _flag("is_finished"),
    Index("ix_lake_file_is_finished_known_at", "is_finished", "known_at"),
)

capture = Table(
    "capture",
    metadata,
    _key("file"),
    _int("offset", primary_key=True, autoincrement=False),
    _int("length"),
    _text("digest"),
    _text("url"),
    _text("final_url"),
    _text("source_id"),
    _text("role"),
    _time("fetched_at"),
    _text("outcome"),
    Index("ix_capture_source_id_fetched_at", "source_id", "fetched_at"),
)

page_capture = Table(
    "page_capture",
    metadata,
    _key("document_id"),
    _key("file"),
    _int("offset", primary_key=True, autoincrement=False),
    Index("ix_page_capture_file", "file"),
    sqlite_with_rowid=False,
)

quarantine = Table(
    "quarantine",
    metadata,
    _key("id"),
    _text("file"),
    _int("offset"),
    _int("length"),
    _text("digest"),
    _text("source_id"),
    _text("url"),
    _text("final_url"),
    _time("fetched_at"),
    _text("reason"),
    _time("at"),
    _int("attempts"),
)

condemned = Table(
    "condemned",
    metadata,
    _key("file"),
    _int("offset", primary_key=True, autoincrement=False),
    _int("length"),
    _text("digest"),
)

# --- documents and stories -----------------------------------------------------------------------------

document = Table(
    "document",
    metadata,
    _key("id"),
    _text("url"),
    _text("site"),
    _text("title"),
    _text("text"),
    _text("text_is"),
    _text("author"),
    _text("author_folded", index=True),
    _time("published_at"),
    _text("published_from"),
    _time("found_at"),
    _text("language"),
    _text("source_id"),
    _text("source_kind"),
    _text("collection"),
    _text("scope"),
    _text("story_id", index=True),
    _structure("images"),
    _structure("links"),
    _structure("engagement"),
    _text("content_hash"),
    Column("signature", LargeBinary(), nullable=False),
    _int("revisions"),
    _time("judge_at", optional=True, index=True),
    _time("judged_at", optional=True),
    _time("text_at"),
    _text("text_source"),
    _text("published_as"),
    _text("parent"),
    Index("ix_document_published_at_id", "published_at", "id"),
)

document_key = Table(
    "document_key",
    metadata,
    _key("digest"),
    _text("kind"),
    _text("value"),
    _text("document_id", index=True),
)

document_band = Table(
    "document_band",
    metadata,
    Column("band", OWN_KEY, primary_key=True, nullable=False),
    Column("document_id", OWN_KEY, primary_key=True, nullable=False),
    Index("ix_document_band_document_id", "document_id"),
    sqlite_with_rowid=False,
)

found_in = Table(
    "found_in",
    metadata,
    _key("document_id"),
    _key("source_id"),
    _text("url"),
    _time("found_at"),
    _time("first_fetched_at", optional=True),
    _time("last_fetched_at", optional=True),
    Index("ix_found_in_source_id", "source_id"),
)

story = Table("story", metadata, _key("id"), _time("began_at"), _text("merged_into", index=True))

# --- mentions ------------------------------------------------------------------------------------------

mention = Table(
    "mention",
    metadata,
    _key("id"),
    _text("document_id"),
    _text("brand"),
    _int("revision"),
    _text("state", index=True),
    _number("relevance"),
    _text("sentiment"),
    _number("sentiment_score"),
    _number("confidence"),
    _structure("categories"),
    _structure("topics"),
    _structure("entities"),
    _structure("flags"),
    _text("severity"),
    _flag("is_own_voice"),
    _structure("evidence"),
    Column("reach", Integer()),
    _text("status"),
    _text("assignee"),
    _text("brand_version"),
    _text("model_version"),
    _structure("shown"),
    Index("uq_mention_document_id_brand", "document_id", "brand", unique=True),
    Index("ix_mention_versions", "state", "brand", "brand_version", "model_version"),
)

mention_event = Table(
    "mention_event",
    metadata,
    _serial(),
    _text("mention_id", index=True),
    _time("at"),
    _text("what"),
    _text("detail"),
    _int("revision"),
)

outbox = Table(
    "outbox",
    metadata,
    _key("target"),
    _key("mention_id"),
    _int("revision"),
    _time("at"),
    Index("ix_outbox_target_at", "target", "at", "mention_id"),
)

dead_letter = Table(
    "dead_letter", metadata, _key("target"), _key("mention_id"), _int("revision"), _text("reason"), _time("at")
)

# --- telling people ------------------------------------------------------------------------------------

incident = Table(
    "incident",
    metadata,
    _key("id"),
    _text("brand_id"),
    _text("rule_id"),
    _text("story_id"),
    _text("severity"),
    _time("opened_at", index=True),
    _text("merged_into", index=True),
    _time("first_at"),
    _time("last_at"),
    Index("ix_incident_story_id_brand_id", "story_id", "brand_id"),
    Index("ix_incident_brand_id_last_at", "brand_id", "last_at"),
)

incident_mention = Table(
    "incident_mention",
    metadata,
    _key("incident_id"),
    _key("mention_id"),
    _time("at"),
    _structure("rules"),
    _structure("why"),
    _structure("terms"),
    Index("ix_incident_mention_mention_id", "mention_id"),
    Index("ix_incident_mention_incident_id_at", "incident_id", "at"),
)

notice = Table(
    "notice",
    metadata,
    _key("key"),
    _text("incident_id", index=True),
    _text("brand_id"),
    _text("rule_id"),
    _text("channel"),
    _text("recipient"),
    _text("state"),
    _time("created_at"),
    _time("not_before", optional=True),
    _text("delivery_key", index=True),
    _text("occasion"),
    _text("severity"),
    _int("shown"),
    Index("ix_notice_state_created_at", "state", "created_at"),
)

delivery = Table(
    "delivery",
    metadata,
    _key("key"),
    _text("channel"),
    _text("recipient"),
    _text("state"),
    _text("message_id"),
    _int("attempts"),
    _time("not_before", optional=True),
    _text("owner"),
    _time("bound_at"),
    _time("changed_at"),
    _time("sent_at", optional=True),
    _text("subject"),
    _text("reason"),
    Index("ix_delivery_state_changed_at", "state", "changed_at"),
    Index("ix_delivery_recipient_bound_at", "recipient", "bound_at"),
)

suppression = Table("suppression", metadata, _key("recipient"), _text("reason"), _time("at"))

unsubscription = Table("unsubscription", metadata, _key("recipient"), _key("brand_id"), _key("mails"), _time("at"))

# --- erasure -------------------------------------------------------------------------------------------

tombstone = Table("tombstone", metadata, _key("digest"), _text("kind"), _time("at"))

gone_mention = Table(
    "gone_mention", metadata, _key("mention_id"), _int("revision"), _time("at", optional=True), _flag("is_wiped")
)

restored = Table(
    "restored", metadata, _time("at", primary_key=True), _time("backup_at"), _text("place"), _int("documents")
)

# --- running it ----------------------------------------------------------------------------------------

job_run = Table(
    "job_run",
    metadata,
    _key("id"),
    _text("job"),
    _text("subject"),
    _text("state"),
    _text("origin"),
    _text("origin_url"),
    _text("owner"),
    _time("started_at", index=True),
    _time("ended_at", optional=True),
    _text("reason"),
    _structure("counts"),
    Index("ix_job_run_job_started_at", "job", "started_at"),
    Index("ix_job_run_state_job_ended_at", "state", "job", "ended_at"),
)

pause = Table("pause", metadata, _key("brand_id"), _time("since"), _text("by"))

last_pause = Table("last_pause", metadata, _key("brand_id"), _time("until"))

sign_in = Table("sign_in", metadata, _key("id"), _text("proof"), _time("since"), _time("until", index=True))

alarm = Table(
    "alarm",
    metadata,
    _key("key"),
    _text("kind"),
    _text("subject"),
    _text("what"),
    _text("advice"),
    _time("since"),
    _time("seen_at"),
    _time("ended_at", optional=True),
    _time("told_at", optional=True),
)

level = Table("level", metadata, _key("name"), _time("at", primary_key=True), _number("value"))

brief = Table(
    "brief",
    metadata,
    _key("id"),
    _text("brand_id"),
    _time("since"),
    _time("until"),
    _time("made_at"),
    _structure("figures"),
    Index("ix_brief_brand_id_until", "brand_id", "until"),
    Index("ix_brief_until", "until"),
)

walk = Table("walk", metadata, _key("name"), _time("at"), _structure("place"))
