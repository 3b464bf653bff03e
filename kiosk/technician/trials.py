"""Each device tried as a technician tries it, passed or not: the doctor's question, or somebody's hand at it."""

import contextlib
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drivers.ports.card_reader import CardKind
from drivers.ports.errors import EntryCancelled, TimedOut
from drivers.ports.pin import Pin
from drivers.ports.pin_pad import PinPad
from drivers.ports.receipt_printer import Code, Heading, Line, Slip
from drivers.ports.receipt_printer import Rule as Stroke
from kiosk.configuration import Configuration
from kiosk.equipment.devices import open_capture_unit, open_card_reader, open_receipt_printer
from kiosk.technician.doctor import examine_one
from kiosk.technician.findings import State

CARD_S: Final = 15.0
"""To take a card out of a purse and put it in."""
KEY_S: Final = 15.0
"""Without any key; a technician has the pad in hand."""
ALL_DIGITS: Final = "1234567890"
_NO_CHIP: Final = frozenset({CardKind.DEAD, CardKind.SILENT})


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it."""

    passed: bool
    told: str
    """What was seen, in technician's English; nothing of what stands on a card."""


def try_card_reader(configuration: Configuration, wait_s: float = CARD_S) -> Trial:
    """Any card with a chip is put in, answers, and where a motor holds it is brought out again.

    :raises DeviceError: the reader does not.
    """
    with contextlib.closing(open_card_reader(configuration.card_reader.name)) as reader:
        try:
            kind = reader.wait_for_card(wait_s)
        except TimedOut:
            return Trial(False, f"no card came within {wait_s:.0f} s")
        reader.release()
    motor = open_capture_unit(configuration)
    if motor is not None:
        with contextlib.closing(motor):
            motor.eject()
    return Trial(kind not in _NO_CHIP, f"a card: {kind.value}")


def try_receipt_printer(configuration: Configuration) -> Trial:
    """A slip with Chinese, digits and a code on it, printed and cut.

    :raises DeviceError: it was not.
    """
    printer = open_receipt_printer(configuration)
    if printer is None:
        raise LookupError
    with contextlib.closing(printer):
        printer.print_slip(
            Slip(
                (
                    Heading("打印测试"),
                    Line(f"终端 {configuration.terminal.id}"),
                    Line("0123456789 龘靐齉", strong=True),
                    Stroke(),
                    Code(f"test {configuration.terminal.id}"),
                )
            )
        )
    return Trial(True, "a slip was printed and cut: look at it")


def try_by_question(word: str, file: Path, environment: Mapping[str, str]) -> Trial:
    """What the doctor asks it, where nobody else holds it."""
    found = examine_one(word, file, environment, in_hand=True)
    return Trial(found.state in {State.WELL, State.WARNING}, found.found)


def try_digits(pad: PinPad, heard: Callable[[int], None] = lambda _: None) -> Trial:
    """All ten digits in order, then the enter key. Nobody sees a digit: the pad's handle tells whether they were these.

    :param heard: told after each key how many digits stand, as in the two trials below.
    :raises DeviceError: the pad does not answer, or no key came.
    """
    try:
        entered: Pin = pad.enter_pin(len(ALL_DIGITS), KEY_S, heard)
    except EntryCancelled:
        return Trial(False, "the cancel key came first")
    with entered:
        well = entered.equals_digits(ALL_DIGITS)
    return Trial(well, "all ten digits and enter" if well else "ten digits, and not these: a key is wrong or sticks")


def try_clear(pad: PinPad, heard: Callable[[int], None] = lambda _: None) -> Trial:
    """Some digit and then the clear key, which takes it back.

    :raises DeviceError: the pad does not answer, or no key came.
    """
    counts: list[int] = []

    def counted(count: int) -> None:
        heard(count)
        if counts and counts[-1] > count:
            pad.cancel()  # it has done its part
        counts.append(count)

    try:
        with pad.enter_pin(len(ALL_DIGITS), KEY_S, counted):
            return Trial(False, "the enter key came first")
    except EntryCancelled:
        cleared = any(after < before for before, after in itertools.pairwise(counts))
        return Trial(cleared, "the clear key clears" if cleared else "the cancel key came first")


def try_cancel(pad: PinPad, heard: Callable[[int], None] = lambda _: None) -> Trial:
    """The cancel key, which ends an entry.

    :raises DeviceError: the pad does not answer, or no key came.
    """
    try:
        with pad.enter_pin(len(ALL_DIGITS), KEY_S, heard):
            return Trial(False, "the enter key came first")
    except EntryCancelled:
        return Trial(True, "the cancel key ends the entry")
