"""The one place that names concrete stores and clients, and puts them together with the devices."""

import contextlib
import ctypes
import logging
import os
import resource
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from datetime import time as clock_time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from kiosk.central_client.client import CentralClient
from kiosk.central_client.clock_offset import ClockOffset
from kiosk.central_client.connection import SignedConnection
from kiosk.configuration import Configuration, ConfigurationError
from kiosk.credentials import CentreKeys, make_keys, read_centre_keys, read_storage_key, read_terminal_key
from kiosk.custody.book import StockBook
from kiosk.equipment.card_making import check_card_making, stock_sizes
from kiosk.equipment.devices import open_camera
from kiosk.equipment.studio import open_studio
from kiosk.equipment.terminal import open_devices
from kiosk.handbook.articles import HandbookError
from kiosk.handbook.handbook import NO_HANDBOOK, Handbook, load_handbook
from kiosk.journeys.technician_views import TechnicianDesk
from kiosk.journeys.views import Posted
from kiosk.ledger.errors import LedgerMissing
from kiosk.ledger.journal import Ledger
from kiosk.ledger.kept import KeptReader
from kiosk.policy.country import Country, PlacesError, load_places
from kiosk.policy.pack import PackError, load_pack
from kiosk.policy.region import Region
from kiosk.policy.signed_pack import load_signed_pack
from kiosk.power_switch import PowerSwitch
from kiosk.records.china_time import CHINA
from kiosk.records.transaction import Service
from kiosk.records.working_days import CalendarError, load_calendar
from kiosk.runtime.assistant import Assistant
from kiosk.runtime.centre import put_question
from kiosk.runtime.closed_note import ClosedNote
from kiosk.runtime.conductor import Conductor
from kiosk.runtime.health_keeper import HealthKeeper
from kiosk.runtime.journal import DurableJournal
from kiosk.runtime.live_note import LiveNote
from kiosk.runtime.maintenance import Checked, Maintenance, QuietHours
from kiosk.runtime.starts import RunBook
from kiosk.runtime.surroundings import Surroundings
from kiosk.runtime.technician_mode import TechnicianMeans
from kiosk.runtime.upkeep import Upkeep
from kiosk.runtime.viewfinder import Viewfinder
from kiosk.runtime.vital_signs import VitalSigns
from kiosk.service_manager import ServiceManager
from kiosk.ui.fonts import FontBook, FontsMissing
from kiosk.ui.language import CatalogueMissing, load_languages
from kiosk.uplink.alone import alone
from kiosk.uplink.settings import UplinkSettings, nothing_to_wait_for

if TYPE_CHECKING:  # the window prepares what Kivy reads when it is imported
    from kiosk.ui.settings import Preferences
    from kiosk.ui.window import TerminalWindow

_log = logging.getLogger(__name__)

ANSWER_WITHIN_S = 8.0
"""How long a citizen waits for one answer of the centre before the terminal goes on without it."""
_PR_SET_DUMPABLE = 4  # <linux/prctl.h>


class DeskMaker(Protocol):
    """Makes a technician's desk, anew for whoever comes in. It runs in the desk's own lane."""

    def __call__(self, *, journal: DurableJournal, viewfinder: Viewfinder, note: LiveNote) -> TechnicianDesk:
        """
        :param journal: the running terminal's; no second one may write its ledger.
        :param viewfinder: what is put there stands in the window's live picture.
        :param note: what is told there stands on the page while the desk is at something.
        """


class EnrolmentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the centre must know of a terminal; holds nothing secret."""

    terminal: str
    region: str
    public_key: bytes
    ledger_id: bytes


def harden_process() -> None:
    """Leave no core and let no other process look in: there would be a key, or whatever a citizen was doing.

    Who has CAP_SYS_PTRACE may still look. A limit of 0 alone keeps no core from a program that the kernel pipes cores
    to (core(5)), and alone hinders no process of the same user (prctl(2), PR_SET_DUMPABLE).

    :raises OSError: the kernel refused.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the kernel lets others look into this process")


def enrol(configuration: Configuration) -> EnrolmentRequest:
    """Make the terminal's keys and ledger where there are none, and tell what to register. Keys never leave it.

    :raises ConfigurationError: the centre's keys are not there.
    :raises OSError: a folder can't be written.
    """
    make_keys(configuration)
    try:
        ledger = ledger_opener(configuration)()
    except LedgerMissing:
        ledger = Ledger.create(
            configuration.ledger_path,
            configuration.terminal.id,
            read_storage_key(configuration),
            X25519PublicKey.from_public_bytes(read_centre_keys(configuration).opening_key),
        )
    with ledger:
        return EnrolmentRequest(
            terminal=configuration.terminal.id,
            region=configuration.terminal.region,
            public_key=read_terminal_key(configuration).public_key().public_bytes_raw(),
            ledger_id=ledger.ledger_id,
        )


