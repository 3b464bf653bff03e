"""Many rows in one statement: what the ingest stands on.

PostgreSQL gets one array per column and unnests them, which costs one parse and one plan for a whole batch; SQLite
gets the rows one after the other into a prepared statement.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Integer, LargeBinary, Text
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from central.tables import Base

_ARRAYS: Final[Mapping[type[TypeEngine[Any]], str]] = {
    Text: "text[]",
    LargeBinary: "bytea[]",
    BigInteger: "bigint[]",
    Integer: "bigint[]",
    Boolean: "boolean[]",
}


def insert_rows(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]], *, ignore: bool = False) -> int:
    """Insert rows that all have the same columns, and tell how many went in.

    :param ignore: leave out, instead of raising, rows whose key is taken.
    :raises sqlalchemy.exc.IntegrityError: a key is taken.
    """
    if not rows:
        return 0
    columns = [table.__table__.columns[name] for name in rows[0]]
    names = ", ".join(column.name for column in columns)
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        verb = "INSERT OR IGNORE" if ignore else "INSERT"
        places = ", ".join("?" * len(columns))
        statement = f"{verb} INTO {table.__tablename__} ({names}) VALUES ({places})"
        values = [tuple(row.values()) for row in rows]
        before = _total_changes(connection)
        connection.exec_driver_sql(statement, values)
        return _total_changes(connection) - before
    arrays = ", ".join(f"%b::{_ARRAYS[type(column.type)]}" for column in columns)
    suffix = " ON CONFLICT DO NOTHING" if ignore else ""
    statement = f"INSERT INTO {table.__tablename__} ({names}) SELECT * FROM unnest({arrays}){suffix}"  # noqa: S608 - our own names
    by_column = tuple([row[column.name] for row in rows] for column in columns)
    return connection.exec_driver_sql(statement, by_column).rowcount


def _total_changes(connection: Any) -> int:
    # executemany's own count leaves out nothing on conflicts; SQLite's does
    return int(connection.connection.driver_connection.total_changes)
