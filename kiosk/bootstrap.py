"""The one place that names concrete devices, stores and clients, and puts them together."""

import contextlib
import functools
import importlib
import logging
import os
import resource
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from drivers.camera import OpenCvCamera, source_of
from drivers.capture_unit import EscapeCaptureUnit
from drivers.capture_unit.motor import BAUD_RATE
from drivers.card_encoder import PcscCardEncoder
from drivers.card_reader import PcscCardReader
from drivers.id_reader import SerialIdReader
from drivers.pin_pad.discovery import open_pin_pad
from drivers.ports.camera import Camera
from drivers.ports.capture_unit import CaptureUnit
from drivers.ports.card_encoder import CardEncoder
from drivers.ports.card_printer import CardPrinter
from drivers.ports.card_reader import CardReader
from drivers.ports.id_reader import IdReader, PhotoDecoder
from drivers.ports.receipt_printer import ReceiptPrinter
from drivers.transport.byte_line import DeviceFileLine, SerialPortLine, TcpLine
from kiosk.central_client.client import CentralClient
from kiosk.central_client.clock_offset import ClockOffset
from kiosk.central_client.connection import SignedConnection
from kiosk.configuration import Configuration, ConfigurationError
from kiosk.custody.book import StockBook
from kiosk.custody.stock import StorageSizes
from kiosk.handbook.articles import HandbookError
from kiosk.handbook.handbook import NO_HANDBOOK, Handbook, load_handbook
from kiosk.journeys.views import AnyIntent
from kiosk.ledger.errors import LedgerMissing
from kiosk.ledger.journal import Ledger
from kiosk.ledger.kept import KeptReader
from kiosk.ledger.store import STORAGE_KEY_SIZE
from kiosk.policy.country import Country, PlacesError, load_places
from kiosk.policy.pack import PackError, load_pack
from kiosk.policy.region import Region
from kiosk.portrait.regional import norm_of
from kiosk.records.china_time import CHINA
from kiosk.records.transaction import Service
from kiosk.records.working_days import CalendarError, load_calendar
from kiosk.runtime.centre import put_question
from kiosk.runtime.conductor import Conductor
from kiosk.runtime.journal import DurableJournal
from kiosk.runtime.likeness import LikenessCheck
from kiosk.runtime.sitting import Studio
from kiosk.runtime.surroundings import Devices, Surroundings
from kiosk.runtime.viewfinder import Viewfinder
from kiosk.runtime.vital_signs import VitalSigns
from kiosk.service_manager import ServiceManager
from kiosk.ui.fonts import FontBook, FontsMissing
from kiosk.ui.language import CatalogueMissing, load_languages
from kiosk.uplink.alone import alone
from kiosk.uplink.settings import UplinkSettings

if TYPE_CHECKING:
    from kiosk.portrait.comparison import Comparison
    from kiosk.portrait.darkroom import Darkroom

_log = logging.getLogger(__name__)

ANSWER_WITHIN_S = 8.0
"""How long a citizen waits for one answer of the centre before the terminal goes on without it."""


class CentreKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The centre's public keys, as ``python -m central public`` prints them."""

    key_id: str
    signing_key: bytes
    """Ed25519, raw 32 bytes."""
    opening_key: bytes
    """X25519, raw 32 bytes."""

    def signing(self) -> Mapping[str, Ed25519PublicKey]:
        """The keys that answers and receipts are believed by."""
        return {self.key_id: Ed25519PublicKey.from_public_bytes(self.signing_key)}


class EnrolmentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the centre must know of a terminal; holds nothing secret."""

    terminal: str
    region: str
    public_key: bytes
    ledger_id: bytes


def harden_process() -> None:
    """Write no core file; a core would hold a key, or whatever a citizen was doing."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def open_card_reader(name: str | None) -> CardReader:
    """The PC/SC reader of this name; the first one there is when None."""
    return PcscCardReader(name)


def open_id_reader(configuration: Configuration) -> IdReader | None:
    """The reader of identity cards; None where the terminal has none. Nothing is opened or asked yet."""
    return SerialIdReader(str(configuration.id_reader.port)) if configuration.id_reader is not None else None


def open_receipt_printer(configuration: Configuration) -> ReceiptPrinter | None:
    """The printer for slips, with the interface's fonts; None where the terminal has none.

    :raises ConfigurationError: the fonts have not been built.
    """
    section = configuration.receipt_printer
    if section is None:
        return None
    # Its library loads printer profiles and a QR library at import: only where there is a printer.
    from drivers.receipt_printer.serial_printer import SerialReceiptPrinter  # noqa: PLC0415 - see above

    try:
        fonts = FontBook(configuration.paths.assets / "fonts")
    except FontsMissing as error:
        raise ConfigurationError(f"paths.assets: {error}") from error

    def runs(text: str, bold: bool) -> list[tuple[str, str]]:
        return [(fonts.file(font), piece) for font, piece in fonts.runs(text, bold=bold)]

    return SerialReceiptPrinter(str(section.port), runs, baud_rate=section.baud_rate)