def uplink_settings(configuration: Configuration) -> UplinkSettings:
    """Where this terminal's uplink finds its things.

    :raises ConfigurationError: a key is not there.
    """
    return UplinkSettings(
        ledger=configuration.ledger_path,
        receipts=configuration.receipts_path,
        clock_offset=configuration.offset_path,
        centre=configuration.centre.url,
        ca=configuration.centre.ca,
        terminal=configuration.terminal.id,
        key=read_terminal_key(configuration),
        centre_keys=read_centre_keys(configuration).signing(),
        health=configuration.health_path,
        arrived_roster=configuration.arrived_roster_path,
    )


@contextlib.contextmanager
def reserved_state(configuration: Configuration) -> Iterator[None]:
    """Keep a second terminal off this one's state for as long as the block runs.

    :raises AlreadyRunning: a terminal runs on it.
    :raises ConfigurationError: it is not there, or not this user's. A disk that is full or read-only is no mistake of
        the configuration: the terminal says so on its screen.
    """
    state = configuration.terminal.state
    _check_state(state)
    try:
        held = contextlib.ExitStack()
        held.enter_context(alone(state, "terminal"))
    except OSError as error:
        raise ConfigurationError(f"terminal.state: {state}: {error.strerror}") from error
    with held:
        yield


@contextlib.contextmanager
def open_stock(configuration: Configuration) -> Iterator[StockBook]:
    """The book of this terminal's blank cards, to be written while the terminal does not run.

    :raises AlreadyRunning: it runs.
    :raises ConfigurationError: a key or a section is not there.
    :raises LedgerError: the ledger can't be opened.
    """
    sizes = stock_sizes(configuration)
    offset = ClockOffset(configuration.offset_path)
    with reserved_state(configuration), ledger_opener(configuration)() as ledger:
        yield StockBook(
            ledger, configuration.terminal.region, sizes, clock=time.time, offset_ms=offset.milliseconds
        )  # fmt: skip


def open_kept(configuration: Configuration) -> KeptReader:
    """What this terminal's ledger keeps, to be read at any time.

    :raises ConfigurationError: the storage key is not there.
    :raises LedgerError: the ledger can't be read.
    """
    return KeptReader(configuration.ledger_path, read_storage_key(configuration))


def _check_state(state: Path) -> None:
    try:
        read_only = bool(os.statvfs(state).f_flag & os.ST_RDONLY)
    except OSError as error:
        raise ConfigurationError(f"terminal.state: {state}: {error.strerror}") from error
    if not read_only and not os.access(state, os.R_OK | os.W_OK | os.X_OK):
        raise ConfigurationError(f"terminal.state: {state} is not this user's to read and write")


def check_start(configuration: Configuration) -> None:
    """Try all that a start needs before its window and its devices. Nothing is changed; the terminal may run beside it.

    Devices, centre and ledger are left alone: a terminal starts without them and says so on its screen. One that is new
    needs its window and its state alone, for the pages of its first run.

    :raises ConfigurationError: the first thing that is missing or wrong.
    """
    if is_new(configuration):
        _check_window(configuration)
        return
    region = load_region(configuration)
    load_region_handbook(configuration, region)
    load_country(configuration)
    ledger_opener(configuration)
    offset = ClockOffset(configuration.offset_path)
    connect(configuration, read_centre_keys(configuration), offset).close()
    open_camera(configuration)
    open_studio(configuration, region, Viewfinder())
    check_card_making(configuration, offset)
    _check_window(configuration)


def _check_window(configuration: Configuration) -> None:
    try:
        FontBook(configuration.paths.assets / "fonts")
        load_languages(configuration.paths.assets / "translations")
    except (FontsMissing, CatalogueMissing) as error:
        raise ConfigurationError(f"paths.assets: {error}") from error
    _check_state(configuration.terminal.state)


def is_new(configuration: Configuration) -> bool:
    """Whether this terminal was never enrolled: it has neither keys nor ledger. One that lost some is damaged."""
    made = configuration.terminal_key_path, configuration.storage_key_path, configuration.ledger_path
    return not any(path.exists() for path in made)


def refuse_lost_keys(configuration: Configuration) -> None:
    """Whoever is set up may have come to any point; a ledger whose keys are gone is no beginning.

    :raises ConfigurationError: there is a ledger, and a key is missing.
    """
    for key in (configuration.terminal_key_path, configuration.storage_key_path):
        if configuration.ledger_path.exists() and not key.exists():
            raise ConfigurationError(f"{configuration.ledger_path} is there, and its keys are not: {key.name} was lost")


