"""What telling brand by brand needs: until when a brand was last paused.

Revision 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

from earshot.record.types import CleanText, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "last_pause",
        sa.Column("brand_id", CleanText(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("brand_id", name="pk_last_pause"),
    )


def downgrade() -> None:
    """Drop it, with what it holds."""
    op.drop_table("last_pause")
