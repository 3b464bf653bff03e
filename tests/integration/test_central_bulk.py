"""What the fast way into the database must not lose: keys that hold, one transaction, epoch keys that are kept."""

import msgspec
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from benchmarks.ingest import People
from central import ingest
from central.bulk import insert_rows, one_of, update_rows
from central.exchange import Asker
from central.ingest import Ingest
from central.tables import Base, EpochKey, Holder
from kiosk.records.upload import Verdict
from tests.centre import EnrolledTerminal, LedgerWriter, RunningCentre, a_transaction

COLUMNS = ("social_security_number", "name", "sex", "birth_date", "person_state")


def a_holder(number: str, name: str = "赵模拟") -> tuple[str, ...]:
    return (number, name, "1", "1990-01-01", "1")


def names(centre: RunningCentre) -> dict[str, str]:
    with centre.database.reading() as session:
        wanted = Holder.social_security_number.like("X%")
        return {one.social_security_number: one.name for one in session.scalars(select(Holder).where(wanted))}


def test_a_taken_key_takes_the_whole_transaction_back(any_centre: RunningCentre) -> None:
    with any_centre.database.writing() as session:
        insert_rows(session, Holder, COLUMNS, [a_holder("X1")])

    def write() -> None:
        with any_centre.database.writing() as session:
            insert_rows(session, Holder, COLUMNS, [a_holder("X2")])
            insert_rows(session, Holder, COLUMNS, [a_holder("X3"), a_holder("X1", "钱假设")])

    with pytest.raises(IntegrityError):
        write()
    assert names(any_centre) == {"X1": "赵模拟"}
    with any_centre.database.writing() as session:
        insert_rows(session, Holder, COLUMNS, [a_holder("X2")])
    assert names(any_centre) == {"X1": "赵模拟", "X2": "赵模拟"}


def test_what_a_taken_key_says_holds_no_value(any_centre: RunningCentre) -> None:
    with any_centre.database.writing() as session:
        insert_rows(session, Holder, COLUMNS, [a_holder("X1")])
    with pytest.raises(IntegrityError) as caught, any_centre.database.writing() as session:
        insert_rows(session, Holder, COLUMNS, [a_holder("X1", "钱假设")])
    assert "钱假设" not in str(caught.value)


def test_rows_get_their_own_values(any_centre: RunningCentre) -> None:
    with any_centre.database.writing() as session:
        insert_rows(session, Holder, COLUMNS, [a_holder("X1"), a_holder("X2"), a_holder("X3")])
        update_rows(session, Holder, COLUMNS, [a_holder("X3", "孙三"), a_holder("X1", "孙一")])
    assert names(any_centre) == {"X1": "孙一", "X2": "赵模拟", "X3": "孙三"}


@pytest.mark.parametrize("wanted", [[], ["X1"], ["X1", "X3", "nobody", 'a"b,{}']])
def test_one_of_any_number(any_centre: RunningCentre, wanted: list[str]) -> None:
    with any_centre.database.writing() as session:
        insert_rows(session, Holder, COLUMNS, [a_holder("X1"), a_holder("X2"), a_holder("X3")])
        connection = session.connection()
        key = Holder.__table__.columns["social_security_number"]
        query = select(key).where(one_of(key, connection.dialect.name))
        assert set(connection.scalars(query, {"values": wanted})) == {"X1", "X3"} & set(wanted)


@pytest.mark.postgres
def test_a_plan_is_made_for_the_table_as_it_is(postgres_centre: RunningCentre) -> None:
    with postgres_centre.database.engine.connect() as connection:
        assert connection.scalar(text("SHOW plan_cache_mode")) == "force_custom_plan"


@pytest.fixture
def terminal(any_centre: RunningCentre) -> EnrolledTerminal:
    return any_centre.enrol()


def test_an_epoch_key_whose_batch_was_rolled_back_is_stored_with_the_next(
    any_centre: RunningCentre, terminal: EnrolledTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = LedgerWriter(terminal, any_centre)
    asker = Asker(terminal.id, terminal.key.public_key())
    batch = ledger.batch([ledger.append(a_transaction())])
    desk = Ingest(any_centre.database, any_centre.keys, any_centre.clock)

    def break_down(_session: object, table: type[Base], *_: object) -> None:
        if table is not EpochKey:
            raise RuntimeError("no further")

    with monkeypatch.context() as broken:
        broken.setattr(ingest, "insert_rows", break_down)
        with pytest.raises(RuntimeError, match="no further"):
            desk.receive(asker, batch)
    desk.receive(asker, batch)
    with any_centre.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(EpochKey)) == 1


def test_an_epoch_key_outlives_the_process(any_centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    ledger = LedgerWriter(terminal, any_centre)
    asker = Asker(terminal.id, terminal.key.public_key())
    for _ in range(3):  # the first stores the key, the second finds it, the third remembers it
        desk = Ingest(any_centre.database, any_centre.keys, any_centre.clock)
        for _ in range(3):
            batch = ledger.batch([ledger.append(a_transaction())])
            if ledger.sequence > 1:
                batch = msgspec.structs.replace(batch, epochs=[])
            assert [one.verdict for one in desk.receive(asker, batch).judgements] == [Verdict.APPLIED]


def test_the_people_of_the_benchmark_fit_the_tables(any_centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    people, ledger = People(any_centre), LedgerWriter(terminal, any_centre)
    batch = ledger.batch([ledger.append(a_transaction(card=people.next_card()))])
    desk = Ingest(any_centre.database, any_centre.keys, any_centre.clock)
    receipt = desk.receive(Asker(terminal.id, terminal.key.public_key()), batch)
    assert [one.verdict for one in receipt.judgements] == [Verdict.APPLIED]
