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
from pathlib import Path

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
from kiosk.journeys.views import AnyIntent
from kiosk.ledger.errors import LedgerMissing
from kiosk.ledger.journal import Ledger
from kiosk.ledger.kept import KeptReader
from kiosk.policy.country import Country, PlacesError, load_places
from kiosk.policy.pack import PackError, load_pack
from kiosk.policy.region import Region
from kiosk.records.china_time import CHINA
from kiosk.records.health import Ending
from kiosk.records.transaction import Service
from kiosk.records.working_days import CalendarError, load_calendar
from kiosk.runtime.centre import put_question
from kiosk.runtime.conductor import Conductor
from kiosk.runtime.health_keeper import HealthKeeper
from kiosk.runtime.journal import DurableJournal
from kiosk.runtime.starts import RunBook
from kiosk.runtime.surroundings import Surroundings
from kiosk.runtime.viewfinder import Viewfinder
from kiosk.runtime.vital_signs import VitalSigns
from kiosk.service_manager import ServiceManager
from kiosk.ui.fonts import FontBook, FontsMissing
from kiosk.ui.language import CatalogueMissing, load_languages
from kiosk.uplink.alone import alone
from kiosk.uplink.settings import UplinkSettings

_log = logging.getLogger(__name__)

ANSWER_WITHIN_S = 8.0
"""How long a citizen waits for one answer of the centre before the terminal goes on without it."""
_PR_SET_DUMPABLE = 4  # <linux/prctl.h>


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

    Devices, centre and ledger are left alone: a terminal starts without them and says so on its screen.

    :raises ConfigurationError: the first thing that is missing or wrong.
    """
    region = load_region(configuration)
    load_region_handbook(configuration, region)
    load_country(configuration)
    ledger_opener(configuration)
    offset = ClockOffset(configuration.offset_path)
    connect(configuration, read_centre_keys(configuration), offset).close()
    open_camera(configuration)
    open_studio(configuration, region, Viewfinder())
    check_card_making(configuration, offset)
    try:
        FontBook(configuration.paths.assets / "fonts")
        load_languages(configuration.paths.assets / "translations")
    except (FontsMissing, CatalogueMissing) as error:
        raise ConfigurationError(f"paths.assets: {error}") from error
    _check_state(configuration.terminal.state)


def run_terminal(configuration: Configuration, manager: ServiceManager) -> None:
    """Serve citizens until the window is closed or SIGTERM arrives; then whoever is being served is brought to an end.

    A ledger that can't be opened shows as out of service and is tried again.

    :param manager: told when the first screen stands, and from then on, by the window's own loop, that all goes on.
    :raises ConfigurationError: a key, a region pack, the places or the holidays are missing or wrong.
    """
    # Kivy reads its environment when it is first imported; the window's module sets it, so it comes late.
    from kiosk.ui.settings import DisplaySettings, Preferences  # noqa: PLC0415 - see above
    from kiosk.ui.window import TerminalWindow  # noqa: PLC0415 - see above

    harden_process()
    region = load_region(configuration)
    country = load_country(configuration)
    handbook = load_region_handbook(configuration, region)
    keys = read_centre_keys(configuration)
    open_ledger = ledger_opener(configuration)
    offset = ClockOffset(configuration.offset_path)
    client = CentralClient(connect(configuration, keys, offset))
    viewfinder = Viewfinder()
    conductors: list[Conductor] = []  # made after the window, which it draws on

    def heard(intent: AnyIntent) -> None:
        conductors[0].intent(intent)

    def touched(preferences: Preferences) -> None:
        conductors[0].activity(large=preferences.large)

    window = TerminalWindow(
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
            surroundings(window.wake, offset, country),
            handbook,
            studio=open_studio(configuration, region, viewfinder),
        )
        conductors.append(conductor)

        stopping = threading.Event()
        vital_signs = VitalSigns(conductor, manager)
        runs = RunBook(configuration.terminal.state)
        health = HealthKeeper(
            configuration.health_path,
            configuration.terminal.id,
            conductor,
            lambda: int(time.time() * 1000),
            starts=runs.begin(),
        )

        def tick() -> None:
            if stopping.is_set():
                conductor.close_terminal()
            conductor.tick()
            vital_signs.tell(drawn=window.is_drawn)
            health.frames.took(window.round_s)
            health.keep()
            if stopping.is_set() and conductor.vacant:
                window.stop()

        # A signal may fall into the middle of a journey's step: it only leaves a note for the next tick.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        try:
            window.run(tick)
            runs.end(Ending.CLEAN)
        finally:
            manager.stopping()
            conductor.stop()


def surroundings(wake: Callable[[], None], offset: ClockOffset, country: Country) -> Surroundings:
    """The real clock, mended by what the centre has told of it, and the real dice."""

    def now() -> datetime:
        return datetime.fromtimestamp(time.time() + offset.milliseconds() / 1000, tz=CHINA)

    return Surroundings(time.monotonic, lambda: now().date(), lambda: secrets.token_hex(16), wake, now, country)


def load_region(configuration: Configuration) -> Region:
    """The rules of this terminal's region.

    :raises ConfigurationError: there is no such pack, or it is wrong.
    """
    try:
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
