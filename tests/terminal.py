"""A whole terminal for tests: its directory as ``kiosk enrol`` makes it, and the terminal itself in the test's process.

Everything is real (card reader behind pcscd, PIN pad and identity-card reader on pseudo-terminals, ledger, receipts,
signed HTTPS) but the window: what it would show is kept, what it would hear the test says.
"""

import gettext
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from central.tables import Alarm, Entry
from drivers.card_reader import PcscCardReader
from drivers.pin_pad.discovery import open_pin_pad
from drivers.ports.capture_unit import CaptureUnit
from kiosk import bootstrap
from kiosk.central_client import CentralClient, CentreAdapter, ClockOffset, SignedConnection
from kiosk.configuration import Configuration, load_configuration
from kiosk.equipment import devices
from kiosk.journeys.reception import MENUS
from kiosk.journeys.views import (
    AnyIntent,
    Attract,
    ChooseService,
    Home,
    InsertCard,
    Intent,
    OpenMenu,
    PinEntry,
    Scene,
    View,
)
from kiosk.journeys.wording import Say
from kiosk.ledger import LedgerReader
from kiosk.records.transaction import Service
from kiosk.runtime.centre import put_question
from kiosk.runtime.conductor import Conductor
from kiosk.runtime.journal import DurableJournal
from kiosk.runtime.surroundings import Devices, ForgottenCards
from kiosk.ui.language import Language
from kiosk.uplink import ReceiptReader, ReceiptsUnusable, Standing
from simulators.card.slot import CardSlot, Chip
from simulators.id_reader import IdReaderSimulator
from simulators.pcscd import READER_NAME
from simulators.pin_pad import TEST_MASTER_KEY, PadSimulator
from tests.centre import REPOSITORY, EnrolledTerminal, RunningCentre
from tests.stack import chip

DEADLINE_S = 30.0
"""How long a test waits for what must come."""
V = TypeVar("V", bound=View)


