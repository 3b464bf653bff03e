"""The installed terminal: a bundle on a booted root, set up by ``provision``, with everything running in it."""

import base64
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar, Final

import msgspec
import pyotp

from central.technicians import TechnicianDesk
from kiosk.configuration import Configuration, load_configuration
from kiosk.ledger import LedgerReader
from kiosk.records.technician import Role
from simulators.camera import CameraSimulator
from simulators.capture_unit import CaptureUnitSimulator
from simulators.card.slot import CardSlot
from simulators.card_printer import CardPrinterSimulator
from simulators.id_reader import IdReaderSimulator
from simulators.pcscd import socket_in_network
from simulators.pin_pad import PadSimulator
from simulators.receipt_printer import PrinterSimulator
from simulators.screen import Screen
from simulators.serial_device import SerialDevice
from simulators.stand.cable import NetworkCable
from tests.e2e.installation import provisioned
from tests.e2e.installation.machine import HARNESS, ROOT, Machine
from tests.e2e.technician.booted import STATE, BootedMachine, lay_state_disk
from tests.e2e.technician.ground import CENTRE_NAME, CENTRE_PORT
from tests.e2e.technician.in_its_place import Authority
from tests.e2e.technician.on_screen import Technician
from tests.e2e.technician.site import BLANKS, STOCK, TWO, Place, Port, Site, named_centre

TERMINAL: Final = "card-terminal.service"
UPLINK: Final = "card-terminal-uplink.service"
UNITS: Final = ("card-terminal-check.service", "card-terminal-display.service", TERMINAL, UPLINK)
STAFF: Final = "2046"
"""Who looks after it; made up."""
_PAD: Final = "20460001"
"""Serial number of the PIN pad, as long as either make has it; made up."""
_WELL_S: Final = 180.0
"""A start on a machine with other work, and what the terminal then waits before it asks a silent device again."""
_KEYS: Final = ("terminal.key", "storage.key")
_NOBODY_STARTS_IT: Final = "[Service]\nRestart=no\n"


