"""The record as it began.

Revision 0001, the first.
"""

import sqlalchemy as sa
from alembic import op

from earshot.record.types import OWN_KEY, CleanText, Structure, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "source",
    "source_run",
    "heard_span",
    "robots_copy",
    "lease",
    "frontier",
    "lake_file",
    "capture",
    "page_capture",
    "quarantine",
    "condemned",
    "document",
    "document_key",
    "document_band",
    "found_in",
    "story",
    "mention",
    "mention_event",
    "outbox",
    "dead_letter",
    "incident",
    "incident_mention",
    "notice",
    "delivery",
    "suppression",
    "tombstone",
    "gone_mention",
)


def upgrade() -> None:
    """Make all tables."""
    _sources()
    _captures()
    _documents()
    _mentions()
    _incidents()
    _erasure()


def downgrade() -> None:
    """Drop all tables, with what they hold."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _sources() -> None:
    op.create_table(
        "source",
        sa.Column("id", CleanText(), nullable=False),
        sa.Column("kind", CleanText(), nullable=False),
        sa.Column("url", CleanText(), nullable=False),
        sa.Column("name", CleanText(), nullable=False),
        sa.Column("collection", CleanText(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("listening_since", UtcDateTime(), nullable=True),
        sa.Column("next_due_at", UtcDateTime(), nullable=False),
        sa.Column("etag", CleanText(), nullable=False),
        sa.Column("last_modified", CleanText(), nullable=False),
        sa.Column("body_hash", CleanText(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("last_outcome", CleanText(), nullable=False),
        sa.Column("last_reason", CleanText(), nullable=False),
        sa.Column("last_run_at", UtcDateTime(), nullable=True),
        sa.Column("last_heard_at", UtcDateTime(), nullable=True),
        sa.Column("last_entries", sa.Integer(), nullable=False),
        sa.Column("last_new", sa.Integer(), nullable=False),
        sa.Column("oldest_at", UtcDateTime(), nullable=True),
        sa.Column("hosts", Structure(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_source"),
    )
    op.create_index("ix_source_due", "source", ["is_active", "next_due_at", "id"], unique=False)
    op.create_table(
        "source_run",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("source_id", CleanText(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("outcome", CleanText(), nullable=False),
        sa.Column("reason", CleanText(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("elapsed_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_source_run"),
    )
    op.create_index("ix_source_run_source_id_at", "source_run", ["source_id", "at"], unique=False)
    op.create_table(
        "heard_span",
        sa.Column("source_id", CleanText(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "since", name="pk_heard_span"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "robots_copy",
        sa.Column("origin", CleanText(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", CleanText(), nullable=False),
        sa.Column("fetched_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("origin", name="pk_robots_copy"),
    )
    op.create_table(
        "lease",
        sa.Column("name", CleanText(), nullable=False),
        sa.Column("owner", CleanText(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )
    op.create_table(
        "frontier",
        sa.Column("id", CleanText(), nullable=False),
        sa.Column("key", CleanText(), nullable=False),
        sa.Column("url", CleanText(), nullable=False),
        sa.Column("role", CleanText(), nullable=False),
        sa.Column("source_id", CleanText(), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("newest_at", UtcDateTime(), nullable=False),
        sa.Column("title", CleanText(), nullable=False),
        sa.Column("document_id", CleanText(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("hops", sa.Integer(), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=True),
        sa.Column("state", CleanText(), nullable=False),
        sa.Column("outcome", CleanText(), nullable=False),
        sa.Column("reason", CleanText(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_frontier"),
        sa.UniqueConstraint("key", name="uq_frontier_key"),
    )
    op.create_index("ix_frontier_document_id", "frontier", ["document_id"], unique=False)
    op.create_index(
        "ix_frontier_state_source_id_newest_at", "frontier", ["state", "source_id", "newest_at"], unique=False
    )


def _captures() -> None:
    op.create_table(
        "lake_file",
        sa.Column("name", CleanText(), nullable=False),
        sa.Column("known_at", UtcDateTime(), nullable=False),
        sa.Column("is_finished", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lake_file"),
    )
    op.create_index("ix_lake_file_is_finished_known_at", "lake_file", ["is_finished", "known_at"], unique=False)
    op.create_table(
        "capture",
        sa.Column("file", CleanText(), nullable=False),
        sa.Column("offset", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("digest", CleanText(), nullable=False),
        sa.Column("url", CleanText(), nullable=False),
        sa.Column("final_url", CleanText(), nullable=False),
        sa.Column("source_id", CleanText(), nullable=False),
        sa.Column("role", CleanText(), nullable=False),
        sa.Column("fetched_at", UtcDateTime(), nullable=False),
        sa.Column("outcome", CleanText(), nullable=False),
        sa.PrimaryKeyConstraint("file", "offset", name="pk_capture"),
    )
    op.create_index("ix_capture_source_id_fetched_at", "capture", ["source_id", "fetched_at"], unique=False)
    op.create_table(
        "page_capture",
        sa.Column("document_id", CleanText(), nullable=False),
        sa.Column("file", CleanText(), nullable=False),
        sa.Column("offset", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("document_id", "file", "offset", name="pk_page_capture"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_page_capture_file", "page_capture", ["file"], unique=False)
    op.create_table(
        "quarantine",
        sa.Column("id", CleanText(), nullable=False),
        sa.Column("file", CleanText(), nullable=False),
        sa.Column("offset", sa.Integer(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("digest", CleanText(), nullable=False),
        sa.Column("source_id", CleanText(), nullable=False),
        sa.Column("url", CleanText(), nullable=False),
        sa.Column("final_url", CleanText(), nullable=False),
        sa.Column("fetched_at", UtcDateTime(), nullable=False),
        sa.Column("reason", CleanText(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quarantine"),
    )
    op.create_table(
        "condemned",
        sa.Column("file", CleanText(), nullable=False),
        sa.Column("offset", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("digest", CleanText(), nullable=False),
        sa.PrimaryKeyConstraint("file", "offset", name="pk_condemned"),
    )


def _documents() -> None:
    op.create_table(
        "document",
        sa.Column("id", CleanText(), nullable=False),
        sa.Column("url", CleanText(), nullable=False),
        sa.Column("site", CleanText(), nullable=False),
        sa.Column("title", CleanText(), nullable=False),
        sa.Column("text", CleanText(), nullable=False),
        sa.Column("text_is", CleanText(), nullable=False),
        sa.Column("author", CleanText(), nullable=False),
        sa.Column("author_folded", CleanText(), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.Column("published_from", CleanText(), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("language", CleanText(), nullable=False),
        sa.Column("source_id", CleanText(), nullable=False),
        sa.Column("source_kind", CleanText(), nullable=False),
        sa.Column("collection", CleanText(), nullable=False),
        sa.Column("scope", CleanText(), nullable=False),
        sa.Column("story_id", CleanText(), nullable=False),
        sa.Column("images", Structure(), nullable=False),
        sa.Column("links", Structure(), nullable=False),
        sa.Column("engagement", Structure(), nullable=False),
        sa.Column("content_hash", CleanText(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("revisions", sa.Integer(), nullable=False),
        sa.Column("judge_at", UtcDateTime(), nullable=True),
        sa.Column("judged_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_document"),
    )
    op.create_index("ix_document_author_folded", "document", ["author_folded"], unique=False)
    op.create_index("ix_document_judge_at", "document", ["judge_at"], unique=False)
    op.create_index("ix_document_story_id", "document", ["story_id"], unique=False)
    op.create_table(
        "document_key",
        sa.Column("digest", CleanText(), nullable=False),
        sa.Column("kind", CleanText(), nullable=False),
        sa.Column("value", CleanText(), nullable=False),
        sa.Column("document_id", CleanText(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_document_key"),
    )
    op.create_index("ix_document_key_document_id", "document_key", ["document_id"], unique=False)
    op.create_table(
        "document_band",
        sa.Column("band", OWN_KEY, nullable=False),
        sa.Column("document_id", OWN_KEY, nullable=False),
        sa.PrimaryKeyConstraint("band", "document_id", name="pk_document_band"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_document_band_document_id", "document_band", ["document_id"], unique=False)
    op.create_table(
        "found_in",
        sa.Column("document_id", CleanText(), nullable=False),
        sa.Column("source_id", CleanText(), nullable=False),
        sa.Column("url", CleanText(), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("first_fetched_at", UtcDateTime(), nullable=True),
        sa.Column("last_fetched_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("document_id", "source_id", name="pk_found_in"),
    )
    op.create_index("ix_found_in_source_id", "found_in", ["source_id"], unique=False)
    op.create_table(
        "story",
        sa.Column("id", CleanText(), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("merged_into", CleanText(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_story"),
    )
    op.create_index("ix_story_merged_into", "story", ["merged_into"], unique=False)


def _mentions() -> None:
    op.create_table(
        "mention",
        sa.Column("id", CleanText(), nullable=False),
        sa.Column("document_id", CleanText(), nullable=False),
        sa.Column("brand", CleanText(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", CleanText(), nullable=False),
        sa.Column("relevance", sa.Float(), nullable=False),
        sa.Column("sentiment", CleanText(), nullable=False),
        sa.Column("sentiment_score", sa.Float(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("categories", Structure(), nullable=False),
        sa.Column("topics", Structure(), nullable=False),
        sa.Column("entities", Structure(), nullable=False),
        sa.Column("flags", Structure(), nullable=False),
        sa.Column("severity", CleanText(), nullable=False),
        sa.Column("is_own_voice", sa.Boolean(), nullable=False),
        sa.Column("evidence", Structure(), nullable=False),
        sa.Column("reach", sa.Integer(), nullable=True),
        sa.Column("status", CleanText(), nullable=False),
        sa.Column("assignee", CleanText(), nullable=False),
        sa.Column("brand_version", CleanText(), nullable=False),
        sa.Column("model_version", CleanText(), nullable=False),
        sa.Column("shown", Structure(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mention"),
    )
    op.create_index("ix_mention_state", "mention", ["state"], unique=False)
    op.create_index("uq_mention_document_id_brand", "mention", ["document_id", "brand"], unique=True)
    op.create_table(
        "mention_event",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("mention_id", CleanText(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("what", CleanText(), nullable=False),
        sa.Column("detail", CleanText(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mention_event"),
    )
    op.create_index("ix_mention_event_mention_id", "mention_event", ["mention_id"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("target", CleanText(), nullable=False),
        sa.Column("mention_id", CleanText(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("target", "mention_id", name="pk_outbox"),
    )
    op.create_index("ix_outbox_target_at", "outbox", ["target", "at", "mention_id"], unique=False)
    op.create_table(
        "dead_letter",
        sa.Column("target", CleanText(), nullable=False),
        sa.Column("mention_id", CleanText(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("reason", CleanText(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("target", "mention_id", name="pk_dead_letter"),
    )


def _incidents() -> None:
    op.create_table(
        "incident",
        sa.Column("id", CleanText(), nullable=False),
        sa.Column("brand_id", CleanText(), nullable=False),
        sa.Column("rule_id", CleanText(), nullable=False),
        sa.Column("story_id", CleanText(), nullable=False),
        sa.Column("severity", CleanText(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("merged_into", CleanText(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incident"),
    )
    op.create_index("ix_incident_merged_into", "incident", ["merged_into"], unique=False)
    op.create_index("ix_incident_opened_at", "incident", ["opened_at"], unique=False)
    op.create_index(
        "ix_incident_story_id_brand_id_rule_id", "incident", ["story_id", "brand_id", "rule_id"], unique=False
    )
    op.create_table(
        "incident_mention",
        sa.Column("incident_id", CleanText(), nullable=False),
        sa.Column("mention_id", CleanText(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "mention_id", name="pk_incident_mention"),
    )
    op.create_index("ix_incident_mention_mention_id", "incident_mention", ["mention_id"], unique=False)
    op.create_table(
        "notice",
        sa.Column("key", CleanText(), nullable=False),
        sa.Column("incident_id", CleanText(), nullable=False),
        sa.Column("brand_id", CleanText(), nullable=False),
        sa.Column("rule_id", CleanText(), nullable=False),
        sa.Column("channel", CleanText(), nullable=False),
        sa.Column("recipient", CleanText(), nullable=False),
        sa.Column("state", CleanText(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=True),
        sa.Column("delivery_key", CleanText(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_notice"),
    )
    op.create_index("ix_notice_delivery_key", "notice", ["delivery_key"], unique=False)
    op.create_index("ix_notice_incident_id", "notice", ["incident_id"], unique=False)
    op.create_index("ix_notice_state_created_at", "notice", ["state", "created_at"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("key", CleanText(), nullable=False),
        sa.Column("channel", CleanText(), nullable=False),
        sa.Column("recipient", CleanText(), nullable=False),
        sa.Column("state", CleanText(), nullable=False),
        sa.Column("message_id", CleanText(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=True),
        sa.Column("owner", CleanText(), nullable=False),
        sa.Column("bound_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("subject", CleanText(), nullable=False),
        sa.Column("reason", CleanText(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_delivery"),
    )
    op.create_index("ix_delivery_recipient_bound_at", "delivery", ["recipient", "bound_at"], unique=False)
    op.create_index("ix_delivery_state_changed_at", "delivery", ["state", "changed_at"], unique=False)
    op.create_table(
        "suppression",
        sa.Column("recipient", CleanText(), nullable=False),
        sa.Column("reason", CleanText(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("recipient", name="pk_suppression"),
    )


def _erasure() -> None:
    op.create_table(
        "tombstone",
        sa.Column("digest", CleanText(), nullable=False),
        sa.Column("kind", CleanText(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_tombstone"),
    )
    op.create_table(
        "gone_mention",
        sa.Column("mention_id", CleanText(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("mention_id", name="pk_gone_mention"),
    )
