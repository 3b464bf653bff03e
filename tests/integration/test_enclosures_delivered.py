"""From the terminal's disk to the office: a portrait that waited arrives once, and leaves the disk after the receipt.

Ledger, uplink, centre and the terminal's own tidying are the real ones; between them somebody pulls plugs.
"""

import argparse
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select

from central.tables import Filing
from kiosk.central_client import ClockOffset
from kiosk.command_line import ledger as command
from kiosk.ledger import Ledger
from kiosk.records.filings import FileMatter, FilingVerdict, taken_down
from kiosk.records.transaction import Outcome, Service, Stage, Transaction
from kiosk.runtime.journal import DurableJournal
from kiosk.uplink import Receipts, Sent, UplinkSettings, opened
from tests.centre import EnrolledTerminal, RunningCentre
from tests.integration.test_central_filings import JPEG, WITHOUT_CARD, desk, file, with_portrait
from tests.integration.test_uplink_centre import STORAGE_KEY, Kiosk
from tests.ledgers import files_of


@pytest.fixture
def kiosk(tmp_path: Path, centre: RunningCentre) -> Iterator[Kiosk]:
    key = Ed25519PrivateKey.generate()
    with Ledger.create(tmp_path / "ledger", "yl-0001", STORAGE_KEY, centre.opening_key) as ledger:
        terminal = EnrolledTerminal("yl-0001", "yunling", key, ledger.ledger_id, "pad of yl-0001", bytes(16))
    centre.register(terminal)
    with closing(ledger):
        yield Kiosk(tmp_path, centre, "yl-0001", ledger, key)


@pytest.fixture
def book(kiosk: Kiosk) -> Iterator[DurableJournal]:
    settings = kiosk.settings

    def open_ledger() -> Ledger:
        return Ledger.open(settings.ledger, kiosk.id, STORAGE_KEY, kiosk.centre.opening_key)

    offset = ClockOffset(settings.clock_offset)
    with DurableJournal(open_ledger, offset, settings.receipts, kiosk.id, settings.centre_keys) as journal:
        yield journal


def take_down(book: DurableJournal, question: FileMatter) -> None:
    filing, enclosure = taken_down(question)
    entry = Transaction(
        transaction_id=question.transaction_id,
        service=Service.CARD_APPLICATION,
        stage=Stage.FINISHED,
        outcome=Outcome.RECORDED,
        reason="centre_unreachable",
        region="yunling",
        social_security_number=question.social_security_number,
        holder_name=question.name,
        identified_by=question.identified_by,
        card_number="",
        identification_code="",
        filing=filing,
    )
    book.append(entry, enclosure)


def filed(centre: RunningCentre, question: FileMatter) -> int:
    with centre.database.reading() as session:
        mine = select(func.count()).where(Filing.social_security_number == question.social_security_number)
        return session.scalars(mine).one()


def send(settings: UplinkSettings, kiosk: Kiosk) -> None:
    with opened(settings) as uplink:
        assert any(isinstance(step, Sent) for step in kiosk.steps(uplink))


def test_it_leaves_the_terminal_after_the_receipt_and_not_before(kiosk: Kiosk, book: DurableJournal) -> None:
    question = with_portrait(kiosk.centre, WITHOUT_CARD)
    take_down(book, question)
    for _ in range(2):
        book.tidy()
    (waiting,) = files_of(kiosk.settings.ledger)
    bytes_of_it = waiting.read_bytes()
    send(kiosk.settings, kiosk)
    assert waiting.read_bytes() == bytes_of_it, "the receipt is there, and nobody has tidied yet"
    book.tidy()
    assert files_of(kiosk.settings.ledger) == []
    database = sqlite3.connect(f"file:{kiosk.settings.ledger / 'ledger.db'}?mode=ro", uri=True)
    assert database.execute("SELECT count(*) FROM enclosure").fetchone() == (0,), "nor its key"
    database.close()
    assert desk(kiosk.centre).portrait(question.transaction_id[:8].upper()) == JPEG


def test_an_uplink_cut_off_before_it_kept_the_receipt_brings_it_once(
    kiosk: Kiosk, book: DurableJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = with_portrait(kiosk.centre, WITHOUT_CARD)
    take_down(book, question)

    def cut(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("the plug was pulled")

    for _ in range(2):
        with monkeypatch.context() as pulled, opened(kiosk.settings) as uplink:
            uplink.step()  # the greeting
            pulled.setattr(Receipts, "keep", cut)
            with pytest.raises(sqlite3.OperationalError):
                kiosk.steps(uplink)
        assert filed(kiosk.centre, question) == 1, "the centre has it"
        book.tidy()
        assert len(files_of(kiosk.settings.ledger)) == 1, "and the terminal has no receipt to show"
    send(kiosk.settings, kiosk)
    book.tidy()
    assert files_of(kiosk.settings.ledger) == []
    assert filed(kiosk.centre, question) == 1
    assert kiosk.stored()[-1][1:] == ("applied", "")


@pytest.mark.parametrize("arrives", ["before", "after"])
def test_a_question_that_arrived_all_the_same_is_the_same_filing(
    kiosk: Kiosk, book: DurableJournal, arrives: str
) -> None:
    terminal = EnrolledTerminal(kiosk.id, "yunling", kiosk.key, b"", "", b"")
    question = with_portrait(kiosk.centre, WITHOUT_CARD)
    if arrives == "before":
        assert file(kiosk.centre, terminal, question).verdict is FilingVerdict.FILED
    take_down(book, question)
    send(kiosk.settings, kiosk)
    if arrives == "after":
        assert file(kiosk.centre, terminal, question).verdict is FilingVerdict.FILED
    assert filed(kiosk.centre, question) == 1


def test_a_lost_file_is_told_at_the_centre_and_the_application_goes_on(kiosk: Kiosk, book: DurableJournal) -> None:
    question = with_portrait(kiosk.centre, WITHOUT_CARD)
    take_down(book, question)
    (waiting,) = files_of(kiosk.settings.ledger)
    waiting.unlink()
    send(kiosk.settings, kiosk)
    assert filed(kiosk.centre, question) == 1
    assert kiosk.stored()[-1][1:] == ("applied", "")


def test_the_technician_sees_how_many_wait_and_since_when_and_nobody(
    kiosk: Kiosk, book: DurableJournal, capsys: pytest.CaptureFixture[str]
) -> None:
    question = with_portrait(kiosk.centre, WITHOUT_CARD)
    take_down(book, question)
    args = argparse.Namespace(json=True)
    assert command.run(args, kiosk.settings) == command.Exit.SOUND
    told = capsys.readouterr().out
    shown = json.loads(told)
    assert (shown["enclosures_waiting"], shown["enclosures_amiss"]) == (1, [])
    assert shown["oldest_enclosure"].startswith("20")
    assert not any(secret in told for secret in (*WITHOUT_CARD, question.transaction_id, question.transaction_id[:8]))
    (waiting,) = files_of(kiosk.settings.ledger)
    waiting.write_bytes(b"rot")
    assert command.run(args, kiosk.settings) == command.Exit.DAMAGED
    assert json.loads(capsys.readouterr().out)["enclosures_amiss"] == ["1 enclosure_damaged"]
