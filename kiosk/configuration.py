"""``kiosk.toml``: what a technician sets for one terminal."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

import msgspec

from kiosk.policy.document import DocumentError, load_document
from kiosk.policy.form import Fault
from kiosk.records.signed_pack import SUFFIX

_LINES: Final = {
    "escape": ("/.+|[^/:]+:[0-9]{1,5}", "a device file that begins with /, or host:port, in quotes"),
    "ipp": ("ipp://[^/]+/.+", "a queue, ipp://host:port/path, in quotes"),
    "evolis": ("[^/:]+", "the printer's name in its maker's library, in quotes"),
}
"""What a card printer's line looks like, by driver, and in words."""
Pixels = Annotated[int, msgspec.Meta(ge=0, le=16_384)]
Cards = Annotated[int, msgspec.Meta(ge=1, le=10_000)]


class ConfigurationError(DocumentError):
    """``kiosk.toml`` is wrong, or what it names. Of the file itself each line of the text names the file, the line, the
    key, what was found and what is allowed.
    """


class TerminalSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who this terminal is and where it keeps its things."""

    id: str
    region: str
    """Name of a pack in ``paths.regions``."""
    state: Path
    """Ledger, receipts, clock offset."""
    place: Annotated[str, msgspec.Meta(max_length=60)] = ""
    """Where it stands, as its technician says it: ``市人社局一楼大厅``; on its report of readiness."""
    credentials: Path
    """``terminal.key`` and ``storage.key``; a service manager that hands them over itself is believed instead."""


class DisplaySection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The window; 0 × 0 is the whole screen."""

    width: Pixels = 0
    height: Pixels = 0
    fullscreen: bool = True
    language: Literal["zh", "en"] = "zh"


class CardReaderSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The PC/SC reader by its name."""

    name: str


class PinPadSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The serial PIN pad."""

    port: Path
    dialect: Literal["auto", "sunson", "szzt"] = "auto"
    """``auto`` asks the pad."""


class IdReaderSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The serial reader of identity cards."""

    port: Path


class ReceiptPrinterSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The serial receipt printer; the whole section is left out where there is none."""

    port: Path
    baud_rate: Literal[38400, 57600, 115200] = 115200


class CaptureUnitSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The motor of the card slot; the whole section is left out where a hand moves the card."""

    port: Path
    retain_after_s: Annotated[int, msgspec.Meta(ge=30, le=600)] = 90
    """A card that nobody takes is called for, urgently after ten seconds, and after so many the motor takes it into its
    bin. No handbook states a time; ours is that of a slow hand and a look for the glasses."""
    gives_back_at: Annotated[str, msgspec.Meta(max_length=20)] = ""
    """Where it is given back, as it stands on screen and slip behind 到: ``大厅服务台``; left out, staff are named."""


class CardPrinterSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The card printer; the whole section is left out where there is none."""

    driver: Literal["escape", "ipp", "evolis"] = "escape"
    """The escape stream, an IPP queue, or the maker's library of an Evolis printer (docs/wire-card-printer.md)."""
    line: str
    """``escape``: a device file such as ``/dev/usb/lp0``, or host and TCP port, ``192.168.7.20:9100``; ``ipp``: the
    queue, ``ipp://localhost:631/printers/cards``; ``evolis``: the printer's name, ``Evolis KC200B``."""
    contact_station: str
    """The PC/SC name of its contact station, with the numbers that pcscd appends; of the encoder beside an ``ipp``."""
    usual_minutes: Annotated[int, msgspec.Meta(ge=1, le=60)] | None = None
    """How long a card usually takes here, as citizens are told; left out, they are told no time."""

    def faults(self) -> Iterator[Fault]:
        """A line that is none for its driver."""
        form, wanted = _LINES[self.driver]
        if re.fullmatch(form, self.line) is None:
            yield Fault(("line",), f'"{self.line}" does not fit; wanted for the driver {self.driver} is {wanted}')


class CameraSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The camera; the whole section is left out where there is none."""

    source: Annotated[
        str,
        msgspec.Meta(
            pattern="^(/|https?://|rtsp://)",
            description="a device file that begins with /, or an address with http, https or rtsp, in quotes",
        ),
    ]
    """A device file, best one that stays with the camera (``/dev/v4l/by-id/…-video-index0``), or an address."""
    width: Annotated[int, msgspec.Meta(ge=640, le=3840)] = 1280
    height: Annotated[int, msgspec.Meta(ge=480, le=2160)] = 720
    plate: Path | None = None
    """Where ``kiosk plate`` keeps the picture of the empty booth; left out, portraits are finished without."""


class ComparisonSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Portraits are compared with the identity card's photo; the whole section is left out where they are not.

    As it ships it is left out everywhere (docs/portrait.md).
    """

    photo_decoder: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_]*$",
            description="module:Class, in quotes",
        ),
    ]
    """``module:Class`` of the licensed codec for the card's photo, a ``PhotoDecoder`` (drivers/ports/id_reader.py)."""


class SoundSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The loudspeaker for signals; the whole section is left out where there is none, or where the terminal is to be
    silent.
    """

    device: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] = "default"
    """As ``aplay -L`` lists it."""
    volume: Annotated[int, msgspec.Meta(ge=0, le=10)] = 7
    """While no technician has set it on the terminal's own page; 0 is silent."""
    keys: bool = True
    """The PIN pad's keys are heard; false where the pad has a tone of its own."""


class StockSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How many blank cards the card printer's hopper and bins take, and at which count somebody should come; the whole
    section is left out where no card is issued.
    """

    hopper: Cards
    hopper_low: Annotated[int, msgspec.Meta(ge=0)]
    reject_bin: Cards
    reject_bin_high: Cards
    retained_bin: Cards
    retained_bin_high: Cards

    def faults(self) -> Iterator[Fault]:
        """A threshold that never tells, or always."""
        if self.hopper_low >= self.hopper:
            yield Fault(("hopper_low",), f"{self.hopper_low} does not fit; wanted is less than hopper, {self.hopper}")
        for name, high, size in (
            ("reject_bin_high", self.reject_bin_high, self.reject_bin),
            ("retained_bin_high", self.retained_bin_high, self.retained_bin),
        ):
            if high > size:
                yield Fault((name,), f"{high} does not fit; wanted is at most the bin's size, {size}")


TimeOfDay = Annotated[
    str,
    msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", description='a time of day such as "03:00", in quotes'),
]


class MaintenanceSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The quiet hours, in which the terminal tests itself and begins anew while nobody is there; the whole section is
    left out where it does neither.
    """

    begins: TimeOfDay
    ends: TimeOfDay
    """An earlier one than ``begins`` is that of the next day."""
    restart: bool = True
    """Left at true, the application ends itself once in these hours, and the service manager starts it anew."""

    def faults(self) -> Iterator[Fault]:
        """Hours that are none."""
        if self.begins == self.ends:
            yield Fault(("ends",), f'"{self.ends}" does not fit; wanted is another time than begins')


class CentreSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The central system."""

    url: str
    ca: Path
    """The one certificate authority that is trusted."""
    keys: Path
    """The centre's public keys, as ``python -m central public`` prints them."""

    def faults(self) -> Iterator[Fault]:
        """An address under which nothing can be reached."""
        if not is_address(self.url):
            wanted = "https:// and a name that can be one, with a port or without, nothing after it, in quotes"
            yield Fault(("url",), f'"{self.url}" does not fit; wanted is {wanted}')


class PathsSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the installed files lie."""

    regions: Path
    handbook: Path
    """The articles, and what their search knows."""
    outlets: Path
    assets: Path
    holidays: Path | None = None
    """Left out, no term in working days is told as a date."""
    card_faces: Path | None = None
    """The layouts of the cards' printed faces; wanted where there is a card printer."""


