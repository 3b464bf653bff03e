"""What the centre makes of technicians' acts: kept as they were told, shown by command, a lock-out told to staff."""

import msgspec
import pytest
from sqlalchemy import select

from central.command_line import main
from central.tables import Alarm, TechnicianActRow, TransactionRow
from kiosk.records.canonical import canonical
from kiosk.records.technician import ADMISSION, LOCK_OUT, ActOutcome, Role, TechnicianAct
from kiosk.records.upload import Receipt
from tests.centre import LedgerWriter, RunningCentre, a_header, a_transaction

IN = TechnicianAct(act=ADMISSION, page="entry", outcome=ActOutcome.DONE, why="card", staff="T1001", role=Role.FULL)
RESTART = TechnicianAct(act="restart", page="terminal", outcome=ActOutcome.DONE, staff="T1001", role=Role.FULL)
REFUSED = TechnicianAct(act=ADMISSION, page="entry", outcome=ActOutcome.REFUSED, why="code_wrong", staff="T1001")


@pytest.fixture
def writer(any_centre: RunningCentre) -> LedgerWriter:
    return LedgerWriter(any_centre.enrol(), any_centre)


def upload(centre: RunningCentre, writer: LedgerWriter, *acts: TechnicianAct | bytes) -> list[tuple[str, str]]:
    header = msgspec.structs.replace(a_header(writer.terminal.region), service="technician", stage="x", outcome=None)
    entries = [writer.append(one, header=header if isinstance(one, bytes) else None) for one in acts]
    receipt = centre.ask(writer.terminal, "/v1/entries", writer.batch(entries), Receipt)
    return [(one.verdict.value, one.reason) for one in receipt.judgements]


def test_acts_are_kept_and_shown(
    any_centre: RunningCentre, writer: LedgerWriter, capsys: pytest.CaptureFixture[str]
) -> None:
    assert upload(any_centre, writer, IN, RESTART, REFUSED) == [("applied", "")] * 3
    with any_centre.database.reading() as session:
        rows = session.scalars(select(TechnicianActRow).order_by(TechnicianActRow.sequence)).all()
        assert [(row.staff, row.role, row.act, row.outcome, row.why) for row in rows] == [
            ("T1001", "full", "admission", "done", "card"),
            ("T1001", "full", "restart", "done", ""),
            ("T1001", "", "admission", "refused", "code_wrong"),
        ]
        assert session.scalars(select(Alarm)).all() == []
        assert session.scalars(select(TransactionRow)).all() == []
    capsys.readouterr()
    assert main(["technician", "acts", str(any_centre.directory), "--last", "2", "--staff", "T1001"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split("  ", 1)[1] for line in shown] == [
        "zmd-0001  T1001 full  terminal  restart  done",
        "zmd-0001  T1001  entry  admission  refused  code_wrong",
    ]
    assert main(["technician", "acts", str(any_centre.directory), "--terminal", "another"]) == 0
    assert capsys.readouterr().out == ""


def test_a_lock_out_is_told_to_staff(any_centre: RunningCentre, writer: LedgerWriter) -> None:
    assert upload(any_centre, writer, TechnicianAct(act=LOCK_OUT, outcome=ActOutcome.REFUSED)) == [("applied", "")]
    with any_centre.database.reading() as session:
        assert [one.kind for one in session.scalars(select(Alarm))] == ["technician_locked_out"]


@pytest.mark.parametrize(
    "changed",
    [{"staff": "王小明"}, {"staff": "411700198504121036"}, {"act": "重启"}, {"why": "x" * 41}, {"name": "x"}],
)
def test_what_holds_more_than_words_is_no_act(
    any_centre: RunningCentre, writer: LedgerWriter, changed: dict[str, str]
) -> None:
    content = msgspec.json.decode(canonical(RESTART)) | changed
    assert upload(any_centre, writer, msgspec.json.encode(content)) == [("refused", "malformed_payload")]


def test_acts_and_transactions_come_in_one_batch(any_centre: RunningCentre, writer: LedgerWriter) -> None:
    entries = [writer.append(IN), writer.append(a_transaction()), writer.append(RESTART)]
    receipt = any_centre.ask(writer.terminal, "/v1/entries", writer.batch(entries), Receipt)
    assert [one.verdict.value for one in receipt.judgements] == ["applied"] * 3
    again = any_centre.ask(writer.terminal, "/v1/entries", writer.batch(entries), Receipt)
    assert [one.verdict.value for one in again.judgements] == ["applied"] * 3
    with any_centre.database.reading() as session:
        assert len(session.scalars(select(TechnicianActRow)).all()) == 2