@dataclass(frozen=True)
class TerminalFolder:
    """One terminal's directory: ``kiosk.toml``, credentials, state. Everything in it is relative, so a copy works."""

    directory: Path
    id: str
    region: str
    centre: RunningCentre

    @classmethod
    def enrolled(
        cls, directory: Path, centre: RunningCentre, *, terminal: str = "zmd-0001", region: str = "zhumadian",
        url: str | None = None, state: Path | None = None,
    ) -> "TerminalFolder":  # fmt: skip
        """Made by ``kiosk enrol`` and registered at the centre.

        :param url: where the terminal looks for its centre, if not at its own address.
        :param state: another disk for ledger and receipts.
        """
        made = cls(directory, terminal, region, centre)
        directory.mkdir(parents=True, exist_ok=True)
        (state or directory / "state").mkdir(exist_ok=True)
        (directory / "public.json").write_bytes(msgspec.json.encode(centre.public))
        pad_serial = f"PAD{terminal}"
        memory = {"serial": pad_serial, "master": {"0": TEST_MASTER_KEY.hex()}, "working": {}}
        (directory / "pin-pad.json").write_text(json.dumps(memory), encoding="ascii")
        made.configure(url or centre.url, state=state)
        made.register()
        return made

    def register(self) -> None:
        """Have the centre know this terminal, its ledger and its pad. Keys and ledger are made where there are none."""
        request = bootstrap.enrol(self.configuration)
        serial = json.loads((self.directory / "pin-pad.json").read_text("ascii"))["serial"]
        self.centre.register(
            EnrolledTerminal(self.id, self.region, self.key, request.ledger_id, serial, TEST_MASTER_KEY)
        )

    def configure(self, url: str, *, ca: Path | None = None, state: Path | None = None) -> None:
        """Write ``kiosk.toml``."""
        tables: dict[str, dict[str, object]] = {
            "terminal": {
                "id": self.id, "region": self.region, "state": str(state or "state"), "credentials": "credentials",
            },
            "display": {"width": 540, "height": 960, "fullscreen": False},
            "card_reader": {"name": READER_NAME},
            "pin_pad": {"port": "pin-pad"},
            "id_reader": {"port": "id-reader"},
            "centre": {"url": url, "ca": str(ca or self.centre.ca_file), "keys": "public.json"},
            "paths": {
                **{name: str(REPOSITORY / "config" / name) for name in ("regions", "handbook", "outlets")},
                "assets": str(REPOSITORY / "assets"),
                "holidays": str(REPOSITORY / "config" / "holidays" / "china.toml"),
            },
        }  # fmt: skip
        lines = [
            f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
            for name, table in tables.items()
        ]
        (self.directory / "kiosk.toml").write_text("".join(lines), encoding="utf-8")

    @property
    def configuration(self) -> Configuration:
        """As the terminal reads it."""
        return load_configuration(self.directory / "kiosk.toml")

    @property
    def key(self) -> Ed25519PrivateKey:
        """The terminal's."""
        return bootstrap.uplink_settings(self.configuration).key

    def journal(self) -> DurableJournal:
        """The journal that ``kiosk run`` would open."""
        configuration = self.configuration
        settings = bootstrap.uplink_settings(configuration)
        return DurableJournal(
            bootstrap.ledger_opener(configuration), ClockOffset(configuration.offset_path), settings.receipts,
            self.id, settings.centre_keys,
        )  # fmt: skip

    def copy(self, directory: Path) -> "TerminalFolder":
        """The same again, as someone with the disk makes it."""
        shutil.copytree(self.directory, directory, symlinks=True)
        return TerminalFolder(directory, self.id, self.region, self.centre)

    def command(self, *words: str) -> list[str]:
        """A ``kiosk`` command of this terminal's."""
        return [sys.executable, "-m", "kiosk", *words, "--config", str(self.directory / "kiosk.toml")]

    def run(
        self, *words: str, user: int | None = None, environment: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run a ``kiosk`` command that ends by itself.

        :param user: whose number it gets, if not this process's.
        :param environment: what it gets beside this process's.
        """
        return subprocess.run(
            self.command(*words), cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False,
            user=user, group=user, extra_groups=None if user is None else [],
            env={**os.environ, **(environment or {})},
        )  # fmt: skip

    def stored(self) -> list[tuple[int, bytes, str, str]]:
        """What the centre has of this terminal: sequence, hash, verdict, reason."""
        query = select(Entry.sequence, Entry.hash, Entry.verdict, Entry.reason).where(Entry.terminal == self.id)
        with self.centre.database.reading() as session:
            return [(s, h, v, r) for s, h, v, r in session.execute(query.order_by(Entry.sequence))]

    def wait_until_stored(self, count: int) -> None:
        """Wait until the centre has so many of this terminal's entries.

        :raises AssertionError: it never has.
        """
        ends, moment = time.monotonic() + DEADLINE_S, threading.Event()
        while len(self.stored()) < count:
            assert time.monotonic() < ends, f"the centre has {self.stored()}"
            moment.wait(0.05)

    def wait_until_standing(self, line: str, reason: str = "", *, through: int = 0, anew: bool = False) -> None:
        """Wait until the uplink's receipts say how it stands.

        :param through: at least so many delivered.
        :param anew: by a contact from now on; what an earlier run left does not count.
        :raises AssertionError: they never do.
        """
        configuration = self.configuration
        since_ms = time.time() * 1000 - (0 if anew else 1e15)
        ends, moment = time.monotonic() + DEADLINE_S, threading.Event()
        with LedgerReader(configuration.ledger_path) as ledger:
            ledger_id = ledger.ledger_id
        found: Standing | None = None
        while True:
            assert time.monotonic() < ends, f"the uplink stands like this: {found}"
            with suppress(sqlite3.Error, ReceiptsUnusable):  # the uplink has not made the file yet, or anew
                reader = ReceiptReader(configuration.receipts_path, ledger_id, self.id, {})
                found = reader.standing()
                reader.close()
                if (
                    (found.line.value, found.reason) == (line, reason)
                    and found.through >= through
                    and (found.last_contact_ms or 0) >= since_ms
                ):
                    return
            moment.wait(0.05)

    def alarms(self) -> list[str]:
        """What staff are alarmed of."""
        with self.centre.database.reading() as session:
            return list(session.scalars(select(Alarm.kind).where(Alarm.terminal == self.id).order_by(Alarm.raised_at)))


class Process:
    """A ``kiosk`` process whose log is read line by line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.log: list[str] = []
        self._arrived = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def says(self, words: str, within_s: float = DEADLINE_S) -> str:
        """Wait for the next line that holds these words; lines before it are used up.

        :raises AssertionError: it does not come.
        """
        found: list[str] = []

        def there() -> bool:
            while self.log and not found:
                line = self.log.pop(0)
                if words in line:
                    found.append(line)
            return bool(found)

        with self._arrived:
            assert self._arrived.wait_for(there, within_s), f"never said: {words}"
        return found[0]

    def _read(self) -> None:
        stream = self.process.stderr
        assert stream is not None
        for line in _lines(stream):
            with self._arrived:
                self.log.append(line)
                self._arrived.notify_all()


def _lines(stream: IO[str]) -> Iterator[str]:
    try:
        yield from stream
    except ValueError:  # closed at the end of the test
        return


@contextmanager
def running(
    command: list[str], environment: Mapping[str, str] | None = None, *, user: int | None = None
) -> Iterator[Process]:
    """A process for the length of the block; killed at the end if it still runs.

    :param environment: what it gets beside this process's.
    :param user: whose number it gets, if not this process's.
    """
    with subprocess.Popen(
        command,
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    ) as process:
        watched = Process(process)
        try:
            yield watched
        finally:
            process.kill()
            process.wait()
            watched._reader.join(DEADLINE_S)


@dataclass
class KeptScreen:
    """What the window would show."""

    scene: Scene | None = None

    def show(self, scene: Scene) -> None:
        """Keep it."""
        self.scene = scene

    def reset_preferences(self) -> None:
        """There are none."""

    def words(self, sentence: Say) -> str:
        """As a Chinese window has it."""
        return Language("zh", gettext.NullTranslations()).text(sentence)


@dataclass
class TurnableClock:
    """This machine's clock, set wrong by ``error_s``."""

    error_s: float = 0.0

    def __call__(self) -> float:
        """Seconds since 1970 UTC."""
        return time.time() + self.error_s


class RunningTerminal:
    """The terminal of a folder, in this process, with a citizen before it. The test's thread is the window's thread."""

    def __init__(
        self, folder: TerminalFolder, slot: CardSlot, *, journal: DurableJournal | None = None,
        clock: Callable[[], float] | None = None, answer_within_s: float = bootstrap.ANSWER_WITHIN_S,
        adapter: CentreAdapter | None = None, capture_unit: CaptureUnit | None = None,
        forgotten: ForgottenCards | None = None,
    ) -> None:  # fmt: skip
        self.folder, self.slot = folder, slot
        self.skipped_s = 0.0
        """By how much the monotonic clock was moved on."""
        configuration = folder.configuration
        settings = bootstrap.uplink_settings(configuration)
        offset = ClockOffset(configuration.offset_path)
        self._woken = threading.Event()
        self._screen = KeptScreen()
        self.pad = PadSimulator("sunson", link=configuration.pin_pad.port, state_file=folder.directory / "pin-pad.json")
        self.id_reader = IdReaderSimulator(link=folder.directory / "id-reader")
        self.connection = SignedConnection(
            settings.centre, settings.ca, terminal_id=folder.id, key=settings.key, centre_keys=settings.centre_keys,
            clock=clock or time.time, offset=offset, answer_within_s=answer_within_s, adapter=adapter,
        )  # fmt: skip
        client = CentralClient(self.connection)
        self.journal = journal or folder.journal()
        self._reader = PcscCardReader(READER_NAME, answer_limit_s=1.0)
        self._devices = Devices(
            self._reader,
            open_pin_pad(str(configuration.pin_pad.port), "sunson"),
            devices.open_id_reader(configuration),
            capture_unit=capture_unit,
            forgotten=forgotten,
        )
        real = bootstrap.surroundings(self._woken.set, offset, bootstrap.load_country(configuration))
        region = bootstrap.load_region(configuration)
        self.conductor = Conductor(
            region,
            self._devices,
            lambda request: put_question(client, request),
            self.journal,
            self._screen,
            replace(real, monotonic=lambda: time.monotonic() + self.skipped_s),
            bootstrap.load_region_handbook(configuration, region),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.conductor.stop()
        self.journal.close()
        self.connection.close()
        self._devices.pin_pad.close()
        self._reader.close()
        self.pad.close()
        if self._devices.id_reader is not None:
            self._devices.id_reader.close()
        self.id_reader.close()

    @property
    def view(self) -> View:
        """What stands on the screen."""
        assert self._screen.scene is not None
        return self._screen.scene.view

    @property
    def warning(self) -> int | None:
        """Seconds of the question whether anybody is still there."""
        assert self._screen.scene is not None
        return self._screen.scene.still_there.seconds if self._screen.scene.still_there else None

    def until(self, there: Callable[[], bool], what: str = "") -> None:
        """Run until it is so.

        :raises AssertionError: it never is.
        """
        ends = time.monotonic() + DEADLINE_S
        while time.monotonic() < ends:
            self.conductor.tick()
            if there():
                return
            self._woken.wait(0.02)
            self._woken.clear()
        raise AssertionError(f"never: {what}; shown is {self.view}")

    def sees(self, kind: type[V]) -> V:
        """Wait for a screen of this kind."""
        self.until(lambda: isinstance(self.view, kind), kind.__name__)
        assert isinstance(self.view, kind)
        return self.view

    def touch(self, intent: AnyIntent) -> None:
        """The citizen's finger."""
        self.conductor.intent(intent)

    def asks_for(self, service: Service) -> None:
        """From the attract screen to the service's first one."""
        self.sees(Attract)
        self.touch(Intent.START)
        self.sees(Home)
        for menu in (menu for menu, services in MENUS.items() if service in services):
            self.touch(OpenMenu(menu))
        self.touch(ChooseService(service))

    def chooses(self, service: Service, card: str | Chip) -> None:
        """From the attract screen to the card in the slot."""
        self.asks_for(service)
        self.sees(InsertCard)
        self.slot.insert(chip(card) if isinstance(card, str) else card)

    def types(self, digits: str) -> None:
        """A PIN and the green key."""
        self.until(lambda: self._typed() == 0 and self.pad.wait_until_entering(0), "the pad takes keys")
        self.pad.press(digits)
        self.until(lambda: self._typed() == len(digits), "every digit is shown")
        self.pad.press_enter()

    def _typed(self) -> int | None:
        return self.view.typed if isinstance(self.view, PinEntry) else None
