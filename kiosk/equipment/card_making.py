"""What cards are made with: printer, contact station, the slot's motor, the stock's book and the painter of faces."""

import time
from typing import TYPE_CHECKING, assert_never

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from drivers.card_encoder import PcscCardEncoder
from drivers.card_reader import PcscCardReader
from drivers.ports.capture_unit import CaptureUnit
from drivers.ports.card_encoder import CardEncoder
from drivers.ports.card_printer import SELF_SERVICE, CardPrinter
from drivers.transport.byte_line import ByteLine, DeviceFileLine, TcpLine
from kiosk.card_face.layout import LayoutError, layout_for
from kiosk.central_client.clock_offset import ClockOffset
from kiosk.configuration import Configuration, ConfigurationError
from kiosk.credentials import read_centre_keys
from kiosk.custody.book import StockBook, StockLedger
from kiosk.custody.stock import StorageSizes
from kiosk.runtime.card_making import CardMaker
from kiosk.ui.fonts import FontBook, FontsMissing

if TYPE_CHECKING:
    from kiosk.card_face.painter import FacePainter


def open_card_maker(
    configuration: Configuration, ledger: StockLedger, offset: ClockOffset, slot: CaptureUnit | None = None
) -> CardMaker | None:
    """What this terminal makes cards with; None where there is no card printer. A printer that is not there closes
    nothing: it is looked after while the terminal runs.

    :param ledger: where the stock's book is kept.
    :param slot: the motor of the citizen's slot; None where a hand moves the card.
    :raises ConfigurationError: a section, a key, a layout or the fonts are missing or wrong.
    """
    section = configuration.card_printer
    printer, encoder = open_card_printer(configuration, offset), open_card_encoder(configuration)
    if section is None or printer is None or encoder is None:
        return None
    _require_self_service(printer)
    region = configuration.terminal.region
    book = StockBook(ledger, region, stock_sizes(configuration), clock=time.time, offset_ms=offset.milliseconds)
    return CardMaker(
        printer,
        encoder,
        PcscCardReader(section.contact_station),
        book,
        open_face_painter(configuration),
        slot,
        section.usual_minutes,
    )


def check_card_making(configuration: Configuration, offset: ClockOffset) -> None:
    """Try all that making cards needs before its devices. Harmless where none are made.

    :raises ConfigurationError: a section, a key, a layout or the fonts are missing or wrong.
    """
    printer = open_card_printer(configuration, offset)
    if printer is not None:
        _require_self_service(printer)
        stock_sizes(configuration)
        open_face_painter(configuration)


def open_card_printer(configuration: Configuration, offset: ClockOffset) -> CardPrinter | None:
    """The printer for cards, which feeds for this terminal by the centre's leave; None where there is none.

    :raises ConfigurationError: the centre's keys are not there, its line is none, or its driver's library is missing.
    """
    section = configuration.card_printer
    if section is None:
        return None
    centre = Ed25519PublicKey.from_public_bytes(read_centre_keys(configuration).signing_key)
    terminal = configuration.terminal.id

    def now_ms() -> int:
        return time.time_ns() // 1_000_000 + offset.milliseconds()

    # numpy comes with each of them, and more: only the one that there is.
    match section.driver:
        case "escape":
            from drivers.card_printer import EscapeCardPrinter  # noqa: PLC0415 - see above

            return EscapeCardPrinter(_byte_line(section.line), centre, terminal, now_ms=now_ms)
        case "ipp":
            from drivers.card_printer.ipp import IppCardPrinter  # noqa: PLC0415 - see above
            from drivers.card_printer.ipp_queue import IppQueue  # noqa: PLC0415 - see above

            try:
                queue = IppQueue(section.line)
            except ValueError as error:
                raise ConfigurationError(f"card_printer.line: {error}") from error
            return IppCardPrinter(queue, centre, terminal, now_ms=now_ms)
        case "evolis":
            from drivers.card_printer.evolis import EvolisCardPrinter, is_installed  # noqa: PLC0415 - see above

            if not is_installed():
                raise ConfigurationError("card_printer.driver: evolis wants the extra [evolis]; it is not installed")
            return EvolisCardPrinter(section.line, centre, terminal, now_ms=now_ms)
        case other:
            assert_never(other)


def _byte_line(line: str) -> ByteLine:
    if line.startswith("/"):
        return DeviceFileLine("card_printer", line)
    host, _, port = line.rpartition(":")
    if not 0 < int(port) < 65536:
        raise ConfigurationError(f"card_printer.line: there is no port {port}")
    return TcpLine("card_printer", host, int(port))


def _require_self_service(printer: CardPrinter) -> None:
    missing = sorted(ability.value for ability in SELF_SERVICE - printer.abilities)
    if missing:
        raise ConfigurationError(
            f"card_printer.driver: this printer has no {', '.join(missing)}: with it no card is made for a citizen who "
            "stands before the terminal"
        )


def open_card_encoder(configuration: Configuration) -> CardEncoder | None:
    """The contact station of the card printer; None where there is none."""
    section = configuration.card_printer
    return None if section is None else PcscCardEncoder(section.contact_station)


def open_face_painter(configuration: Configuration) -> "FacePainter":
    """What paints the faces of this region's blanks.

    :raises ConfigurationError: no layouts are named, or the region's is wrong, or the fonts have not been built.
    """
    layouts = configuration.paths.card_faces
    if layouts is None:
        raise ConfigurationError("paths.card_faces: missing; [card_printer] wants the folder of the layouts")
    from kiosk.card_face.painter import FacePainter  # noqa: PLC0415 - Pillow: only where cards are printed

    try:
        return FacePainter(
            layout_for(layouts, configuration.terminal.region), FontBook(configuration.paths.assets / "fonts")
        )
    except LayoutError as error:
        raise ConfigurationError(f"paths.card_faces: {error}") from error
    except FontsMissing as error:
        raise ConfigurationError(f"paths.assets: {error}") from error


def stock_sizes(configuration: Configuration) -> StorageSizes:
    """How many blank cards hopper and bins take.

    :raises ConfigurationError: no card is issued here.
    """
    section = configuration.stock
    if section is None and configuration.card_printer is not None:
        raise ConfigurationError("stock: the section is missing; [card_printer] wants the sizes of hopper and bins")
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
