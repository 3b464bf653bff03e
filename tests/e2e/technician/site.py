"""One terminal with every device there is, provisioned, known to its centre, and well: what faults are planted in."""

import itertools
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from kiosk import bootstrap
from kiosk.central_client import ClockOffset
from kiosk.configuration import Configuration, load_configuration
from kiosk.technician.waiting import Tried, try_now
from kiosk.uplink.settings import UplinkSettings
from simulators.camera import CameraSimulator
from simulators.capture_unit import CaptureUnitSimulator
from simulators.card.slot import CardSlot
from simulators.card_printer import CardPrinterSimulator
from simulators.card_printer.blanks import BlankMaker
from simulators.id_reader import IdReaderSimulator
from simulators.pcscd import PrivatePcscd, socket_in_network
from simulators.pin_pad import PadSimulator
from simulators.receipt_printer import PrinterSimulator
from simulators.stand.cable import NetworkCable
from tests.centre import REPOSITORY, RunningCentre, a_transaction
from tests.e2e.technician.in_its_place import Authority
from tests.e2e.technician.machine import CENTRE_NAME, CENTRE_PORT, Examination, Machine
from tests.e2e.technician.rosters import DAY_S, lay_roster
from tests.terminal import TerminalFolder

BLANKS: Final = 20
"""In the hopper and in the book, while all is well."""
TWO: Final[Mapping[str, str]] = {"by": "1017", "and_by": "1023"}
"""Who signs for blanks; both made up."""
_SECTIONS: Final = """
[receipt_printer]
port = "receipt-printer"
[capture_unit]
port = "capture-unit"
[stock]
hopper = 60
hopper_low = 5
reject_bin = 5
reject_bin_high = 4
retained_bin = 5
retained_bin_high = 4
"""


