"""Hosts that asked to be left alone, and when a source last answered with a body: no server is believed for ever.

Revision 0011, after 0010.
"""

import sqlalchemy as sa
from alembic import op

from earshot.record.types import CleanText, UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the column. Nothing is known of a source that is there: it is asked for its body next time."""
    op.create_table(
        "host_rest",
        sa.Column("host", CleanText(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("reason", CleanText(), nullable=False),
        sa.PrimaryKeyConstraint("host", name="pk_host_rest"),
    )
    with op.batch_alter_table("source") as batch:
        batch.add_column(sa.Column("full_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("source") as batch:
        batch.drop_column("full_at")
    op.drop_table("host_rest")