class Installed(Site):
    """See :class:`Site`. Its technician is at work on its screen, and it has let go of its devices."""

    place: ClassVar[Place] = "installed"
    machine: BootedMachine
    reader = provisioned.READER

    def __init__(self, booted: Machine, directory: Path, say: Callable[[str], None]) -> None:
        """
        :param booted: with a bundle and the virtual devices' packages in ``/root``; switched off.
        :param directory: empty; for the centre and the devices.
        :param say: is told of each step.
        """
        super().__init__()
        self.booted, self.workbench = booted, directory
        self.file = booted.folder / "etc/kiosk/kiosk.toml"
        self.state = booted.folder / STATE.relative_to("/")
        self._seen = directory / "machine"
        with ExitStack() as so_far:
            self.authority = Authority("centre's authority")
            self.centre = so_far.enter_context(named_centre(directory, self.authority))
            say("a bare Debian boots")
            so_far.enter_context(lay_state_disk(self.state))
            booted.switch_on()
            so_far.callback(booted.switch_off)
            say("the bundle is installed")
            self._installs()
            provisioned.give_stand_ins(booted)
            booted.run("systemctl", "daemon-reload")
            booted.run("systemctl", "restart", "pcscd.socket")
            self.machine = so_far.enter_context(BootedMachine(booted, self.state))
            listener = socket_in_network(self.machine.wall)
            listener.bind(self.machine.address)
            self.cable = NetworkCable(self.centre.port, listener)
            so_far.callback(self.cable.close)
            self._make_devices(so_far)
            self._plug_in()
            say("it is provisioned")
            self._is_provisioned()
            say("it is fitted out, and restarts")
            self._is_fitted_out()
            self._restarts()
            self._technician = so_far.enter_context(self._at_the_screen())
            self._ending = so_far.pop_all()

    @property
    def technician(self) -> Technician:
        """See :attr:`Site.technician`; let in by a one-time code, and again whenever the terminal was begun anew."""
        return self._technician

    @property
    def configuration(self) -> Configuration:
        """See :attr:`Site.configuration`."""
        read = load_configuration(self.file)
        here = msgspec.structs.replace(read.terminal, state=self.state, credentials=self.workbench / "keys")
        return msgspec.structs.replace(read, terminal=here)

    def deliver(self) -> None:
        """See :meth:`Site.deliver`."""
        self.booted.run("systemctl", "restart", UPLINK)
        self._until(lambda: self.booted.active(UPLINK), "the uplink is active")
        self._until(lambda: self.booted.show(UPLINK, "StatusText") not in {"", "sending"}, "the uplink has spoken")

    @contextmanager
    def uplink_still(self) -> Iterator[None]:
        """See :meth:`Site.uplink_still`: its process is stopped, and its unit is active all the same."""
        process = self.booted.show(UPLINK, "MainPID")
        self.machine.run("sh", "-c", f"kill -STOP {process}")
        try:
            yield
        finally:
            with suppress(subprocess.CalledProcessError):  # begun anew meanwhile
                self.machine.run("sh", "-c", f"kill -CONT {process}")

    @contextmanager
    def uplink_failed(self) -> Iterator[None]:
        """See :meth:`Site.uplink_failed`."""
        folder = f"/run/systemd/system/{UPLINK}.d"
        self.booted.put(f"{folder}/tour.conf", _NOBODY_STARTS_IT)
        self.machine.run("systemctl", "daemon-reload")
        try:
            self.booted.run("systemctl", "kill", "--signal=KILL", UPLINK)  # complains of a process that died meanwhile
            self._until(lambda: self.booted.show(UPLINK, "ActiveState") == "failed", "the uplink has failed")
            yield
        finally:
            self.machine.run("rm", "-r", folder)
            self.machine.run("systemctl", "daemon-reload")
            self.deliver()

    @contextmanager
    def x_server_beside(self, foreign: str) -> Iterator[None]:
        """See :meth:`Site.x_server_beside`: its own settings lie there."""
        self.booted.put("/etc/X11/xorg.conf", foreign)
        try:
            yield
        finally:
            self.machine.run("rm", "/etc/X11/xorg.conf")

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """See :meth:`Site.hanging`.

        :raises NotImplementedError: always: the watchdog ends such a terminal long before.
        """
        raise NotImplementedError
        yield

    def append(self) -> int:
        """See :meth:`Site.append`: the technician does something that is on record."""
        self.technician.look_again()
        with LedgerReader(self.configuration.ledger_path) as ledger:
            return ledger.head().sequence

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """See :meth:`Site.at_rest`; its keys are opened by the machine that they are bound to."""
        self.machine.run("systemctl", "stop", TERMINAL)
        keys = self.workbench / "keys"
        keys.mkdir(mode=0o700, exist_ok=True)
        for name in _KEYS:
            sealed = f"/etc/credstore.encrypted/card-terminal.{name}"
            told = self.machine.run("systemd-creds", "decrypt", "--transcode=base64", f"--name={name}", sealed, "-")
            (keys / name).write_bytes(base64.b64decode(told))
            (keys / name).chmod(0o600)
        try:
            yield
        finally:
            self.machine.run("chown", "-R", "card-terminal:card-terminal", str(STATE))
            self.machine.run("systemctl", "start", TERMINAL)
            self.waits_for_somebody()

    def stop_card_daemon(self) -> None:
        """See :meth:`Site.stop_card_daemon`."""
        self.machine.run("systemctl", "stop", "pcscd.socket", "pcscd.service")

    def start_card_daemon(self) -> None:
        """See :meth:`Site.start_card_daemon`."""
        self.machine.run("systemctl", "start", "pcscd.socket", "pcscd.service")

    def on_it(self, *words: str) -> list[str]:
        """See :meth:`Site.on_it`."""
        python = ["env", f"PYTHONPATH={HARNESS}/packages", "PYTHONDONTWRITEBYTECODE=1", "/usr/bin/python3"]
        there = [part for word in words for part in (python if word == "python" else [word])]
        return self.booted.command("runuser", "-u", "card-terminal", "--", *there)

    def as_there(self, path: Path) -> str:
        """See :meth:`Site.as_there`."""
        return f"/{path.relative_to(self.booted.folder)}"

    def port(self, name: Port) -> str:
        """See :meth:`Site.port`."""
        return str(provisioned.PORTS / name)

    def own_port(self, name: Port) -> str:
        """See :meth:`Site.own_port`."""
        return str(self.booted.path(str(self._port_here(name).readlink())))

    def waits_for_somebody(self) -> None:
        """Wait until everything is active, and the terminal has met every device and blames none.

        :raises TimeoutError: it does not come to that.
        """
        self._until(lambda: all(self.booted.active(unit) for unit in UNITS), "all units are active")
        self._until(self._devices_are_well, "every device is well")

    # How it comes about.

    def _installs(self) -> None:
        told = self.booted.run("/root/install.sh", "--offline", "/root/bundle.tar")
        if told.returncode != 0:
            raise RuntimeError(told.stdout + told.stderr)

    def _make_devices(self, ending: ExitStack) -> None:
        memory = self.workbench / "pad.json"
        provisioned.pad_memory(memory, _PAD)
        self.slot = CardSlot(None)
        ending.callback(self.slot.close)
        self.pad = ending.enter_context(PadSimulator("sunson", state_file=memory))
        self.id_reader = ending.enter_context(IdReaderSimulator())
        self.receipt_printer = ending.enter_context(PrinterSimulator())
        self.capture_unit = ending.enter_context(CaptureUnitSimulator(self.workbench / "capture-unit"))
        self.camera = ending.enter_context(CameraSimulator())
        self.card_printer = ending.enter_context(CardPrinterSimulator(self.workbench / "card-printer"))
        self.card_printer.change_ribbon()
        self.load_printer(BLANKS)
        self._serial: dict[Port, SerialDevice] = {
            "pin-pad": self.pad,
            "id-reader": self.id_reader,
            "receipt-printer": self.receipt_printer,
            "capture-unit": self.capture_unit,
        }

    def _plug_in(self) -> None:
        """A machine that was switched on anew has other pseudo-terminals."""
        provisioned.open_ports(self.booted)
        self._seen.unlink(missing_ok=True)
        self._seen.symlink_to(self.booted.path("/"))
        for name, device in self._serial.items():
            device.carry_to(self._seen, self._port_here(name))

    def _port_here(self, name: Port) -> Path:
        return self._seen / f"dev/card-terminal/{name}"

    def _is_provisioned(self) -> None:
        url = f"https://{CENTRE_NAME}:{CENTRE_PORT}"
        told = provisioned.provision(self.booted, self.centre, self.id, self.region, url=url, ports=self._serial)
        if told.returncode != 0:
            raise RuntimeError(f"{told.returncode}: {told.stdout}{told.stderr}")
        provisioned.register_pad(self.centre, self.id, _PAD)

    def _is_fitted_out(self) -> None:
        """What no scan finds is written by hand; blanks are handed over, and a technician is entered at the centre."""
        text = self.file.read_text("utf-8")
        for old, new in (
            ("[display]\n", "[display]\nwidth = 1080\nheight = 1920\n"),
            ("[pin_pad]\n", '[pin_pad]\ndialect = "sunson"\n'),
            ("[paths]\n", '[paths]\ncard_faces = "/opt/card-terminal/config/card_faces"\n'),
        ):
            text = text.replace(old, new, 1)
        line = f"127.0.0.1:{self.card_printer.port}"
        text += f'{STOCK}[card_printer]\nline = "{line}"\ncontact_station = "{provisioned.CONTACT_STATION}"\n'
        text += f'[camera]\nsource = "{self.camera.url}"\n'
        self.file.write_text(text, "utf-8")
        two = ["--by", TWO["by"], "--and", TWO["and_by"]]
        self.machine.run("kiosk", "stock", "hand-over", str(BLANKS), *two)
        desk = TechnicianDesk(self.centre.database, self.centre.keys, self.centre.clock)
        ends = datetime.now(tz=UTC) + timedelta(days=300)
        codes = pyotp.parse_uri(desk.add(STAFF, Role.FULL, valid_until=ends).uri)
        assert isinstance(codes, pyotp.TOTP)
        self._codes = codes

    def _restarts(self) -> None:
        for device in self._serial.values():
            device.unplug()
        self.booted.switch_off()
        self.booted.switch_on()
        self.machine.name_centre(known=True)
        self._plug_in()
        self.waits_for_somebody()
        self._until(self._has_roster, "the roster has come")

    def _has_roster(self) -> bool:
        configuration = self.configuration
        return configuration.arrived_roster_path.exists() or configuration.roster_path.exists()

    def _at_the_screen(self) -> Technician:
        """By the display's own key; python-xlib knows no key that fits any host, so it is written anew."""
        told = self.machine.run("xauth", "-f", "/run/card-terminal-display/authority", "nlist")
        authority = self.workbench / "authority"
        authority.write_bytes(b"")
        subprocess.run(["xauth", "-q", "-f", authority, "add", ":0", ".", told.split()[-1]], check=True)
        os.environ["XAUTHORITY"] = str(authority)
        return Technician(Screen(":0", ROOT / "assets" / "fonts"), self.id, STAFF, self._codes)

    def _devices_are_well(self) -> bool:
        try:
            sheet = json.loads((self.state / "health.json").read_bytes())
        except (OSError, ValueError):
            return False
        process = self.booted.show(TERMINAL, "ExecMainStartTimestampMonotonic")
        began_ms = (time.time() - time.clock_gettime(time.CLOCK_MONOTONIC) + int(process) / 1e6) * 1000
        devices = sheet["devices"]
        fresh = sheet["written_at_ms"] >= began_ms
        return fresh and len(devices) == len(self._serial) + 3 and not any(one["code"] for one in devices)

    def _until(self, true: Callable[[], bool], words: str) -> None:
        """:raises TimeoutError: it never was."""
        ends, moment = time.monotonic() + _WELL_S, threading.Event()
        while not true():
            if time.monotonic() > ends:
                raise TimeoutError(f"never: {words}")
            moment.wait(0.25)
