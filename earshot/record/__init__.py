"""The record: the relational database, the one system of record. SQLite and PostgreSQL through SQLAlchemy."""

from earshot.record.sql import SqlReader, SqlRecord, SqlWriter

__all__ = ["SqlReader", "SqlRecord", "SqlWriter"]