class Configuration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole file."""

    terminal: TerminalSection
    display: DisplaySection
    card_reader: CardReaderSection
    pin_pad: PinPadSection
    id_reader: IdReaderSection | None = None
    """Left out where there is no reader of identity cards."""
    centre: CentreSection
    paths: PathsSection
    receipt_printer: ReceiptPrinterSection | None = None
    card_printer: CardPrinterSection | None = None
    capture_unit: CaptureUnitSection | None = None
    camera: CameraSection | None = None
    stock: StockSection | None = None
    comparison: ComparisonSection | None = None
    maintenance: MaintenanceSection | None = None
    sound: SoundSection | None = None

    @property
    def ledger_path(self) -> Path:
        """The folder of the ledger."""
        return self.terminal.state / "ledger"

    @property
    def receipts_path(self) -> Path:
        """The uplink's receipts."""
        return self.terminal.state / "receipts.db"

    @property
    def offset_path(self) -> Path:
        """The clock offset that terminal and uplink share."""
        return self.terminal.state / "clock-offset"

    @property
    def health_path(self) -> Path:
        """How the running terminal is, by its own word."""
        return self.terminal.state / "health.json"

    @property
    def self_test_path(self) -> Path:
        """What the terminal last found when it tested itself."""
        return self.terminal.state / "self-test.json"

    @property
    def roster_path(self) -> Path:
        """Who may work at this terminal, under the storage key."""
        return self.terminal.state / "roster"

    @property
    def arrived_roster_path(self) -> Path:
        """The same as the uplink has fetched it."""
        return self.terminal.state / "roster-arrived"

    @property
    def closed_path(self) -> Path:
        """There while a technician has closed the terminal."""
        return self.terminal.state / "closed"

    @property
    def volume_path(self) -> Path:
        """How loud the terminal is, once a technician has set it."""
        return self.terminal.state / "volume"

    @property
    def signed_pack_path(self) -> Path:
        """The region's pack as the centre last handed it out; where there is none, that of ``paths.regions`` holds."""
        return self.terminal.state / "regions" / f"{self.terminal.region}{SUFFIX}"

    @property
    def terminal_key_path(self) -> Path:
        """The terminal's signing key (Ed25519, PEM)."""
        return self.terminal.credentials / "terminal.key"

    @property
    def storage_key_path(self) -> Path:
        """The ledger's storage key (32 bytes)."""
        return self.terminal.credentials / "storage.key"


def is_address(url: str) -> bool:
    """Whether a centre can be reached under it: https, a name or a number, a port or none, and nothing after it."""
    try:
        parts = urlsplit(url)
        (parts.hostname or "").encode("idna")  # as whoever looks the name up will
        is_plain = parts.scheme == "https" and bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        return False
    return is_plain and parts.path in {"", "/"} and url.isprintable() and not set(url) & set(" ?#\\")


def with_credentials_of(environment: Mapping[str, str], configuration: Configuration) -> Configuration:
    """The same, with its keys where a service manager has put them for this process alone (``LoadCredential=``)."""
    handed_over = environment.get("CREDENTIALS_DIRECTORY")
    if handed_over is None:
        return configuration
    terminal = msgspec.structs.replace(configuration.terminal, credentials=Path(handed_over))
    return msgspec.structs.replace(configuration, terminal=terminal)


def load_configuration(path: Path) -> Configuration:
    """Read ``kiosk.toml``; relative paths in it are relative to the file.

    :raises ConfigurationError: see there.
    """
    base = path.resolve().parent

    def decode(kind: type, value: object) -> object:
        if kind is Path and isinstance(value, str):
            return base / value
        raise TypeError("a path in quotes is wanted")

    return load_document(path, Configuration, lambda _: (), ConfigurationError, dec_hook=decode)
