"""A terminal with every device simulated on its wire, and a technician's desk before it."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiosk import bootstrap
from kiosk.journeys.technician_views import Page
from kiosk.records.technician import Role
from kiosk.technician.desk import Desk, Visit
from kiosk.technician.programs import Ran
from simulators.camera.simulator import CameraSimulator
from simulators.capture_unit import CaptureUnitSimulator
from simulators.card_printer import CardPrinterSimulator
from simulators.id_reader import IdReaderSimulator
from simulators.pin_pad import PadSimulator
from simulators.receipt_printer import PrinterSimulator
from tests.blanks import blank
from tests.centre import RunningCentre
from tests.terminal import TerminalFolder

STAFF = "1017"
_SECTIONS = """
[receipt_printer]
port = "printer"
[card_printer]
line = "127.0.0.1:{port}"
contact_station = "station"
[capture_unit]
port = "motor"
[stock]
hopper = 20
hopper_low = 2
reject_bin = 3
reject_bin_high = 2
retained_bin = 3
retained_bin_high = 2
"""


@dataclass
class Stand:
    """The terminal, its devices, and what the desk's acts have told."""

    folder: TerminalFolder
    pad: PadSimulator
    id_reader: IdReaderSimulator
    printer: PrinterSimulator
    card_printer: CardPrinterSimulator
    motor: CaptureUnitSimulator
    camera: CameraSimulator
    log: Path
    stick: Path
    told: list[tuple[str, str, str]] = field(default_factory=list)
    ran: list[list[str]] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return self.folder.directory / "kiosk.toml"

    @contextmanager
    def with_camera(self) -> Iterator[None]:
        """Its section in kiosk.toml for as long as the block runs: a doctor who looks through it takes his time."""
        before = self.file.read_text("utf-8")
        self.file.write_text(f'{before}[camera]\nsource = "{self.camera.url}"\n', encoding="utf-8")
        try:
            yield
        finally:
            self.file.write_text(before, encoding="utf-8")

    def run(self, arguments: Sequence[str]) -> Ran:
        """systemctl and journalctl of a machine that has neither."""
        self.ran.append(list(arguments))
        return Ran(127, f"no {arguments[0]} here")

    def visit(self, role: Role = Role.FULL, **other: Any) -> Visit:
        return Visit(
            file=self.file,
            staff=STAFF,
            role=role,
            record=lambda page, act, outcome: self.told.append((page, act, outcome.value)),
            environment=dict(os.environ),
            run=self.run,
            sticks=(self.stick,),
            logs=(self.log,),
            **other,
        )

    def desk(self, role: Role = Role.FULL, **other: Any) -> Desk:
        return Desk(self.visit(role, **other))


@contextmanager
def a_stand(folder: Path, centre: RunningCentre) -> Iterator[Stand]:
    """A terminal of this centre's with every device that there is."""
    made = TerminalFolder.enrolled(folder / "terminal", centre)
    with ExitStack() as devices:
        enter = devices.enter_context
        place = made.directory
        card_printer = enter(CardPrinterSimulator(folder / "card-printer"))
        card_printer.load_blanks([blank(0x3100 + number) for number in range(10)])
        card_printer.change_ribbon()
        camera = enter(CameraSimulator())
        stand = Stand(
            made,
            enter(PadSimulator("sunson", link=place / "pin-pad", state_file=place / "pin-pad.json")),
            enter(IdReaderSimulator(link=place / "id-reader")),
            enter(PrinterSimulator(link=place / "printer")),
            card_printer,
            enter(CaptureUnitSimulator(folder / "slot", None, link=place / "motor")),
            camera,
            folder / "other.log",
            folder / "stick",
        )
        sections = _SECTIONS.format(port=card_printer.port)
        plain = stand.file.read_text("utf-8").replace('port = "pin-pad"', 'port = "pin-pad"\ndialect = "sunson"')
        stand.file.write_text(plain + sections, encoding="utf-8")
        stand.log.write_text("2026-11-30 12:00:00 INFO kiosk: began\n", encoding="utf-8")
        stand.stick.mkdir()
        with bootstrap.open_stock(made.configuration) as book:
            book.hand_over(10, by="1", and_by="2")
        yield stand


def values(page: Page) -> dict[str, str]:
    """The rows by their English labels."""
    return {row.label.en: row.value for row in page.rows}


def whole(page: Page) -> str:
    """All that stands on a page."""
    return repr(page)


def milliseconds() -> int:
    return int(time.time() * 1000)