def run_terminal(
    configuration: Configuration,
    manager: ServiceManager,
    *,
    desk: DeskMaker | None = None,
    self_test: Callable[[], Checked] | None = None,
) -> None:
    """Serve citizens until the window is closed, SIGTERM arrives or a technician wants a new start; then whoever is
    being served is brought to an end.

    A ledger that can't be opened shows as out of service and is tried again.

    :param manager: told when the first screen stands, and from then on, by the window's own loop, that all goes on.
    :param desk: without it nobody looks after the terminal on its screen.
    :param self_test: looks, in the quiet hours, at what is no device.
    :raises ConfigurationError: a key, a region pack, the places or the holidays are missing or wrong.
    """
    harden_process()
    region = load_region(configuration)
    country = load_country(configuration)
    handbook = load_region_handbook(configuration, region)
    keys = read_centre_keys(configuration)
    open_ledger = ledger_opener(configuration)
    offset = ClockOffset(configuration.offset_path)
    client = CentralClient(connect(configuration, keys, offset))
    viewfinder, note = Viewfinder(), LiveNote()
    conductors: list[Conductor] = []  # made after the window, which it draws on

    def heard(intent: Posted) -> None:
        conductors[0].intent(intent)

    def touched(preferences: "Preferences") -> None:
        conductors[0].activity(large=preferences.large)

    window = _open_window(configuration, heard, touched, viewfinder)
    closed = ClosedNote(configuration.closed_path)
    here = surroundings(window.wake, offset, country)
    uplink = uplink_settings(configuration)
    switch = PowerSwitch.of(os.environ, lambda: nothing_to_wait_for(uplink))
    with DurableJournal(
        open_ledger,
        offset,
        configuration.receipts_path,
        configuration.terminal.id,
        keys.signing(),
    ) as journal:
        conductor = Conductor(
            region,
            open_devices(configuration, journal, offset),
            lambda request: put_question(client, request),
            journal,
            window,
            here,
            handbook,
            studio=open_studio(configuration, region, viewfinder),
            terminal=configuration.terminal.id,
            technician=None
            if desk is None
            else TechnicianMeans(
                lambda: desk(journal=journal, viewfinder=viewfinder, note=note), closed, switch.throw, note
            ),
        )
        conductors.append(conductor)
        if closed.is_there:
            conductor.close_terminal()

        stopping = _stop_signals()
        upkeep = upkeep_of(configuration, conductor, manager, here.now, self_test)

        def tick() -> None:
            if stopping.is_set():
                conductor.close_terminal()
            conductor.tick()
            if upkeep.round(drawn=window.is_drawn, round_s=window.round_s):
                stopping.set()
            if conductor.restarts or (stopping.is_set() and conductor.vacant):
                window.stop()

        try:
            window.run(tick)
            upkeep.ended()
        finally:
            manager.stopping()
            upkeep.close()
            conductor.stop()


def run_assistant(
    configuration: Configuration, manager: ServiceManager, desk: Callable[[Viewfinder], TechnicianDesk]
) -> None:
    """Show the first run's pages in the terminal's window until their desk has done, or SIGTERM arrives. What comes
    next is a new start of the same command.

    :param manager: told as by :func:`run_terminal`.
    :param desk: makes it, of what the window shows of the camera.
    """
    harden_process()
    viewfinder = Viewfinder()
    assistants: list[Assistant] = []  # made after the window, which it draws on

    def heard(intent: Posted) -> None:
        assistants[0].intent(intent)

    window = _open_window(configuration, heard, lambda _: assistants[0].touched(), viewfinder)
    switch = PowerSwitch.of(os.environ, lambda: True)  # a new terminal has nothing to bring to anybody
    assistant = Assistant(
        window, time.monotonic, window.wake, lambda: desk(viewfinder), switch.throw, configuration.terminal.id
    )
    assistants.append(assistant)
    stopping, vital_signs = _stop_signals(), VitalSigns(assistant, manager)
    _log.info("this terminal is new: the pages of its first run are shown")

    def tick() -> None:
        if stopping.is_set():
            assistant.end()
        assistant.tick()
        vital_signs.tell(drawn=window.is_drawn)
        if assistant.ended:
            window.stop()

    try:
        window.run(tick)
    finally:
        manager.stopping()
        assistant.close()


def _open_window(
    configuration: Configuration,
    heard: Callable[[Posted], None],
    touched: "Callable[[Preferences], None]",
    viewfinder: Viewfinder,
) -> "TerminalWindow":
    # Kivy reads its environment when it is first imported; the window's module sets it, so it comes late.
    from kiosk.ui.settings import DisplaySettings  # noqa: PLC0415 - see above
    from kiosk.ui.window import TerminalWindow  # noqa: PLC0415 - see above

    return TerminalWindow(
        DisplaySettings(
            width=configuration.display.width,
            height=configuration.display.height,
            fullscreen=configuration.display.fullscreen,
            language=configuration.display.language,
            assets=configuration.paths.assets,
            fonts=configuration.paths.assets / "fonts",
            kivy_home=configuration.terminal.state / "kivy",
        ),
        on_intent=heard,
        on_activity=touched,
        look_through=viewfinder.take,
    )


