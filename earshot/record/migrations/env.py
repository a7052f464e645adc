"""Alembic's environment: runs the migrations on the connection that `earshot.record.schema` opened."""

from alembic import context

from earshot.record.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
