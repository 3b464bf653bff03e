"""The stand: a terminal's folder as ``kiosk enrol`` makes it, on a machine of its own network and mounts."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final

from kiosk import bootstrap
from kiosk.central_client import ClockOffset
from kiosk.configuration import Configuration, load_configuration
from kiosk.runtime.health_keeper import HealthKeeper
from kiosk.technician.waiting import Tried, try_now
from simulators.camera import CameraSimulator
from simulators.capture_unit import CaptureUnitSimulator
from simulators.card.slot import CardSlot
from simulators.card_printer import CardPrinterSimulator
from simulators.id_reader import IdReaderSimulator
from simulators.pcscd import PrivatePcscd, socket_in_network
from simulators.pin_pad import PadSimulator
from simulators.receipt_printer import PrinterSimulator
from simulators.stand.cable import NetworkCable
from tests.centre import REPOSITORY, a_transaction
from tests.e2e.technician.ground import CENTRE_NAME, CENTRE_PORT
from tests.e2e.technician.in_its_place import Authority
from tests.e2e.technician.machine import Machine
from tests.e2e.technician.rosters import DAY_S, lay_roster
from tests.e2e.technician.site import BLANKS, STOCK, TWO, Place, Port, Site, named_centre
from tests.terminal import RunningTerminal, TerminalFolder

_SECTIONS: Final = f"""
[receipt_printer]
port = "receipt-printer"
[capture_unit]
port = "capture-unit"
{STOCK}"""
_X11: Final = "/etc/X11"
_X_SETTINGS: Final = REPOSITORY / "deploy/systemd/xorg.conf.d/10-card-terminal.conf"
_SYSTEMCTL: Final = """#!/bin/sh
# What systemd says of the terminal's units, in the words of its own systemctl.
for word; do unit=$word; done
cat "{states}/$unit" 2>/dev/null || printf 'not-found\\ninactive\\n'
"""


class Stand(Site):
    """See :class:`Site`. No systemd runs here, and no terminal but where a fault needs one."""

    place: ClassVar[Place] = "stand"
    machine: Machine

    def __init__(self, directory: Path, pcscd: PrivatePcscd) -> None:
        """
        :param directory: empty; for all of it.
        :param pcscd: running, and in this process's environment.
        """
        super().__init__()
        self.pcscd, self.reader = pcscd, pcscd.reader_name
        self.workbench = directory / "terminal"
        self.file, self.state = self.workbench / "kiosk.toml", self.workbench / "state"
        with ExitStack() as so_far:
            self.authority = Authority("centre's authority")
            self.centre = so_far.enter_context(named_centre(directory, self.authority))
            (directory / "machine").mkdir()
            self.machine = so_far.enter_context(
                Machine(directory / "machine", pcscd.environment, self.file, self.state)
            )
            listener = socket_in_network(self.machine.wall)
            listener.bind(self.machine.address)
            self.cable = NetworkCable(self.centre.port, listener)
            so_far.callback(self.cable.close)
            url = f"https://{CENTRE_NAME}:{CENTRE_PORT}"
            self.folder = TerminalFolder.enrolled(
                self.workbench, self.centre, terminal=self.id, region=self.region, url=url
            )
            self._plug_in(so_far)
            self._write_configuration()
            self._begin_its_life()
            self._ending = so_far.pop_all()

    @property
    def configuration(self) -> Configuration:
        """See :attr:`Site.configuration`."""
        return load_configuration(self.file)

    def deliver(self) -> None:
        """See :meth:`Site.deliver`; by a way of its own to the centre."""
        self._tried()

    def uplink_still(self) -> AbstractContextManager[None]:
        """See :meth:`Site.uplink_still`: none runs here."""
        return nullcontext()

    @contextmanager
    def uplink_failed(self) -> Iterator[None]:
        """See :meth:`Site.uplink_failed`."""
        with self._systemd({"card-terminal": "active", "card-terminal-uplink": "failed"}):
            yield

    @contextmanager
    def x_server_beside(self, foreign: str) -> Iterator[None]:
        """See :meth:`Site.x_server_beside`."""
        self.machine.run("mount", "-t", "tmpfs", "x11", _X11)
        try:
            self.machine.run("mkdir", f"{_X11}/xorg.conf.d")
            ours = _X_SETTINGS.read_text("utf-8")
            for file, text in ((f"xorg.conf.d/{_X_SETTINGS.name}", ours), ("xorg.conf", foreign)):
                self.machine.run("sh", "-c", 'printf %s "$1" > "$2"', "sh", text, f"{_X11}/{file}")
            yield
        finally:
            self.machine.run("umount", _X11)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """See :meth:`Site.hanging`."""
        self.pad.unplug()
        self.id_reader.unplug()
        configuration = self.configuration
        with bootstrap.reserved_state(configuration), RunningTerminal(self.folder, self.slot) as terminal:
            terminal.until(lambda: len(terminal.conductor.device_health) >= 3, "every device was heard of")
            HealthKeeper(
                configuration.health_path, self.id, terminal.conductor, lambda: int((time.time() - 100) * 1000)
            ).keep()
            yield
        configuration.health_path.unlink()
        self.pad.replug()
        self.id_reader.replug()

    def append(self) -> int:
        """See :meth:`Site.append`."""
        with bootstrap.ledger_opener(self.configuration)() as ledger:
            ledger.append(a_transaction(), offset_ms=0)
            return ledger.head().sequence

    def at_rest(self) -> AbstractContextManager[None]:
        """See :meth:`Site.at_rest`: it never runs here."""
        return nullcontext()

    def stop_card_daemon(self) -> None:
        """See :meth:`Site.stop_card_daemon`."""
        self.pcscd.kill()

    def start_card_daemon(self) -> None:
        """See :meth:`Site.start_card_daemon`."""
        self.pcscd.restart()

    def on_it(self, *words: str) -> list[str]:
        """See :meth:`Site.on_it`."""
        return [sys.executable if word == "python" else word for word in words]

    def as_there(self, path: Path) -> str:
        """See :meth:`Site.as_there`."""
        return str(path)

    def port(self, name: Port) -> str:
        """See :meth:`Site.port`."""
        return str(self.workbench / name)

    def own_port(self, name: Port) -> str:
        """See :meth:`Site.own_port`."""
        return self.port(name)

    def _tried(self) -> Tried:
        settings = bootstrap.uplink_settings(self.configuration)
        return try_now(replace(settings, centre=self.centre.url))

    @contextmanager
    def _systemd(self, states: Mapping[str, str]) -> Iterator[None]:
        """A machine on which systemd runs, as far as anybody can tell who asks it through ``systemctl``."""
        folder = self.machine.folder / "systemd"
        (folder / "states").mkdir(parents=True, exist_ok=True)
        for name, state in states.items():
            (folder / "states" / f"{name}.service").write_text(f"loaded\n{state}\n", encoding="ascii")
        program = folder / "systemctl"
        program.write_text(_SYSTEMCTL.replace("{states}", str(folder / "states")), encoding="ascii")
        program.chmod(0o755)
        at = self.machine.run("sh", "-c", "command -v systemctl").strip()
        with self.machine.disk_over(Path("/run"), 8):
            self.machine.run("mkdir", "-p", "/run/systemd/system")
            self.machine.run("mount", "--bind", str(program), at)
            try:
                yield
            finally:
                self.machine.run("umount", at)

    def _plug_in(self, ending: ExitStack) -> None:
        here = self.workbench
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
        self.append()
        self.append()
        if self._tried() is not Tried.DELIVERED:
            raise RuntimeError("a healthy terminal does not reach its centre")
        lay_roster(self.configuration, self.centre, good_for_s=300 * DAY_S)
