"""A terminal with every device there is, known to its centre, and well: what faults are planted in.

Two fulfil it: the stand (:mod:`tests.e2e.technician.stand`), a folder on this machine in which nothing runs but the
doctor, and the installed terminal (:mod:`tests.e2e.technician.installed`), a booted root in which everything does.
"""

import itertools
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Final, Literal, Self

from kiosk.configuration import Configuration
from simulators.camera import CameraSimulator
from simulators.capture_unit import CaptureUnitSimulator
from simulators.card.slot import CardSlot
from simulators.card_printer import CardPrinterSimulator
from simulators.card_printer.blanks import BlankMaker
from simulators.id_reader import IdReaderSimulator
from simulators.pin_pad import PadSimulator
from simulators.receipt_printer import PrinterSimulator
from simulators.stand.cable import NetworkCable
from tests.centre import RunningCentre
from tests.e2e.technician.ground import Examination, Ground
from tests.e2e.technician.in_its_place import Authority
from tests.e2e.technician.on_screen import Technician

BLANKS: Final = 20
"""In the hopper and in the book, while all is well."""
TWO: Final[Mapping[str, str]] = {"by": "1017", "and_by": "1023"}
"""Who signs for blanks; both made up."""
STOCK: Final = """
[stock]
hopper = 60
hopper_low = 5
reject_bin = 5
reject_bin_high = 4
retained_bin = 5
retained_bin_high = 4
"""
Place = Literal["stand", "installed"]
Port = Literal["pin-pad", "id-reader", "receipt-printer", "capture-unit"]


class Site(ABC):
    """The terminal as a technician finds it. Whatever a fault changes of it, its end puts back."""

    place: ClassVar[Place]
    id: Final = "zmd-0001"
    region: Final = "zhumadian"
    machine: Ground
    authority: Authority
    centre: RunningCentre
    cable: NetworkCable
    slot: CardSlot
    pad: PadSimulator
    id_reader: IdReaderSimulator
    receipt_printer: PrinterSimulator
    capture_unit: CaptureUnitSimulator
    camera: CameraSimulator
    card_printer: CardPrinterSimulator
    workbench: Path
    """For what a fault needs beside the terminal."""
    file: Path
    """``kiosk.toml``, as this process sees it."""
    state: Path
    """Where ledger and receipts are, as this process sees it."""
    reader: str
    """The card slot, as PC/SC names it."""

    def __init__(self) -> None:
        self._kept = itertools.count(1)
        self._ending = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.close()

    @property
    def technician(self) -> Technician | None:
        """Whoever is at work before its screen, where it has one."""
        return None

    # What runs on it.

    @property
    @abstractmethod
    def configuration(self) -> Configuration:
        """As the terminal reads it; state and keys as this process sees them."""

    @abstractmethod
    def deliver(self) -> None:
        """Let the uplink, begun anew, tell the centre what waits."""

    @abstractmethod
    def uplink_still(self) -> AbstractContextManager[None]:
        """Nothing is brought to the centre meanwhile."""

    @abstractmethod
    def uplink_failed(self) -> AbstractContextManager[None]:
        """The uplink has ended with an error, and nobody starts it."""

    @abstractmethod
    def x_server_beside(self, foreign: str) -> AbstractContextManager[None]:
        """The terminal's X server is set up, and beside its settings lie another program's.

        :param foreign: what stands in ``/etc/X11/xorg.conf``.
        """

    @abstractmethod
    def hanging(self) -> AbstractContextManager[None]:
        """The terminal runs, and its window's loop has written nothing for a hundred seconds."""

    @abstractmethod
    def append(self) -> int:
        """Have one more entry in the ledger, which the centre has not got while nobody brings it; its number."""

    @abstractmethod
    def at_rest(self) -> AbstractContextManager[None]:
        """The terminal does not run meanwhile, and its book may be written."""

    @abstractmethod
    def stop_card_daemon(self) -> None:
        """End pcscd."""

    @abstractmethod
    def start_card_daemon(self) -> None:
        """Begin it again."""

    @abstractmethod
    def on_it(self, *words: str) -> list[str]:
        """A command for this process that runs a program on the machine, as the terminal's user.

        ``python`` is an interpreter that has the terminal's packages.
        """

    @abstractmethod
    def as_there(self, path: Path) -> str:
        """A path of this process's as the machine has it."""

    @abstractmethod
    def port(self, name: Port) -> str:
        """A serial port, as the terminal names it."""

    @abstractmethod
    def own_port(self, name: Port) -> str:
        """The same for this process to open."""

    # What is done to it.

    def examined(self, *, anew: bool = False) -> Examination:
        """What the doctor says; see :meth:`Ground.doctor`."""
        return self.machine.doctor(anew=anew)

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
                (shutil.copytree if path.is_dir() else _copy)(path, aside)
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

    def load_printer(self, count: int) -> None:
        """Put so many blanks that were never here into the card printer's hopper."""
        maker = BlankMaker(self.workbench / "card-printer", "4117", "3.00", None, "示例银行")
        self.card_printer.load_blanks(maker.make(count))


@contextmanager
def named_centre(directory: Path, authority: Authority) -> Iterator[RunningCentre]:
    """A centre that has the name by which the terminal knows it."""
    centre = RunningCentre(directory)
    authority.write_own(centre.settings.ca_certificate)
    authority.write(centre.settings.tls_certificate, centre.settings.tls_key)
    with centre:
        yield centre


def _copy(path: Path, aside: Path) -> None:
    """Whoever it belongs to: what is put back must be as readable as it was."""
    shutil.copy2(path, aside)
    shutil.chown(aside, path.stat().st_uid, path.stat().st_gid)


def _put_back(aside: Path, path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    aside.replace(path)