class Site:
    """The terminal as a technician finds it. Whatever a fault changes of it, its end puts back."""

    def __init__(self, directory: Path, pcscd: PrivatePcscd) -> None:
        """
        :param directory: empty; for all of it.
        :param pcscd: running, and in this process's environment.
        """
        self.pcscd = pcscd
        self._kept = itertools.count(1)
        self._ending = ExitStack()
        with ExitStack() as so_far:
            self.authority = Authority("centre's authority")
            self.centre = so_far.enter_context(self._centre(directory))
            (directory / "machine").mkdir()
            self.machine = so_far.enter_context(Machine(directory / "machine", pcscd.environment))
            listener = socket_in_network(self.machine.wall)
            listener.bind(self.machine.address)
            self.cable = NetworkCable(self.centre.port, listener)
            so_far.callback(self.cable.close)
            url = f"https://{CENTRE_NAME}:{CENTRE_PORT}"
            self.folder = TerminalFolder.enrolled(directory / "terminal", self.centre, url=url)
            self._plug_in(so_far)
            self._write_configuration()
            self._begin_its_life()
            self._ending = so_far.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.close()

    @property
    def file(self) -> Path:
        """``kiosk.toml``."""
        return self.folder.directory / "kiosk.toml"

    @property
    def state(self) -> Path:
        """Where ledger and receipts are."""
        return self.folder.directory / "state"

    @property
    def configuration(self) -> Configuration:
        """As the terminal reads it."""
        return load_configuration(self.file)

    @property
    def uplink(self) -> UplinkSettings:
        """The uplink's, by a way of its own to the centre."""
        return replace(bootstrap.uplink_settings(self.configuration), centre=self.centre.url)

    def examined(self, *, anew: bool = False) -> Examination:
        """What the doctor says."""
        return self.machine.doctor(self.file, anew=anew)

    @contextmanager
    def edited(self, old: str, new: str) -> Iterator[None]:
        """``kiosk.toml`` with other words in one place.

        :raises LookupError: it has no such place.
        """
        text = self.file.read_text(encoding="utf-8")
        if old not in text:
            raise LookupError(f"kiosk.toml has no {old}")
        with self.kept(self.file):
            self.file.write_text(text.replace(old, new, 1), encoding="utf-8")
            yield

    @contextmanager
    def kept(self, *paths: Path) -> Iterator[None]:
        """Files and folders that are put back as they were, whatever becomes of them."""
        with ExitStack() as back:
            for path in paths:
                aside = path.with_name(f"{path.name}.kept-{next(self._kept)}")
                (shutil.copytree if path.is_dir() else shutil.copy2)(path, aside)
                back.callback(_put_back, aside, path)
            yield

    @contextmanager
    def looked_at_by_camera(self, *, wanted: bool) -> Iterator[None]:
        """A terminal with its camera, or one that has none: a look through it takes two seconds."""
        if wanted:
            yield
        else:
            with self.edited("[camera]\nsource", "# no [camera]: source"):
                yield

    def deliver(self) -> Tried:
        """Let the uplink bring the centre what waits."""
        return try_now(self.uplink)

    def load_printer(self, count: int) -> None:
        """Put so many blanks that were never here into the card printer's hopper."""
        maker = BlankMaker(self.folder.directory / "card-printer", "4117", "3.00", None, "示例银行")
        self.card_printer.load_blanks(maker.make(count))

    @contextmanager
    def _centre(self, directory: Path) -> Iterator[RunningCentre]:
        """A centre that has the name by which the terminal knows it."""
        centre = RunningCentre(directory)
        self.authority.write_own(centre.settings.ca_certificate)
        self.authority.write(centre.settings.tls_certificate, centre.settings.tls_key)
        with centre:
            yield centre

    def _plug_in(self, ending: ExitStack) -> None:
        here = self.folder.directory
        self.slot = CardSlot.of(self.pcscd)
        ending.callback(self.slot.close)
        self.pad = ending.enter_context(PadSimulator("sunson", link=here / "pin-pad"))
        self.id_reader = ending.enter_context(IdReaderSimulator(link=here / "id-reader"))
        self.receipt_printer = ending.enter_context(PrinterSimulator(link=here / "receipt-printer"))
        self.capture_unit = ending.enter_context(
            CaptureUnitSimulator(here / "capture-unit.things", link=here / "capture-unit")
        )
        with self.machine.inside():  # what is on the network is on the terminal's own
            self.camera = ending.enter_context(CameraSimulator())
            self.card_printer = ending.enter_context(CardPrinterSimulator(here / "card-printer"))
        self.card_printer.change_ribbon()
        self.load_printer(BLANKS)

    def _write_configuration(self) -> None:
        text = self.file.read_text(encoding="utf-8")
        text = text.replace('port = "pin-pad"', 'port = "pin-pad"\ndialect = "sunson"')
        text = text.replace("[paths]", f'[paths]\ncard_faces = "{REPOSITORY}/config/card_faces"')
        text += _SECTIONS
        line = f"127.0.0.1:{self.card_printer.port}"
        text += f'[card_printer]\nline = "{line}"\ncontact_station = "{self.pcscd.contact_station_name}"\n'
        text += f'[camera]\nsource = "{self.camera.url}"\n'
        self.file.write_text(text, encoding="utf-8")

    def _begin_its_life(self) -> None:
        """Two citizens were served, blanks were handed over, and the centre has all of it, and has told its time."""
        ClockOffset(self.configuration.offset_path).learn(3.0, 0.0)
        with bootstrap.open_stock(self.configuration) as book:
            book.hand_over(BLANKS, **TWO)
        with bootstrap.ledger_opener(self.configuration)() as ledger:
            ledger.append(a_transaction(), offset_ms=0)
            ledger.append(a_transaction(), offset_ms=0)
        if self.deliver() is not Tried.DELIVERED:
            raise RuntimeError("a healthy terminal does not reach its centre")
        lay_roster(self.configuration, self.centre, good_for_s=300 * DAY_S)


def _put_back(aside: Path, path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    aside.replace(path)
