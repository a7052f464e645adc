"""From which backups the record was restored.

Revision 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

from earshot.record.types import CleanText, UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "restored",
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("backup_at", UtcDateTime(), nullable=False),
        sa.Column("place", CleanText(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("at", name=op.f("pk_restored")),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("restored")
