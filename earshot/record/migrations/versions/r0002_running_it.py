"""What is kept of the running: jobs, pauses, alarms, levels, briefs.

Revision 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

from earshot.record.types import CleanText, Structure, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("job_run", "pause", "alarm", "level", "brief")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "job_run",
        sa.Column("id", CleanText(), nullable=False),
        sa.Column("job", CleanText(), nullable=False),
        sa.Column("subject", CleanText(), nullable=False),
        sa.Column("state", CleanText(), nullable=False),
        sa.Column("origin", CleanText(), nullable=False),
        sa.Column("origin_url", CleanText(), nullable=False),
        sa.Column("owner", CleanText(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("reason", CleanText(), nullable=False),
        sa.Column("counts", Structure(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_job_run"),
    )
    op.create_index("ix_job_run_started_at", "job_run", ["started_at"], unique=False)
    op.create_index("ix_job_run_job_started_at", "job_run", ["job", "started_at"], unique=False)
    op.create_table(
        "pause",
        sa.Column("brand_id", CleanText(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("by", CleanText(), nullable=False),
        sa.PrimaryKeyConstraint("brand_id", name="pk_pause"),
    )
    op.create_table(
        "alarm",
        sa.Column("key", CleanText(), nullable=False),
        sa.Column("kind", CleanText(), nullable=False),
        sa.Column("subject", CleanText(), nullable=False),
        sa.Column("what", CleanText(), nullable=False),
        sa.Column("advice", CleanText(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_alarm"),
    )
    op.create_table(
        "level",
        sa.Column("name", CleanText(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", "at", name="pk_level"),
    )
    op.create_table(
        "brief",
        sa.Column("id", CleanText(), nullable=False),
        sa.Column("brand_id", CleanText(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("figures", Structure(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_brief"),
    )
    op.create_index("ix_brief_brand_id_until", "brief", ["brand_id", "until"], unique=False)


def downgrade() -> None:
    """Drop the tables, with what they hold."""
    for table in reversed(TABLES):
        op.drop_table(table)
