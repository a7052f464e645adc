"""What telling brand by brand needs: until when a brand was last paused, and documents of a day found without a walk.

Revision 0004, after 0002.
"""

import sqlalchemy as sa
from alembic import op

from earshot.record.types import CleanText, UtcDateTime

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the index."""
    op.create_table(
        "last_pause",
        sa.Column("brand_id", CleanText(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("brand_id", name="pk_last_pause"),
    )
    op.create_index("ix_document_published_at", "document", ["published_at"], unique=False)


def downgrade() -> None:
    """Drop them; what was paused goes with the table."""
    op.drop_index("ix_document_published_at", table_name="document")
    op.drop_table("last_pause")
