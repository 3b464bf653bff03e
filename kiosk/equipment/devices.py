"""Readers, PIN pad, receipt printer, the slot's motor, the camera and the loudspeaker."""

from drivers.camera import OpenCvCamera, source_of
from drivers.capture_unit import EscapeCaptureUnit
from drivers.capture_unit.motor import BAUD_RATE
from drivers.card_reader import PcscCardReader
from drivers.id_reader import SerialIdReader
from drivers.ports.camera import Camera
from drivers.ports.capture_unit import CaptureUnit
from drivers.ports.card_reader import CardReader
from drivers.ports.id_reader import IdReader
from drivers.ports.receipt_printer import ReceiptPrinter
from drivers.sounder import AlsaSounder
from drivers.transport.byte_line import SerialPortLine
from kiosk.configuration import Configuration, ConfigurationError
from kiosk.runtime.bell import Bell, VolumeNote
from kiosk.runtime.surroundings import ForgottenCards
from kiosk.ui.fonts import FontBook, FontsMissing


def open_card_reader(name: str | None) -> CardReader:
    """The PC/SC reader of this name; the first one there is when None."""
    return PcscCardReader(name)


def open_id_reader(configuration: Configuration) -> IdReader | None:
    """The reader of identity cards; None where the terminal has none."""
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
    """The motor of the card slot; None where a hand moves the card."""
    section = configuration.capture_unit
    if section is None:
        return None
    return EscapeCaptureUnit(SerialPortLine("capture_unit", str(section.port), BAUD_RATE))


def forgotten_cards(configuration: Configuration) -> ForgottenCards | None:
    """What becomes of a card that nobody takes; None where no motor can keep it."""
    section = configuration.capture_unit
    return None if section is None else ForgottenCards(section.retain_after_s, section.gives_back_at)


def open_bell(configuration: Configuration) -> Bell | None:
    """The loudspeaker with its volume; None where the terminal has none, or is to be silent."""
    section = configuration.sound
    if section is None:
        return None
    return Bell(
        AlsaSounder(section.device), VolumeNote(configuration.volume_path, section.volume), keys=section.keys
    )  # fmt: skip


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
