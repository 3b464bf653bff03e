"""Alembic runs this; the connection comes from :meth:`central.database.Database.migrate`."""

from alembic import context

from central.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite can't alter a column in place
)
with context.begin_transaction():
    context.run_migrations()
