"""Identity cards and their reader failing under a citizen's hands, at a real serial line and a real centre."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.journeys.views import (
    AnyIntent,
    Attract,
    ChooseService,
    Explain,
    Fault,
    Home,
    Intent,
    Menu,
    OpenMenu,
    PlaceIdCard,
    ReadBack,
    Refusal,
    Result,
    TakeIdCard,
)
from kiosk.records.transaction import Service
from simulators.card.slot import CardSlot
from simulators.id_reader import ReaderFault, load_document
from tests.centre import RunningCentre
from tests.terminal import RunningTerminal, TerminalFolder

pytestmark = pytest.mark.stack
SOMEBODY = "zhou-moni"


@pytest.fixture
def terminal(tmp_path: Path, centre: RunningCentre, slot: CardSlot) -> Iterator[RunningTerminal]:
    folder = TerminalFolder.enrolled(tmp_path / "terminal", centre, terminal="bj-0001", region="beijing")
    with RunningTerminal(folder, slot) as running_one:
        yield running_one


def begins(terminal: RunningTerminal) -> None:
    """From the attract screen to the reader, as soon as the terminal knows that it has one."""
    terminal.sees(Attract)
    terminal.until(lambda: terminal.conductor._watch.reads_id_cards, "the reader said who it is")
    terminal.asks_for(Service.TEMPORARY_LOSS)
    terminal.sees(Explain)
    terminal.touch(Intent.NEXT)
    terminal.sees(PlaceIdCard)


def lays_down(terminal: RunningTerminal, document: str = SOMEBODY) -> None:
    terminal.id_reader.place(load_document(document))
    terminal.sees(TakeIdCard)
    terminal.id_reader.remove()


def ends(terminal: RunningTerminal, intent: AnyIntent = Intent.DONE) -> None:
    terminal.touch(intent)
    terminal.sees(Home)
    terminal.touch(Intent.CANCEL)
    terminal.sees(Attract)


def is_served(terminal: RunningTerminal) -> None:
    """The next citizen reports their card lost."""
    terminal.skipped_s += 11
    begins(terminal)
    lays_down(terminal)
    terminal.sees(ReadBack)
    terminal.touch(Intent.NEXT)
    terminal.sees(Result)


def test_an_identity_card_is_read_and_the_report_stands(terminal: RunningTerminal) -> None:
    is_served(terminal)
    assert terminal.id_reader.heard.count("3001") == 1


def test_an_identity_card_pulled_while_it_is_read_is_laid_down_again(terminal: RunningTerminal) -> None:
    terminal.id_reader.faults.fail_next("pulled_during_read")
    begins(terminal)
    terminal.id_reader.place(load_document(SOMEBODY))
    terminal.until(lambda: isinstance(terminal.view, PlaceIdCard) and terminal.view.note is not None, "asked again")
    lays_down(terminal)
    terminal.sees(ReadBack)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("expired", "D-15"),
        ("not-yet-valid", "D-16"),
        ("birth-date-contradicts", "D-14"),
        ("wrong-check-character", "D-13"),
    ],
)
def test_an_identity_card_that_may_not_be_used(terminal: RunningTerminal, document: str, code: str) -> None:
    begins(terminal)
    lays_down(terminal, document)
    assert terminal.sees(Refusal).code == code
    ends(terminal)
    is_served(terminal)


@pytest.mark.parametrize("document", ["twin-of-zhou-moni", "former-name"])
def test_somebody_whom_the_centre_does_not_know_like_this(terminal: RunningTerminal, document: str) -> None:
    begins(terminal)
    lays_down(terminal, document)
    terminal.sees(ReadBack)
    terminal.touch(Intent.NEXT)
    assert terminal.sees(Refusal).code == "R-14"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (ReaderFault.SILENT, "D-01"),
        (ReaderFault.GARBAGE, "D-03"),
        (ReaderFault.HALF_FRAME, "D-03"),
        (ReaderFault.WRONG_CHECKSUM, "D-03"),
    ],
)
def test_an_identity_card_reader_that_answers_wrongly_costs_one_citizen_their_journey(
    terminal: RunningTerminal, fault: ReaderFault, code: str
) -> None:
    begins(terminal)
    terminal.id_reader.faults.fail_next(fault, command="3001", times=2)
    terminal.id_reader.place(load_document(SOMEBODY))
    terminal.sees(TakeIdCard)
    terminal.id_reader.remove()
    assert terminal.sees(Fault).code == code
    terminal.id_reader.faults.clear()
    ends(terminal)
    is_served(terminal)


def test_the_reader_is_unplugged_while_a_card_is_waited_for(terminal: RunningTerminal) -> None:
    begins(terminal)
    terminal.id_reader.unplug()
    assert terminal.sees(Fault).code == "D-01"
    terminal.touch(Intent.DONE)
    terminal.sees(Home)
    terminal.touch(OpenMenu(Menu.LOST))
    terminal.touch(ChooseService(Service.TEMPORARY_LOSS))
    assert terminal.sees(Refusal).code == "D-11"
    ends(terminal)
    terminal.id_reader.replug()
    is_served(terminal)


def test_a_terminal_that_has_no_reader_says_so_before_it_begins(
    tmp_path: Path, centre: RunningCentre, slot: CardSlot
) -> None:
    folder = TerminalFolder.enrolled(tmp_path / "terminal", centre, terminal="bj-0001", region="beijing")
    file = folder.directory / "kiosk.toml"
    written = file.read_text(encoding="utf-8")
    file.write_text(written.replace('[id_reader]\nport = "id-reader"\n', ""), encoding="utf-8")
    assert folder.configuration.id_reader is None
    with RunningTerminal(folder, slot) as terminal:
        terminal.asks_for(Service.TEMPORARY_LOSS)
        assert terminal.sees(Refusal).code == "D-11"
