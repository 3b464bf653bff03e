"""Many rows at once: what the ingest stands on.

PostgreSQL takes rows by a binary COPY, SQLite one after the other into a prepared statement. Both are part of the
session's transaction, and in both a key that is taken raises.
"""

from collections.abc import Sequence
from typing import Any, Final

import psycopg
from psycopg.types.string import BytesBinaryDumper
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    LargeBinary,
    Text,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from central.tables import Base

_COPIED_AS: Final[dict[type[TypeEngine[Any]], str]] = {
    Text: "text",
    LargeBinary: "bytea",
    BigInteger: "int8",
    Boolean: "bool",
}


def one_of(column: ColumnElement[Any], dialect: str) -> ColumnElement[bool]:
    """Whether ``column`` holds one of the list that is given as ``values``: all lengths are one statement."""
    values = bindparam("values", type_=JSON().with_variant(JSONB(), "postgresql"))
    if dialect == "sqlite":
        return column.in_(select(func.json_each(values).table_valued("value").c.value))
    # An array made on the server: psycopg quotes the elements of one in Python, each by a regular expression.
    return column == any_(func.array(select(func.jsonb_array_elements_text(values)).scalar_subquery()))


def update_rows(session: Session, table: type[Base], columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Give rows new values, in the order of ``columns``, the first of which is the key."""
    if not rows:
        return
    connection = session.connection()
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    values = ", ".join(f"{name} = {mark}" for name in columns[1:])
    statement = f"UPDATE {table.__tablename__} SET {values} WHERE {columns[0]} = {mark}"  # noqa: S608 - our own names
    connection.exec_driver_sql(statement, [(*row[1:], row[0]) for row in rows])


def insert_rows(session: Session, table: type[Base], columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows whose values stand in the order of ``columns``; what is left out is NULL.

    :raises sqlalchemy.exc.IntegrityError: a key is taken.
    :raises sqlalchemy.exc.OperationalError: the database is busy or gone.
    """
    if not rows:
        return
    names = ", ".join(columns)
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {table.__tablename__} ({names}) VALUES ({places})", list(rows))  # noqa: S608 - our own names
        return
    driver: Any = connection.connection.driver_connection
    statement = f"COPY {table.__tablename__} ({names}) FROM STDIN (FORMAT BINARY)"
    try:
        with driver.cursor() as cursor:
            # Otherwise bytea goes through the dumper of DB-API's Binary, which is not in C: 1 µs an entry.
            cursor.adapters.register_dumper(bytes, BytesBinaryDumper)
            with cursor.copy(statement.encode()) as copy:
                copy.set_types([_COPIED_AS[type(table.__table__.columns[name].type)] for name in columns])
                for row in rows:
                    copy.write_row(row)
    except psycopg.Error as error:
        # As SQLAlchemy would have told it: a COPY goes past it.
        raise DBAPIError.instance(
            statement, None, error, psycopg.Error, hide_parameters=True, dialect=connection.dialect
        ) from error
