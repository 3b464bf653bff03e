"""Yearly figures and receipts at the centre: told newest first and no more than fit, and never stored wrong."""

import itertools
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from central.database import Database
from central.seed import SeedRefused, load_seed
from central.tables import MedicalYearRow, ReceiptRow
from kiosk.records.questions import HolderRecord
from kiosk.records.settlement import MedicalYear, SettlementReceipt, Shares, Standing, disagreements
from tests.centre import BEIJING_CARD, SEED, ZHUMADIAN_CARD, EnrolledTerminal, RunningCentre
from tests.integration.test_central_card_sessions import BEIJING_KEY, ZHUMADIAN_KEY, Asked

NUMBER = BEIJING_CARD[2]
RIGHT = {
    "total_fen": 68000,
    "in_range_fen": 60000,
    "fund_fen": 38000,
    "person_fen": 30000,
    "own_share_fen": 22000,
    "out_of_range_fen": 8000,
    "cash_fen": 30000,
}
"""680.00 = 380.00 + 300.00; 300.00 = 220.00 + 80.00; 600.00 = 380.00 + 220.00."""


def beijing_record(centre: RunningCentre) -> HolderRecord:
    terminal = centre.enrol("bj-0001", "beijing")
    asked = Asked(centre, terminal, BEIJING_CARD, BEIJING_KEY).load_key().proved()
    record = asked.record(asked.block("135790")).record
    assert record is not None
    return record


def test_a_record_tells_years_and_receipts_newest_first(any_centre: RunningCentre) -> None:
    record = beijing_record(any_centre)
    assert record.medical_years == [
        MedicalYear(
            year=2026,
            standing=Standing.WORKING,
            shares=Shares(
                total_fen=312000,
                in_range_fen=284000,
                fund_fen=82600,
                person_fen=229400,
                own_share_fen=201400,
                out_of_range_fen=28000,
                cash_fen=229400,
            ),
            deductible_used_fen=180000,
            mutual_aid_fen=81000,
        ),
        MedicalYear(
            year=2025,
            standing=Standing.WORKING,
            shares=Shares(
                total_fen=96000,
                in_range_fen=90000,
                fund_fen=1200,
                person_fen=94800,
                own_share_fen=88800,
                out_of_range_fen=6000,
                cash_fen=94800,
            ),
            deductible_used_fen=88800,
            mutual_aid_fen=0,
        ),
    ]
    newest, older = record.receipts
    assert newest == SettlementReceipt(
        day="2026-10-19", place="模拟医院门诊部", shares=Shares(**RIGHT), mutual_aid_fen=81000
    )
    assert (older.day, older.shares.total_fen) == ("2026-06-18", 55200)


def test_nobody_gets_anothers_figures(any_centre: RunningCentre) -> None:
    terminal: EnrolledTerminal = any_centre.enrol()
    record = Asked(any_centre, terminal, ZHUMADIAN_CARD, ZHUMADIAN_KEY).proved().record().record
    assert record is not None
    assert [year.shares.total_fen for year in record.medical_years] == [186240]
    assert [receipt.place for receipt in record.receipts] == ["示例县人民医院"]


def test_of_many_the_newest_few_are_told(any_centre: RunningCentre) -> None:
    with any_centre.database.writing() as session:
        for month in range(1, 10):
            row = {"social_security_number": NUMBER, "day": f"2027-{month:02}-01", "place": "模拟医院"}
            session.execute(insert(ReceiptRow).values(**row, mutual_aid_fen=0, **RIGHT))
        for year in range(2010, 2020):
            year_row = {"social_security_number": NUMBER, "standing": "retired", "deductible_used_fen": 0}
            session.execute(insert(MedicalYearRow).values(**year_row, year=year, mutual_aid_fen=0, **RIGHT))
    record = beijing_record(any_centre)
    assert [receipt.day for receipt in record.receipts] == ["2027-09-01", "2027-08-01", "2027-07-01", "2027-06-01"]
    assert [year.year for year in record.medical_years] == [2026, 2025]


def is_stored(database: Database, figures: dict[str, int]) -> bool:
    """Whether both tables take these figures; nothing of it stays."""
    receipt = {"social_security_number": NUMBER, "day": "2026-12-01", "place": "模拟医院"}
    year = {"social_security_number": NUMBER, "year": 2001, "standing": "working", "deductible_used_fen": 0}
    taken = []
    for table, row in ((ReceiptRow, receipt), (MedicalYearRow, year)):
        with database.engine.connect() as connection:
            try:
                connection.execute(insert(table).values(**row, **{"mutual_aid_fen": 0} | figures))
            except IntegrityError:
                taken.append(False)
            else:
                taken.append(True)
            connection.rollback()
    assert len(set(taken)) == 1, "the two tables disagree"
    return taken[0]


def test_the_tables_refuse_exactly_what_does_not_add_up(any_centre: RunningCentre) -> None:
    assert is_stored(any_centre.database, RIGHT)
    for one, other in itertools.combinations_with_replacement(RIGHT, 2):
        for step_one, step_other in itertools.product((-1, 1), repeat=2):
            figures = dict(RIGHT)
            figures[one] += step_one
            figures[other] += step_other
            right = not disagreements(Shares(**figures))
            assert is_stored(any_centre.database, figures) is right, figures


def test_nothing_below_zero_is_stored(any_centre: RunningCentre) -> None:
    assert not is_stored(any_centre.database, RIGHT | {"mutual_aid_fen": -1})
    nothing = dict.fromkeys(RIGHT, 0)
    assert is_stored(any_centre.database, nothing)
    assert not is_stored(any_centre.database, nothing | {"cash_fen": -1})
    with any_centre.database.reading() as session:
        assert session.scalars(select(MedicalYearRow).where(MedicalYearRow.year == 2001)).all() == []


@pytest.mark.parametrize(("kind", "when"), [("receipts", "2026-10-19"), ("medical_years", "2026")])
def test_a_seed_that_does_not_add_up_is_refused_in_words(tmp_path: Path, kind: str, when: str) -> None:
    seed = msgspec.json.decode(SEED.read_bytes())
    holder = next(one for one in seed["holders"] if one["about"] == "beijing-normal")
    holder[kind][0]["shares"]["person_fen"] += 1
    path = tmp_path / "centre.json"
    path.write_bytes(msgspec.json.encode(seed))
    with pytest.raises(SeedRefused, match=f"beijing-normal, {when}: the figures do not add up: total, person"):
        load_seed(path)