def _stop_signals() -> threading.Event:
    """Set once somebody wants the process to end."""
    stopping = threading.Event()
    # A signal may fall into the middle of a journey's step: it only leaves a note for the next tick.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


def upkeep_of(
    configuration: Configuration,
    conductor: Conductor,
    manager: ServiceManager,
    now: Callable[[], datetime],
    check: Callable[[], Checked] | None,
) -> Upkeep:
    """What keeps this run: signs of life, the health sheet, the quiet hours.

    :param now: the time by which the quiet hours are told.
    """
    section = configuration.maintenance
    hours = None
    if section is not None:
        hours = QuietHours(clock_time.fromisoformat(section.begins), clock_time.fromisoformat(section.ends))
    maintenance = Maintenance(
        hours,
        configuration.self_test_path,
        conductor,
        now,
        restart=section is not None and section.restart,
        check=check,
    )
    runs = RunBook(configuration.terminal.state)
    health = HealthKeeper(
        configuration.health_path,
        configuration.terminal.id,
        conductor,
        lambda: int(time.time() * 1000),
        starts=runs.begin(),
    )
    return Upkeep(VitalSigns(conductor, manager), health, maintenance, runs)


def surroundings(wake: Callable[[], None], offset: ClockOffset, country: Country) -> Surroundings:
    """The real clock, mended by what the centre has told of it, and the real dice."""

    def now() -> datetime:
        return datetime.fromtimestamp(time.time() + offset.milliseconds() / 1000, tz=CHINA)

    return Surroundings(time.monotonic, lambda: now().date(), lambda: secrets.token_hex(16), wake, now, country)


def load_region(configuration: Configuration) -> Region:
    """The rules of this terminal's region: as the centre last handed them out, else as they were installed.

    :raises ConfigurationError: there is no such pack, or it is wrong, or lacks the centre's signature.
    """
    signed = configuration.signed_pack_path
    try:
        if signed.exists():
            region = configuration.terminal.region
            return Region(load_signed_pack(signed, region, read_centre_keys(configuration).signing())[1])
        return Region(load_pack(configuration.paths.regions / f"{configuration.terminal.region}.toml"))
    except PackError as error:
        raise ConfigurationError(f"terminal.region = {configuration.terminal.region!r}: {error}") from error


def load_country(configuration: Configuration) -> Country:
    """The country's working days and places.

    :raises ConfigurationError: a file is not there, or wrong.
    """
    try:
        return Country(
            load_calendar(configuration.paths.holidays), load_places(configuration.paths.assets / "places.toml")
        )
    except CalendarError as error:
        raise ConfigurationError(f"paths.holidays: {error}") from error
    except PlacesError as error:
        raise ConfigurationError(f"paths.assets: {error}") from error


def load_region_handbook(configuration: Configuration, region: Region) -> Handbook:
    """The handbook of this terminal's region; none where the region does not open it.

    :raises ConfigurationError: it is missing, or wrong.
    """
    if not region.offers(Service.ASK_HANDBOOK):
        return NO_HANDBOOK
    paths = configuration.paths
    try:
        return load_handbook(region.pack, paths.handbook, paths.outlets, paths.assets / "input" / "pinyin.txt")
    except HandbookError as error:
        raise ConfigurationError(f"services.ask_handbook: {error}") from error
    except OSError as error:
        raise ConfigurationError(f"paths.assets: {error.filename}: can't be read: {error.strerror}") from error


def ledger_opener(configuration: Configuration) -> Callable[[], Ledger]:
    """What opens this terminal's ledger. The keys are read now, since a missing key is no fault of the disk.

    :raises ConfigurationError: a key is not there, or none.
    """
    storage_key = read_storage_key(configuration)
    centre = X25519PublicKey.from_public_bytes(read_centre_keys(configuration).opening_key)
    return lambda: Ledger.open(configuration.ledger_path, configuration.terminal.id, storage_key, centre)


def connect(configuration: Configuration, keys: CentreKeys, offset: ClockOffset) -> SignedConnection:
    """The signed line to the centre; nothing is asked yet.

    :raises ConfigurationError: a key, the certificate or the address is missing or wrong.
    """
    key = read_terminal_key(configuration)
    try:
        return SignedConnection(
            configuration.centre.url,
            configuration.centre.ca,
            terminal_id=configuration.terminal.id,
            key=key,
            centre_keys=keys.signing(),
            clock=time.time,
            offset=offset,
            answer_within_s=ANSWER_WITHIN_S,
        )
    except (ValueError, OSError) as error:  # ssl.SSLError is an OSError: the file holds no certificate
        raise ConfigurationError(f"centre: {configuration.centre.url}, {configuration.centre.ca}: {error}") from error
