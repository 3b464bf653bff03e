"""Servers that integration tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.centre import RunningCentre
from tests.postgres import PrivatePostgres, private_postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PrivatePostgres]:
    """One PostgreSQL cluster for the whole run; it fails, never skips, where Debian's package is missing."""
    with private_postgres() as server:
        yield server


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[RunningCentre]:
    """A seeded centre over SQLite."""
    with RunningCentre(tmp_path) as running:
        yield running


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_centre(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningCentre]:
    """A seeded centre over either database."""
    database = None
    if request.param == "postgresql":
        server: PrivatePostgres = request.getfixturevalue("postgres_server")
        database = server.create_database()
    with RunningCentre(tmp_path, database=database) as running:
        yield running
