"""Reader, card and PIN pad failing under a citizen's hands, at real pcscd and a real serial line."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from central.tables import TransactionRow
from kiosk.journeys.views import (
    Attract,
    Choices,
    ChooseService,
    Fault,
    Home,
    InsertCard,
    Intent,
    PinEntry,
    Refusal,
    TakeCard,
)
from kiosk.records.transaction import Service
from simulators.card.application import CardApplication
from simulators.card.card_file import CardFile
from simulators.card.slot import CardSlot
from simulators.pcscd import PrivatePcscd
from simulators.pin_pad import PadFault
from tests.centre import RunningCentre
from tests.stack import card_file, chip
from tests.terminal import RunningTerminal, TerminalFolder, running

pytestmark = pytest.mark.stack
OLD, NEW = "246810", "135792"


@pytest.fixture
def folder(tmp_path: Path, centre: RunningCentre) -> TerminalFolder:
    return TerminalFolder.enrolled(tmp_path / "terminal", centre)


@pytest.fixture
def terminal(folder: TerminalFolder, slot: CardSlot) -> Iterator[RunningTerminal]:
    with RunningTerminal(folder, slot) as running_one:
        yield running_one


def leaves(terminal: RunningTerminal) -> None:
    """Whoever was served goes; the next one finds the attract screen."""
    for _ in range(4):
        if isinstance(terminal.view, Home):
            terminal.touch(Intent.CANCEL)
        elif isinstance(terminal.view, Attract):
            return
        else:
            terminal.touch(Intent.NEXT)
            terminal.touch(Intent.DONE)
        terminal.until(lambda: isinstance(terminal.view, Home | Attract), "a way out")


def is_served(terminal: RunningTerminal) -> None:
    """The next citizen gets what they came for."""
    terminal.chooses(Service.CARD_QUERY, "zhumadian-normal")
    terminal.types(OLD)
    terminal.sees(TakeCard)
    terminal.slot.pull()
    terminal.sees(Choices)
    leaves(terminal)


def marked(terminal: RunningTerminal) -> set[Service]:
    """The services that the home screen says no card is read for."""
    if not isinstance(terminal.view, Home):
        return set()
    closed = [tile for tile in terminal.view.tiles if tile.elsewhere and tile.elsewhere.text == "现在读不了卡"]
    return {tile.intent.service for tile in closed if isinstance(tile.intent, ChooseService)}


def is_closed_to_cards(terminal: RunningTerminal) -> None:
    """The first screen says that no card is read; whoever wants something with one is told before it goes in."""
    terminal.until(lambda: isinstance(terminal.view, Attract) and "用不了" in terminal.view.line.text, "it is said")
    terminal.asks_for(Service.CARD_QUERY)
    refusal = terminal.sees(Refusal)
    assert (refusal.title.text, refusal.code) == ("这台机器现在读不了卡", "C-01")
    terminal.touch(Intent.DONE)
    leaves(terminal)


def is_open_to_cards(terminal: RunningTerminal) -> None:
    """The first screen says nothing of the slot any more."""
    terminal.until(lambda: isinstance(terminal.view, Attract) and "用不了" not in terminal.view.line.text, "it is back")
    assert terminal.conductor._watch.reads_cards


def on_record(folder: TerminalFolder, count: int) -> list[tuple[str | None, str]]:
    """Outcome and reason of each transaction at the centre."""
    with running(folder.command("uplink")):
        folder.wait_until_stored(count)
    with folder.centre.database.reading() as session:
        rows = session.execute(
            select(TransactionRow.outcome, TransactionRow.reason).order_by(TransactionRow.finished_sequence)
        )
        return [(outcome, reason) for outcome, reason in rows]


def test_no_daemon_at_the_start_and_then_there_is_one(
    folder: TerminalFolder, slot: CardSlot, pcscd: PrivatePcscd
) -> None:
    pcscd.kill()
    with RunningTerminal(folder, slot) as terminal:
        is_closed_to_cards(terminal)
        terminal.asks_for(Service.ASK_HANDBOOK)
        terminal.sees(Choices)
        terminal.touch(Intent.DONE)
        leaves(terminal)
        pcscd.start()
        is_open_to_cards(terminal)
        is_served(terminal)


def test_the_daemon_goes_away_and_comes_back_while_nobody_is_there(
    terminal: RunningTerminal, pcscd: PrivatePcscd
) -> None:
    is_open_to_cards(terminal)
    pcscd.kill()
    is_closed_to_cards(terminal)
    pcscd.start()
    is_open_to_cards(terminal)
    is_served(terminal)


def test_the_daemon_comes_back_while_somebody_looks_at_the_services(
    terminal: RunningTerminal, pcscd: PrivatePcscd
) -> None:
    terminal.sees(Attract)
    pcscd.kill()
    terminal.until(lambda: not terminal.conductor._watch.reads_cards, "the reader is missed")
    terminal.touch(Intent.START)
    terminal.until(lambda: marked(terminal) == {Service.CARD_QUERY, Service.CARD_EXAMINATION, Service.PIN_CHANGE})
    pcscd.start()
    terminal.until(lambda: marked(terminal) == set(), "they are open again")
    terminal.touch(ChooseService(Service.CARD_QUERY))
    terminal.sees(InsertCard)


def test_the_daemon_dies_while_a_pin_is_typed(
    terminal: RunningTerminal, folder: TerminalFolder, pcscd: PrivatePcscd
) -> None:
    terminal.chooses(Service.CARD_QUERY, "zhumadian-normal")
    terminal.sees(PinEntry)
    pcscd.kill()
    terminal.sees(TakeCard)
    terminal.skipped_s += 11
    fault = terminal.sees(Fault)
    assert fault.code == "C-01"
    terminal.slot.pull()
    terminal.touch(Intent.DONE)
    terminal.sees(Home)
    terminal.until(lambda: Service.CARD_QUERY in marked(terminal), "the reader is missed")
    leaves(terminal)
    pcscd.start()
    is_open_to_cards(terminal)
    is_served(terminal)
    assert on_record(folder, 2) == [("failed", "fault_C-01"), ("done", "")]


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("bank-only", "R-02"),
        ("blank", "R-02"),
        ("beijing-normal", "R-03"),
        ("expired", "R-04"),
        ("clone-of-zhumadian-normal", "R-05"),
        ("zhumadian-locked", "R-07"),
    ],
)
def test_a_card_that_can_not_be_served_goes_back_with_the_reason(
    terminal: RunningTerminal, card: str, code: str
) -> None:
    terminal.chooses(Service.CARD_QUERY, card)
    terminal.sees(TakeCard)
    terminal.slot.pull()
    assert terminal.sees(Refusal).code == code
    leaves(terminal)
    is_served(terminal)


COMMANDS = 25
"""A PIN change on the chip, from the first look at the card to the change itself; the last test counts them."""


def change_pin(terminal: RunningTerminal, card: CardApplication) -> None:
    """Type as far as the card lets it come."""
    terminal.chooses(Service.PIN_CHANGE, card)
    for digits in (OLD, NEW, NEW):
        terminal.until(lambda: not isinstance(terminal.view, InsertCard) and _stands(terminal), "a screen to act on")
        if not isinstance(terminal.view, PinEntry):
            return
        terminal.types(digits)
        terminal.until(lambda: not isinstance(terminal.view, PinEntry) or terminal.view.typed == 0, "the next screen")
    terminal.until(lambda: isinstance(terminal.view, Fault | TakeCard | Refusal), "an ending")


def _stands(terminal: RunningTerminal) -> bool:
    return isinstance(terminal.view, PinEntry | Fault | Refusal | TakeCard)


@pytest.mark.parametrize("command", [*range(1, COMMANDS, 4), COMMANDS - 1, COMMANDS])
def test_card_pulled_at_each_command(terminal: RunningTerminal, folder: TerminalFolder, command: int) -> None:
    kept = [card_file("zhumadian-normal")]
    terminal.slot.faults.pull_at(command)
    change_pin(terminal, chip("zhumadian-normal", kept.append))
    ending = terminal.view
    assert isinstance(ending, Fault | Refusal)
    assert ending.code in ("C-05", "R-02")
    leaves(terminal)
    is_served(terminal)
    changed = pin_of(kept[-1]) == NEW
    first = on_record(folder, 1)[0]
    if command < COMMANDS:
        assert not changed
        assert first in [("cancelled", "card_taken"), ("done", "")], "nobody was identified, or it was cancelled"
    else:
        assert first == ("unknown", "card_taken"), "whether the chip had changed it before it left, nobody knows"


def test_those_were_all_commands(terminal: RunningTerminal) -> None:
    kept: list[CardFile] = []
    change_pin(terminal, chip("zhumadian-normal", kept.append))
    terminal.sees(TakeCard)
    assert terminal.slot.commands == COMMANDS
    assert pin_of(kept[-1]) == NEW
    terminal.slot.pull()
    terminal.until(lambda: not isinstance(terminal.view, TakeCard | Fault), "the result")


def pin_of(card: CardFile) -> str:
    assert card.social_security is not None
    assert card.social_security.pin is not None
    return card.social_security.pin.digits


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (PadFault.SILENT, "P-02"),
        (PadFault.GARBAGE, "P-03"),
        (PadFault.HALF_FRAME, "P-03"),
        (PadFault.WRONG_BCC, "P-03"),
        (PadFault.HARDWARE_ERROR, "P-03"),
    ],
)
def test_a_pad_that_answers_wrongly_costs_one_citizen_their_journey(
    terminal: RunningTerminal, folder: TerminalFolder, fault: PadFault, code: str
) -> None:
    terminal.sees(Attract)
    terminal.touch(Intent.START)
    terminal.sees(Home)
    terminal.touch(ChooseService(Service.CARD_QUERY))
    terminal.sees(InsertCard)
    terminal.pad.faults.fail_next(fault, times=20)
    terminal.slot.insert(chip("zhumadian-normal"))
    terminal.sees(TakeCard)
    terminal.slot.pull()
    assert terminal.sees(Fault).code == code
    terminal.pad.faults.clear()
    leaves(terminal)
    terminal.skipped_s += 11
    terminal.until(lambda: terminal.conductor._watch.enters_pins, "it is back")
    is_served(terminal)
    assert on_record(folder, 2) == [("failed", f"fault_{code}"), ("done", "")]


def test_a_pads_cable_is_pulled_while_a_pin_is_typed(terminal: RunningTerminal, folder: TerminalFolder) -> None:
    terminal.chooses(Service.CARD_QUERY, "zhumadian-normal")
    terminal.sees(PinEntry)
    terminal.until(lambda: terminal.pad.wait_until_entering(0), "the pad takes keys")
    terminal.pad.press("24")
    terminal.pad.unplug()
    terminal.sees(TakeCard)
    terminal.slot.pull()
    assert terminal.sees(Fault).code == "P-01"
    terminal.touch(Intent.DONE)
    terminal.sees(Home)
    terminal.touch(ChooseService(Service.CARD_QUERY))
    assert terminal.sees(Refusal).code == "P-01"
    terminal.touch(Intent.DONE)
    terminal.sees(Home)
    terminal.touch(Intent.CANCEL)
    terminal.sees(Attract)
    terminal.pad.replug()
    terminal.skipped_s += 11
    terminal.until(lambda: terminal.conductor._watch.enters_pins, "it is back")
    is_served(terminal)
    assert on_record(folder, 2) == [("failed", "fault_P-01"), ("done", "")]


def test_no_pad_at_the_start_and_then_there_is_one(terminal: RunningTerminal) -> None:
    terminal.pad.unplug()
    terminal.until(lambda: not terminal.conductor._watch.enters_pins, "the pad is missed")
    terminal.asks_for(Service.CARD_QUERY)
    assert terminal.sees(Refusal).code == "P-01"
    leaves(terminal)
    terminal.pad.replug()
    terminal.skipped_s += 11
    terminal.until(lambda: terminal.conductor._watch.enters_pins, "it is back")
    is_served(terminal)
