"""Whatever is sent, the centre answers as docs/protocol.md says, signed, and what it refuses changes nothing."""

import dataclasses
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from central.tables import Card
from tests.centre import BEIJING_CARD, RunningCentre
from tests.fuzz import openapi
from tests.fuzz.centre import BATCHES, DOOR, Asker, asking, digests, documented_problems, uploading
from tests.fuzz.engines import run_small
from tests.fuzz.target import Finding
from tests.postgres import PrivatePostgres

ON_POSTGRESQL = 20
"""Cases beside the seeds: the second database is for what the first one forgives, texts and numbers out of range."""


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCentre]:
    database = None
    if request.param == "postgresql":
        server: PrivatePostgres = request.getfixturevalue("postgres_server")
        database = server.create_database()
    directory: Path = tmp_path_factory.mktemp("fuzz")
    with RunningCentre(directory, database=database) as centre:
        yield centre


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_any_question_is_refused_and_changes_nothing(running: RunningCentre) -> None:
    target = DOOR if running.database.is_sqlite else dataclasses.replace(DOOR, examples=ON_POSTGRESQL)
    run = run_small(target, asking(running))
    assert run.outcomes.keys() >= target.reached


def test_any_batch_is_refused_or_stored_as_its_receipt_says(running: RunningCentre) -> None:
    target = BATCHES if running.database.is_sqlite else dataclasses.replace(BATCHES, examples=ON_POSTGRESQL)
    run = run_small(target, uploading(running))
    assert run.outcomes.keys() >= target.reached


def test_what_the_description_allows_and_forbids(running: RunningCentre) -> None:
    if running.database.is_sqlite:
        run = openapi.run(running)
        assert run.outcomes.keys() >= openapi.REACHED


def test_an_effect_of_a_refused_question_is_found(running: RunningCentre) -> None:
    asker = Asker(running)
    before = asker.begin()
    refused = running.post(asker.terminal, "/v1/working-keys", b"{}")
    assert asker.judge(refused, before) == "400 malformed"
    with running.database.writing() as session:
        session.execute(update(Card).where(Card.identification_code == BEIJING_CARD[0]).values(bank="x"))
    with pytest.raises(Finding, match=r"400 malformed, and yet \['cards'\] changed"):
        asker.judge(refused, before)
    assert digests(running.database) != before


def test_the_protocol_lists_its_problems() -> None:
    problems = documented_problems()
    assert {(400, "malformed"), (403, "revoked"), (403, "unknown_terminal"), (404, "unknown_session")} <= problems
    assert not {(500, "defect"), (503, "busy")} & problems
