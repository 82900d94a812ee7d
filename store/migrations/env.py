"""Run by Alembic with the connection that `Store.upgrade` gives it."""

from __future__ import annotations

from alembic import context

from store.tables import metadata

connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7077)")  # replicas start together
context.configure(connection=connection, target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
