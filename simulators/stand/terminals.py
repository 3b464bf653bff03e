"""The terminals of the demo: one a region, each with its own identity, ledger and state."""

import base64
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from simulators.card_printer.body import BIN_HIGH, BIN_HOLDS, HOPPER_LOW, Tally
from simulators.pin_pad import TEST_MASTER_KEY, PadDialect
from simulators.stand.programs import Program, run_to_end
from simulators.stand.requirements import REPOSITORY

_HOPPER_HOLDS: Final = 100
_SIGNED: Final = ("--by", "示-1017", "--and", "示-1022")


@dataclass(frozen=True, slots=True)
class Wiring:
    """What a terminal is plugged into."""

    regions: Path
    handbook: Path
    outlets: Path
    card_faces: Path
    assets: Path
    holidays: Path
    width: int
    height: int
    reader: str
    contact_station: str
    """The card printer's, by its PC/SC name."""
    id_reader: Path
    """The serial port of the identity-card reader; it stays in its place whichever terminal stands there."""
    camera: str
    """The address of the camera, which stays as well."""
    centre_url: str
    centre_ca: Path
    centre_keys: Path
    environment: Mapping[str, str]
    sound: bool = False
    """It is wired to this machine's loudspeaker."""


@dataclass(frozen=True, slots=True)
class TerminalPlace:
    """One terminal's directory on this machine."""

    id: str
    region: str
    directory: Path

    @property
    def config(self) -> Path:
        """``kiosk.toml``."""
        return self.directory / "kiosk.toml"

    @property
    def state(self) -> Path:
        """Ledger, receipts, status."""
        return self.directory / "state"

    @property
    def enrolment(self) -> Path:
        """The request that the centre gets."""
        return self.directory / "enrolment.json"

    @property
    def pad_link(self) -> Path:
        """The serial port of its PIN pad, under a name that stays."""
        return self.directory / "pin-pad"

    @property
    def pad_memory(self) -> Path:
        """What its PIN pad keeps without power."""
        return self.directory / "pin-pad.json"

    @property
    def printer_link(self) -> Path:
        """The serial port of its receipt printer."""
        return self.directory / "receipt-printer"

    @property
    def card_printer_folder(self) -> Path:
        """What its card printer keeps, whatever becomes of its power."""
        return self.directory / "card-printer"

    def make_pad(self, serial: str) -> None:
        """Put a pad there, fresh from the room where master keys are injected."""
        if not self.pad_memory.exists():
            memory = {"serial": serial, "master": {"0": TEST_MASTER_KEY.hex()}, "working": {}}
            self.pad_memory.write_text(json.dumps(memory), encoding="ascii")

    def furnish(self, wiring: Wiring, card_printer: str, slot_motor: Path | None) -> None:
        """Write its configuration.

        :param card_printer: the line of its card printer, host and port.
        :param slot_motor: the serial port of its card slot's motor; None where a hand moves the card.
        """
        self.state.mkdir(parents=True, exist_ok=True)
        credentials = self.directory / "credentials"
        credentials.mkdir(mode=0o700, exist_ok=True)
        tables: dict[str, dict[str, object]] = {
            "terminal": {
                "id": self.id,
                "region": self.region,
                "state": str(self.state),
                "credentials": str(credentials),
            },
            "display": {"width": wiring.width, "height": wiring.height, "fullscreen": False},
            "card_reader": {"name": wiring.reader},
            "pin_pad": {"port": str(self.pad_link), "dialect": "auto"},
            "id_reader": {"port": str(wiring.id_reader)},
            "camera": {"source": wiring.camera},
            "centre": {"url": wiring.centre_url, "ca": str(wiring.centre_ca), "keys": str(wiring.centre_keys)},
            "receipt_printer": {"port": str(self.printer_link)},
            "card_printer": {"line": card_printer, "contact_station": wiring.contact_station},
            "stock": {
                "hopper": _HOPPER_HOLDS,
                "hopper_low": HOPPER_LOW,
                "reject_bin": BIN_HOLDS,
                "reject_bin_high": BIN_HIGH,
                "retained_bin": BIN_HOLDS,
                "retained_bin_high": BIN_HIGH,
            },
            "paths": {
                "regions": str(wiring.regions),
                "handbook": str(wiring.handbook),
                "outlets": str(wiring.outlets),
                "card_faces": str(wiring.card_faces),
                "assets": str(wiring.assets),
                "holidays": str(wiring.holidays),
            },
        }
        if wiring.sound:
            tables["sound"] = {"device": "default"}
        if slot_motor is not None:
            tables["capture_unit"] = {"port": str(slot_motor)}
        self.config.write_text(
            "\n".join(f"[{name}]\n{_lines(table)}" for name, table in tables.items()), encoding="utf-8"
        )

    def enrol(self, wiring: Wiring, log: Path) -> Path:
        """Let it make its keys and its ledger; its request, with the key of the pad that the operator injected.

        :raises simulators.stand.programs.ProgramDied: it could not.
        """
        run_to_end(
            f"kiosk enrol {self.id}",
            kiosk("enrol", "--config", str(self.config), "--request", str(self.enrolment)),
            log,
            environment=wiring.environment,
        )
        request = json.loads(self.enrolment.read_text(encoding="utf-8"))
        pad = json.loads(self.pad_memory.read_text(encoding="ascii"))
        master_key = base64.b64encode(bytes.fromhex(pad["master"]["0"])).decode("ascii")
        request["pad"] = {"serial": pad["serial"], "master_key": master_key}
        self.enrolment.write_text(json.dumps(request, indent=2), encoding="utf-8")
        return self.enrolment

    def hand_over(self, count: int, wiring: Wiring, log: Path) -> None:
        """Two of the staff, both made up, have put so many blanks into its hopper, and sign for it.

        :raises simulators.stand.programs.ProgramDied: the book did not take it.
        """
        self._stock("hand-over", str(count), *_SIGNED, wiring=wiring, log=log)

    def stock_up(self, count: int, wiring: Wiring, log: Path) -> None:
        """The first blanks that it was delivered with are handed over; a book that has movements stays as it is.

        :raises simulators.stand.programs.ProgramDied: the book can't be read or written.
        """
        if (
            count
            and not json.loads(self._stock("history", "--last", "1", "--json", wiring=wiring, log=log))["movements"]
        ):
            self.hand_over(count, wiring, log)

    def close_out(self, counted: Tally, wiring: Wiring, log: Path) -> None:
        """The two have counted what lies in its card printer, and sign for it, with whatever is not as in the book.

        :raises simulators.stand.programs.ProgramDied: the book did not take it.
        """
        counts = {
            "--hopper": counted.hopper,
            "--printer": counted.inside,
            "--reject-bin": counted.reject_bin,
            "--retained-bin": counted.retained_bin,
        }
        words = [word for option, count in counts.items() for word in (option, str(count))]
        self._stock("close-out", *words, "--explain", "demo stand", *_SIGNED, wiring=wiring, log=log)

    def _stock(self, *words: str, wiring: Wiring, log: Path) -> str:
        command = kiosk("stock", *words, "--config", str(self.config))
        return run_to_end(f"kiosk stock {self.id}", command, log, environment=wiring.environment)

    def programs(
        self, wiring: Wiring, logs: Path, *, on_death: Callable[[Program, int], None] | None = None
    ) -> tuple[Program, Program]:
        """Its application and its uplink, not yet started."""
        environment = {
            **wiring.environment,
            "PYTHONUNBUFFERED": "1",
            "KIVY_HOME": str(self.directory / "kivy"),
        }
        return (
            Program("kiosk run", kiosk("run", "--config", str(self.config)), logs / f"{self.id}-run.log",
                    environment=environment, directory=REPOSITORY, on_death=on_death),
            Program("kiosk uplink", kiosk("uplink", "--config", str(self.config)), logs / f"{self.id}-uplink.log",
                    environment=environment, directory=REPOSITORY, on_death=on_death),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class DemoTerminal:
    """What was delivered to a region."""

    id: str
    pad_serial: str
    pad_dialect: PadDialect
    zh: str
    en: str
    codes: tuple[str, ...]
    """GB/T 2260, first four digits: whose cards are at home there."""


TERMINALS: Final[Mapping[str, DemoTerminal]] = {
    "zhumadian": DemoTerminal("zmd-0001", "00000042", "sunson", "驻马店", "Zhumadian", ("4117",)),
    "beijing": DemoTerminal("bj-0001", "00000043", "sunson", "北京", "Beijing", ("1100",)),
    "guizhou": DemoTerminal("gz-0001", "00000044", "sunson", "贵州", "Guizhou", ("5200",)),
    "qingdao": DemoTerminal("qd-0001", "00000045", "szzt", "青岛", "Qingdao", ("3702",)),
    "jiangxi": DemoTerminal("jx-0001", "00000046", "szzt", "江西", "Jiangxi", ("3601",)),
}
"""By region pack."""


def kiosk(*arguments: str) -> list[str]:
    """The kiosk's command line, run by this very Python."""
    return [sys.executable, "-m", "kiosk", *arguments]


def _lines(table: Mapping[str, object]) -> str:
    # JSON's strings, numbers and booleans are TOML's too.
    return "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in table.items())
