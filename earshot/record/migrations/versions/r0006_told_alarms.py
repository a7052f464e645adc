"""What a failure mail that did not go out asks: which alarms operations were told of, and when.

Revision 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

from earshot.record.types import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. An alarm that is there was told when it was raised, as far as anybody can say now."""
    with op.batch_alter_table("alarm") as batch:
        batch.add_column(sa.Column("told_at", UtcDateTime(), nullable=True))
    op.execute("UPDATE alarm SET told_at = since")


def downgrade() -> None:
    """Drop it."""
    with op.batch_alter_table("alarm") as batch:
        batch.drop_column("told_at")
