"""${message}.

Revision ${up_revision}, after ${down_revision | comma,n}.
"""

import sqlalchemy as sa
from alembic import op

from earshot.record.types import CleanText, Structure, UtcDateTime

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema one step forward."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Bring the schema one step back."""
    ${downgrades if downgrades else "pass"}
