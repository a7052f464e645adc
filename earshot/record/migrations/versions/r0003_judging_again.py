"""What judging again asks: documents by date, mentions by version, where a text came from, how far a walk has come.

Revision 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

from earshot.record.types import CleanText, Structure, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BACK_TO = (
    "UPDATE document SET text_source = source_id, text_at = COALESCE("
    "(SELECT MAX(last_fetched_at) FROM found_in WHERE found_in.document_id = document.id), found_at)"
)
"""Of texts that are there nobody noted where they came from: taken as what the newest look showed, so that no older
capture replaces them."""


def upgrade() -> None:
    """Add columns, indices and a table; SQLite copies the table of documents for it."""
    with op.batch_alter_table("document") as batch:
        batch.add_column(sa.Column("text_at", UtcDateTime(), nullable=True))
        batch.add_column(sa.Column("text_source", CleanText(), nullable=True))
    op.execute(_BACK_TO)
    with op.batch_alter_table("document") as batch:
        batch.alter_column("text_at", nullable=False)
        batch.alter_column("text_source", nullable=False)
    op.create_index("ix_document_published_at_id", "document", ["published_at", "id"], unique=False)
    op.create_index(
        "ix_mention_versions", "mention", ["state", "brand", "brand_version", "model_version"], unique=False
    )
    op.create_table(
        "walk",
        sa.Column("name", CleanText(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("place", Structure(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_walk"),
    )


def downgrade() -> None:
    """Take all of it away."""
    op.drop_table("walk")
    op.drop_index("ix_mention_versions", "mention")
    op.drop_index("ix_document_published_at_id", "document")
    with op.batch_alter_table("document") as batch:
        batch.drop_column("text_source")
        batch.drop_column("text_at")
