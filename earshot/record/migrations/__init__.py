"""Alembic's migrations of the record; `earshot.record.schema` runs them."""
