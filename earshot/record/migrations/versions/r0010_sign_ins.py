"""What signing out asks: who is signed in to the pages.

Revision 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

from earshot.record.types import CleanText, UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table. Who was signed in signs in again, once."""
    op.create_table(
        "sign_in",
        sa.Column("id", CleanText(), nullable=False),
        sa.Column("proof", CleanText(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in"),
    )
    op.create_index("ix_sign_in_until", "sign_in", ["until"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("sign_in")
