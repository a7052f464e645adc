"""A document's date as its source stated it, and the article that a comment answers.

Revision 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

from earshot.record.types import CleanText

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_COLUMNS = ("published_as", "parent")


def upgrade() -> None:
    """Add the columns; of what is there nobody noted either."""
    with op.batch_alter_table("document") as batch:
        for name in _COLUMNS:
            batch.add_column(sa.Column(name, CleanText(), nullable=True))
    op.execute("UPDATE document SET published_as = '', parent = ''")
    with op.batch_alter_table("document") as batch:
        for name in _COLUMNS:
            batch.alter_column(name, nullable=False)


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("document") as batch:
        for name in _COLUMNS:
            batch.drop_column(name)