def open_capture_unit(configuration: Configuration) -> CaptureUnit | None:
    """The motor of the card slot; None where a hand moves the card. Nothing is opened or asked yet."""
    section = configuration.capture_unit
    if section is None:
        return None
    return EscapeCaptureUnit(SerialPortLine("capture_unit", str(section.port), BAUD_RATE))


def open_card_printer(configuration: Configuration, offset: ClockOffset) -> CardPrinter | None:
    """The printer for cards, which feeds for this terminal by the centre's leave; None where there is none.

    :raises ConfigurationError: the centre's keys are not there, or its line is none.
    """
    section = configuration.card_printer
    if section is None:
        return None
    # numpy comes with it: only where there is such a printer.
    from drivers.card_printer import EscapeCardPrinter  # noqa: PLC0415 - see above

    host, _, port = section.line.rpartition(":")
    device_file = section.line.startswith("/")
    if not device_file and not 0 < int(port) < 65536:
        raise ConfigurationError(f"card_printer.line: there is no port {port}")
    return EscapeCardPrinter(
        DeviceFileLine("card_printer", section.line) if device_file else TcpLine("card_printer", host, int(port)),
        Ed25519PublicKey.from_public_bytes(_centre_keys(configuration).signing_key),
        configuration.terminal.id,
        now_ms=lambda: time.time_ns() // 1_000_000 + offset.milliseconds(),
    )


def open_card_encoder(configuration: Configuration) -> CardEncoder | None:
    """The contact station of the card printer; None where there is none. Nothing is opened or asked yet."""
    section = configuration.card_printer
    return None if section is None else PcscCardEncoder(section.contact_station)


def open_camera(configuration: Configuration) -> Camera | None:
    """The camera; None where the terminal has none. It looks at nobody yet.

    :raises ConfigurationError: its source is no device file and no address.
    """
    section = configuration.camera
    if section is None:
        return None
    try:
        return OpenCvCamera(source_of(section.source), width=section.width, height=section.height)
    except ValueError as error:
        raise ConfigurationError(f"camera.source: {error}") from error


def open_studio(configuration: Configuration, region: Region, viewfinder: Viewfinder) -> Studio | None:
    """What portraits of the region's norm are taken with; None without a camera. No model is loaded yet.

    :raises ConfigurationError: the centre's keys are not there.
    """
    if configuration.camera is None:
        return None
    models, norm = configuration.paths.assets / "models", norm_of(region)
    plate = configuration.camera.plate

    @functools.cache
    def darkroom() -> "Darkroom":
        from kiosk.portrait.darkroom import Darkroom  # noqa: PLC0415 - numpy, OpenCV and the models: at the first sitting

        return Darkroom(models, norm, plate)

    centre = X25519PublicKey.from_public_bytes(_centre_keys(configuration).opening_key)
    return Studio(darkroom, viewfinder, centre, open_likeness_check(configuration))


def open_likeness_check(configuration: Configuration) -> LikenessCheck | None:
    """What compares a portrait with an identity card's photo; None where that is switched off. No model is loaded yet.

    :raises ConfigurationError: there is no such decoder, or no camera or reader of identity cards.
    """
    section = configuration.comparison
    if section is None:
        return None
    if configuration.camera is None or configuration.id_reader is None:
        raise ConfigurationError("comparison: wants [camera] and [id_reader]")
    module, _, name = section.photo_decoder.partition(":")
    try:
        decoder: PhotoDecoder = getattr(importlib.import_module(module), name)()
    except (ImportError, AttributeError, TypeError) as error:
        raise ConfigurationError(f"comparison.photo_decoder = {section.photo_decoder!r}: {error}") from error
    directory = configuration.paths.assets / "models"

    @functools.cache
    def comparison() -> "Comparison":
        from kiosk.portrait.comparison import Comparison  # noqa: PLC0415 - as with the darkroom
        from kiosk.portrait.models import Models  # noqa: PLC0415 - see there

        return Comparison(Models(directory), directory)

    return LikenessCheck(comparison, decoder)


