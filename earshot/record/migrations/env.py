"""Alembic's environment: runs the migrations on the connection that `earshot.record.schema` opened."""

import logging

from alembic import context

from earshot.record.tables import metadata

connection = context.config.attributes["connection"]
# At each opening it would say which dialect it speaks, in the log of every task.
logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
