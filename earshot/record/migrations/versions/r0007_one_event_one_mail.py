"""What one mail for one event asks: when an incident's mentions were published, why each joined, why each notice is.

Revision 0007, after 0006. Also who unsubscribed from which mails of a brand.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from earshot.record.types import CleanText, Structure, UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. An incident that is there spans the moment it was opened; its mentions joined by their story."""
    with op.batch_alter_table("incident") as batch:
        batch.drop_index("ix_incident_story_id_brand_id_rule_id")
        batch.add_column(sa.Column("first_at", UtcDateTime(), nullable=True))
        batch.add_column(sa.Column("last_at", UtcDateTime(), nullable=True))
    op.execute("UPDATE incident SET first_at = opened_at, last_at = opened_at")
    with op.batch_alter_table("incident") as batch:
        batch.alter_column("first_at", existing_type=UtcDateTime(), nullable=False)
        batch.alter_column("last_at", existing_type=UtcDateTime(), nullable=False)
        batch.create_index("ix_incident_story_id_brand_id", ["story_id", "brand_id"])
        batch.create_index("ix_incident_brand_id_last_at", ["brand_id", "last_at"])
    _add("incident_mention", ("rules", Structure(), "[]"), ("why", Structure(), "{}"), ("terms", Structure(), "{}"))
    op.create_index("ix_incident_mention_incident_id_at", "incident_mention", ["incident_id", "at"])
    _add("notice", ("occasion", CleanText(), "first"), ("severity", CleanText(), ""), ("shown", sa.Integer(), "0"))
    op.create_table(
        "unsubscription",
        sa.Column("recipient", CleanText(), nullable=False),
        sa.Column("brand_id", CleanText(), nullable=False),
        sa.Column("mails", CleanText(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("recipient", "brand_id", "mails", name="pk_unsubscription"),
    )


def _add(table: str, *columns: tuple[str, sa.types.TypeEngine[Any], str]) -> None:
    """Add columns that hold a value for the rows that are there, and have no default afterwards."""
    with op.batch_alter_table(table) as batch:
        for name, kind, value in columns:
            batch.add_column(sa.Column(name, kind, nullable=False, server_default=sa.text(f"'{value}'")))
    with op.batch_alter_table(table) as batch:
        for name, kind, _ in columns:
            batch.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("unsubscription")
    with op.batch_alter_table("notice") as batch:
        for name in ("occasion", "severity", "shown"):
            batch.drop_column(name)
    op.drop_index("ix_incident_mention_incident_id_at", table_name="incident_mention")
    with op.batch_alter_table("incident_mention") as batch:
        for name in ("rules", "why", "terms"):
            batch.drop_column(name)
    with op.batch_alter_table("incident") as batch:
        batch.drop_index("ix_incident_story_id_brand_id")
        batch.drop_index("ix_incident_brand_id_last_at")
        batch.drop_column("first_at")
        batch.drop_column("last_at")
        batch.create_index("ix_incident_story_id_brand_id_rule_id", ["story_id", "brand_id", "rule_id"])
