"""A slot whose motor draws the card in: it is given back whatever happens, and without the motor none is taken."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from drivers.capture_unit import EscapeCaptureUnit
from drivers.capture_unit.motor import BAUD_RATE
from drivers.transport.byte_line import SerialPortLine
from kiosk.journeys.views import Attract, Choices, Explain, Home, Intent, OutOfService, PinEntry, Refusal, TakeCard
from kiosk.records.transaction import Service
from kiosk.runtime.surroundings import ForgottenCards
from simulators.capture_unit import CaptureFault, CaptureUnitSimulator
from simulators.card.card_file import save_card_file
from simulators.card.slot import CardSlot
from simulators.pcscd import PrivatePcscd
from tests.centre import RunningCentre
from tests.stack import card_file
from tests.terminal import RunningTerminal, TerminalFolder

pytestmark = pytest.mark.stack

CALL, LAST_CALL = "卡还在机器里，别忘了拿走。", "再不取走，机器就把卡收起来保管。"


@dataclass
class Booth:
    """A terminal with such a slot, and a card beside it."""

    folder: TerminalFolder
    contacts: CardSlot
    unit: CaptureUnitSimulator
    motor: EscapeCaptureUnit
    card: Path

    def starts(self, forgotten: ForgottenCards | None = None) -> RunningTerminal:
        return RunningTerminal(self.folder, self.contacts, capture_unit=self.motor, forgotten=forgotten)


@pytest.fixture
def booth(tmp_path: Path, centre: RunningCentre, slot: CardSlot) -> Iterator[Booth]:
    folder = TerminalFolder.enrolled(tmp_path / "terminal", centre)
    card = tmp_path / "card.json"
    save_card_file(card, card_file("zhumadian-normal"))
    motor = EscapeCaptureUnit(SerialPortLine("capture_unit", str(tmp_path / "motor"), BAUD_RATE))
    with CaptureUnitSimulator(tmp_path / "slot", slot, link=tmp_path / "motor") as unit:
        yield Booth(folder, slot, unit, motor, card)
        motor.close()


def asks(booth: Booth, terminal: RunningTerminal) -> None:
    terminal.asks_for(Service.CARD_QUERY)
    booth.unit.insert(booth.card)
    terminal.sees(PinEntry)


def test_the_card_is_held_while_it_is_needed_and_given_back(booth: Booth) -> None:
    with booth.starts() as terminal:
        asks(booth, terminal)
        assert booth.unit.state.where == "contacts"
        terminal.types("246810")
        terminal.sees(TakeCard)
        terminal.until(lambda: booth.unit.state.where == "mouth", "the card comes out")
        booth.unit.take()
        terminal.sees(Choices)


def test_a_card_that_a_power_cut_has_left_inside_is_brought_out(booth: Booth) -> None:
    with booth.starts() as terminal:
        asks(booth, terminal)
    assert booth.unit.state.where == "contacts"
    with booth.starts() as terminal:
        terminal.sees(Home)  # it may be somebody who has just come
        terminal.skipped_s += 200
        terminal.until(lambda: booth.unit.state.where == "mouth", "the card comes out")
        terminal.sees(TakeCard)
        booth.unit.take()
        terminal.sees(Attract)


def test_whoever_takes_their_time_finds_the_card_at_the_mouth(booth: Booth) -> None:
    with booth.starts() as terminal:
        asks(booth, terminal)
        terminal.types("246810")
        terminal.until(lambda: booth.unit.state.where == "mouth", "the card comes out")
        terminal.skipped_s += 30
        terminal.until(lambda: isinstance(terminal.view, TakeCard) and terminal.view.urgent, "it is called for")
        assert booth.unit.state.where == "mouth"
        booth.unit.take()
        terminal.sees(Choices)


def forgets(booth: Booth, terminal: RunningTerminal) -> None:
    asks(booth, terminal)
    terminal.types("246810")
    terminal.until(lambda: booth.unit.state.where == "mouth", "the card comes out")


def calls(terminal: RunningTerminal, line: str) -> None:
    terminal.until(lambda: isinstance(terminal.view, TakeCard) and terminal.view.line.text == line, line)


def test_a_card_that_nobody_takes_is_kept_after_its_time_and_not_before(booth: Booth) -> None:
    with booth.starts(ForgottenCards(retain_after_s=90, gives_back_at="大厅服务台")) as terminal:
        forgets(booth, terminal)
        terminal.skipped_s += 15
        calls(terminal, CALL)
        terminal.skipped_s += 60
        calls(terminal, LAST_CALL)
        assert booth.unit.state.where == "mouth"
        terminal.skipped_s += 20
        assert terminal.sees(Explain).title.text == "您的卡由机器保管"
        assert booth.unit.state.retained == [str(booth.card)]
        terminal.skipped_s += 200
        terminal.sees(Attract)


def test_a_full_bin_leaves_the_card_at_the_mouth(booth: Booth) -> None:
    for _ in range(20):
        booth.unit.insert(booth.card)
        booth.motor.retain()
    with booth.starts(ForgottenCards(retain_after_s=90)) as terminal:
        terminal.until(lambda: terminal.conductor._watch.slot_is_full, "the bin is seen to be full")
        forgets(booth, terminal)
        for _ in range(2):
            terminal.skipped_s += 300
            calls(terminal, CALL)
            assert booth.unit.state.where == "mouth"
        booth.unit.take()
        terminal.sees(Choices)


def test_a_silent_motor_closes_what_needs_a_card_and_a_stuck_card_closes_everything(booth: Booth) -> None:
    booth.unit.unplug()
    with booth.starts() as terminal:
        terminal.until(lambda: isinstance(terminal.view, Attract) and "用不了" in terminal.view.line.text, "it is said")
        terminal.asks_for(Service.CARD_EXAMINATION)
        assert terminal.sees(Refusal).code == "C-01"
        terminal.touch(Intent.DONE)
        terminal.sees(Home)
        terminal.touch(Intent.CANCEL)
        booth.unit.replug()
        terminal.until(lambda: terminal.conductor._watch.reads_cards, "the motor is back")
        asks(booth, terminal)
        booth.unit.faults.fail_next(CaptureFault.JAM, command="Ser")
        terminal.types("246810")
        terminal.sees(TakeCard)
        terminal.until(lambda: booth.unit.state.jammed, "it is stuck")
        terminal.skipped_s += 15
        terminal.until(lambda: not isinstance(terminal.view, TakeCard), "it is given up")
        terminal.skipped_s += 200
        assert terminal.sees(OutOfService).code == "C-09"
        booth.unit.clear()
        terminal.sees(Attract)


def test_a_card_that_lies_behind_a_silent_motor_is_not_forgotten(booth: Booth) -> None:
    with booth.starts() as terminal:
        asks(booth, terminal)
        booth.unit.unplug()
        terminal.touch(Intent.CANCEL)
        terminal.sees(TakeCard)
        terminal.skipped_s += 15
        terminal.sees(Explain)
        terminal.skipped_s += 200
        assert terminal.sees(OutOfService).code == "C-01"
        booth.unit.replug()
        terminal.until(lambda: booth.unit.state.where == "mouth", "the card comes out")
        terminal.until(lambda: isinstance(terminal.view, TakeCard) and terminal.view.urgent, "it is called for")
        booth.unit.take()
        terminal.sees(Attract)


def test_a_card_behind_a_dead_reader_is_brought_out_by_the_motor(booth: Booth, pcscd: PrivatePcscd) -> None:
    with booth.starts() as terminal:
        asks(booth, terminal)
    assert booth.unit.state.where == "contacts"
    pcscd.kill()
    with booth.starts() as terminal:
        terminal.until(lambda: booth.unit.state.where == "mouth", "the card comes out")
        terminal.until(lambda: isinstance(terminal.view, TakeCard) and terminal.view.urgent, "it is called for")
        booth.unit.take()
        terminal.until(lambda: isinstance(terminal.view, Attract) and "用不了" in terminal.view.line.text, "it is open")
        pcscd.start()
        terminal.until(lambda: terminal.conductor._watch.reads_cards, "the reader is back")