def enrol(configuration: Configuration) -> EnrolmentRequest:
    """Make the terminal's keys and ledger where there are none, and tell what to register. Keys never leave it.

    :raises ConfigurationError: the centre's keys are not there.
    :raises OSError: a folder can't be written.
    """
    folder = configuration.terminal.credentials
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not configuration.terminal_key_path.exists():
        _write_secret(
            configuration.terminal_key_path,
            Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )
    if not configuration.storage_key_path.exists():
        _write_secret(configuration.storage_key_path, os.urandom(32))
    try:
        ledger = ledger_opener(configuration)()
    except LedgerMissing:
        ledger = Ledger.create(
            configuration.ledger_path,
            configuration.terminal.id,
            _storage_key(configuration),
            X25519PublicKey.from_public_bytes(_centre_keys(configuration).opening_key),
        )
    with ledger:
        return EnrolmentRequest(
            terminal=configuration.terminal.id,
            region=configuration.terminal.region,
            public_key=_terminal_key(configuration).public_key().public_bytes_raw(),
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
        key=_terminal_key(configuration),
        centre_keys=_centre_keys(configuration).signing(),
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


def stock_sizes(configuration: Configuration) -> StorageSizes:
    """How many blank cards hopper and bins take.

    :raises ConfigurationError: no card is issued here.
    """
    section = configuration.stock
    if section is None:
        raise ConfigurationError("stock: the section is missing: this terminal issues no cards")
    return StorageSizes(
        hopper=section.hopper,
        hopper_low=section.hopper_low,
        reject_bin=section.reject_bin,
        reject_bin_high=section.reject_bin_high,
        retained_bin=section.retained_bin,
        retained_bin_high=section.retained_bin_high,
    )


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
    return KeptReader(configuration.ledger_path, _storage_key(configuration))


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
    _connection(configuration, _centre_keys(configuration), offset).close()
    open_camera(configuration)
    open_studio(configuration, region, Viewfinder())
    open_card_printer(configuration, offset)
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
    keys = _centre_keys(configuration)
    open_ledger = ledger_opener(configuration)
    offset = ClockOffset(configuration.offset_path)
    client = CentralClient(_connection(configuration, keys, offset))
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
            Devices(
                open_card_reader(configuration.card_reader.name),
                open_pin_pad(str(configuration.pin_pad.port), configuration.pin_pad.dialect),
                open_id_reader(configuration),
                open_receipt_printer(configuration),
                open_camera(configuration),
            ),
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

        def tick() -> None:
            if stopping.is_set():
                conductor.close_terminal()
            conductor.tick()
            vital_signs.tell(drawn=window.is_drawn)
            if stopping.is_set() and conductor.vacant:
                window.stop()

        # A signal may fall into the middle of a journey's step: it only leaves a note for the next tick.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        try:
            window.run(tick)
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
        raise ConfigurationError(f"paths.assets: {error.filename}: {error.strerror}") from error


def ledger_opener(configuration: Configuration) -> Callable[[], Ledger]:
    """What opens this terminal's ledger. The keys are read now, since a missing key is no fault of the disk.

    :raises ConfigurationError: a key is not there, or none.
    """
    storage_key = _storage_key(configuration)
    centre = X25519PublicKey.from_public_bytes(_centre_keys(configuration).opening_key)
    return lambda: Ledger.open(configuration.ledger_path, configuration.terminal.id, storage_key, centre)


def open_connection(configuration: Configuration) -> SignedConnection:
    """A line of this terminal's own to its centre.

    :raises ConfigurationError: a key or the authority's certificate is not there.
    """
    return _connection(configuration, _centre_keys(configuration), ClockOffset(configuration.offset_path))


def _connection(configuration: Configuration, keys: CentreKeys, offset: ClockOffset) -> SignedConnection:
    key = _terminal_key(configuration)
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


def _centre_keys(configuration: Configuration) -> CentreKeys:
    try:
        return msgspec.json.decode(_read(configuration.centre.keys), type=CentreKeys)
    except msgspec.DecodeError as error:
        raise ConfigurationError(f"centre.keys: {configuration.centre.keys}: {error}") from error


def _terminal_key(configuration: Configuration) -> Ed25519PrivateKey:
    wanted = ConfigurationError(f"{configuration.terminal_key_path}: wanted is an Ed25519 key")
    try:
        key = serialization.load_pem_private_key(_read(configuration.terminal_key_path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise wanted from error
    if not isinstance(key, Ed25519PrivateKey):
        raise wanted
    return key


def _storage_key(configuration: Configuration) -> bytes:
    key = _read(configuration.storage_key_path)
    if len(key) != STORAGE_KEY_SIZE:
        raise ConfigurationError(f"{configuration.storage_key_path}: wanted are {STORAGE_KEY_SIZE} bytes")
    return key


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: can't be read: {error.strerror}") from error


def _write_secret(path: Path, secret: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
