"""Servers that integration tests share. A shared centre is emptied and seeded anew for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.centre import RunningCentre
from tests.postgres import PrivatePostgres, private_postgres
from tests.quick_folder import quick_folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PrivatePostgres]:
    """One PostgreSQL cluster for the whole run; it fails, never skips, where Debian's package is missing."""
    with private_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_centre() -> Iterator[RunningCentre]:
    """A centre over SQLite for the whole run. Ask for ``centre`` instead."""
    folder = quick_folder("sqlite-centre-")
    try:
        with RunningCentre(folder) as running:
            yield running
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_centre(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PrivatePostgres
) -> Iterator[RunningCentre]:
    """A centre over PostgreSQL for the whole run. Ask for ``any_centre`` instead."""
    with RunningCentre(tmp_path_factory.mktemp("postgres"), database=postgres_server.create_database()) as running:
        yield running


@pytest.fixture
def centre(sqlite_centre: RunningCentre) -> RunningCentre:
    """A freshly seeded centre over SQLite."""
    sqlite_centre.reset()
    return sqlite_centre


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_centre(request: pytest.FixtureRequest) -> RunningCentre:
    """A freshly seeded centre over either database."""
    name = "sqlite_centre" if request.param == "sqlite" else "postgres_centre"
    running: RunningCentre = request.getfixturevalue(name)
    running.reset()
    return running


@pytest.fixture
def own_centre(tmp_path: Path) -> Iterator[RunningCentre]:
    """A centre that the test may break."""
    with RunningCentre(tmp_path) as running:
        yield running
