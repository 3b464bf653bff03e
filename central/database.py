"""The centre's database: SQLite by default, PostgreSQL by its URL. All writing happens in short transactions."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.orm import Session

_BUSY_TIMEOUT_S: Final = 20


class NotDurable(Exception):
    """SQLite did not accept the settings without which a power cut loses what was acknowledged."""


class Database:
    """One database and its connections."""

    def __init__(self, url: str) -> None:
        """:param url: ``sqlite:///…`` or ``postgresql+psycopg://…``"""
        self.engine: Engine = create_engine(url, hide_parameters=True, pool_pre_ping=not url.startswith("sqlite"))
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        if self.is_sqlite:
            event.listen(self.engine, "connect", _make_durable)
            event.listen(self.engine, "begin", _begin)
        else:
            event.listen(self.engine, "connect", _plan_anew)
        self._writing = self.engine.execution_options(writing=True)
        # SQLite has one writer; whoever waits for it in SQLite sleeps, up to 100 ms at a time, and is not told.
        self._turn: AbstractContextManager[Any] = threading.Lock() if self.is_sqlite else nullcontext()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only looks."""
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session in one transaction, committed at its end and rolled back by any exception.

        SQLite is locked from the beginning, since a later upgrade of the lock can fail half-way.
        """
        with self._turn, Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    def migrate(self, revision: str = "head") -> None:
        """Bring the tables to this version's form, or to that of another revision."""
        from alembic import command  # noqa: PLC0415 - a third of what a command loads, and most migrate nothing
        from alembic.config import Config  # noqa: PLC0415 - see above

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self._writing.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)

    def close(self) -> None:
        """Leave all connections."""
        self.engine.dispose()


def _make_durable(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        raise NotDurable("the sqlite3 module of Python is wanted")
    connection.isolation_level = None  # we say BEGIN ourselves, see _begin
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_S * 1000}")
    journal = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
    if synchronous != 2 or journal not in {"wal", "memory"}:
        raise NotDurable(f"journal_mode {journal}, synchronous {synchronous}")


def _plan_anew(connection: Any, _record: Any) -> None:
    # A plan made while a table was small would be kept for it when it has grown: then every batch reads all of it.
    connection.execute("SET plan_cache_mode TO force_custom_plan")
    connection.commit()


def _begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
