"""The date of an address as its sitemap stated it, and how often in a row its fetch failed.

Revision 0013, after 0012.
"""

import sqlalchemy as sa
from alembic import op

from earshot.record.types import CleanText

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; a page that failed before is as good as one that never did."""
    with op.batch_alter_table("frontier") as batch:
        batch.add_column(sa.Column("published_as", CleanText(), nullable=True))
        batch.add_column(sa.Column("failures", sa.Integer(), nullable=True))
    op.execute("UPDATE frontier SET published_as = '', failures = 0")
    with op.batch_alter_table("frontier") as batch:
        batch.alter_column("published_as", nullable=False)
        batch.alter_column("failures", nullable=False)


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("frontier") as batch:
        batch.drop_column("failures")
        batch.drop_column("published_as")
