"""What an erasure leaves to be done: of which erased mentions the index's files may still hold the text.

Revision 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

from earshot.record.types import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. What was erased before is wiped by the next maintenance."""
    with op.batch_alter_table("gone_mention") as batch:
        batch.add_column(sa.Column("at", UtcDateTime(), nullable=True))
        batch.add_column(sa.Column("is_wiped", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("gone_mention") as batch:
        batch.alter_column("is_wiped", server_default=None)


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("gone_mention") as batch:
        batch.drop_column("at")
        batch.drop_column("is_wiped")
