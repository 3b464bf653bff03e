"""Which devices are there: PC/SC readers, what answers at each serial port, cameras, USB printers.

Every question is the harmless one of its kind, and a port that another process holds is told to be held.
"""

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from serial.tools import list_ports

from drivers.camera.sources import source_of
from drivers.capture_unit import EscapeCaptureUnit
from drivers.capture_unit.motor import BAUD_RATE
from drivers.id_reader import SerialIdReader
from drivers.pin_pad.discovery import open_pin_pad
from drivers.ports.errors import Busy, DeviceError, ProtocolViolation, TimedOut
from drivers.transport.byte_line import SerialPortLine
from drivers.transport.pcsc import PcscContext

PRINTER_SPEEDS: Final = (115200, 57600, 38400)
ON_USB: Final = "a printer on USB; its language is not asked"
_BY_PATH: Final = (Path("/dev/card-terminal"), Path("/dev/serial/by-id"), Path("/dev/serial/by-path"))
"""Names that stay, the best first."""
_CAMERAS: Final = (Path("/dev/v4l/by-id"), Path("/dev/v4l/by-path"))


@dataclass(frozen=True, slots=True)
class Found:
    """A device, or a port at which none was recognised."""

    kind: str
    """The section of ``kiosk.toml`` it would stand in; empty for a port where nothing is recognised."""
    name: str
    """As the section wants it."""
    told: str
    """What it says of itself, or why nothing is recognised."""
    speed: int | None = None
    """Of a receipt printer, in baud."""

    @property
    def section(self) -> str:
        """The lines for ``kiosk.toml``; empty where nothing is recognised."""
        match self.kind:
            case "card_reader":
                return f"[card_reader]\nname = {json.dumps(self.name, ensure_ascii=False)}"
            case "camera":
                return f"[camera]\nsource = {json.dumps(self.name)}"
            case "card_printer":
                return f"[card_printer]\nline = {json.dumps(self.name)}"
            case "":
                return ""
            case kind:
                speed = "" if self.speed in {None, PRINTER_SPEEDS[0]} else f"\nbaud_rate = {self.speed}"
                return f"[{kind}]\nport = {json.dumps(self.name)}{speed}"


def scan(ports: Iterable[str] | None = None) -> Iterator[Found]:
    """Look for everything, one after the other.

    :param ports: serial ports to try; all that the machine has when None.
    """
    yield from readers()
    for port in sorted(ports if ports is not None else map(_lasting_name, _serial_ports())):
        yield at_port(port)
    yield from _cameras()
    for file in sorted(Path("/dev/usb").glob("lp*")):
        yield Found("card_printer", str(file), ON_USB)


def at_port(port: str) -> Found:
    """What answers at a serial port, asked in the language of each device in turn."""
    for kind, ask in QUESTIONS:
        try:
            told, speed = ask(port)
        except Busy as error:
            return Found("", port, error.what)
        except DeviceError:
            continue
        return Found(kind, port, told, speed)
    return Found("", port, "nobody answers in any of our devices' languages")


def _pin_pad(port: str) -> tuple[str, int | None]:
    pad = open_pin_pad(port, "auto")
    with contextlib.closing(pad):
        identity = pad.identify()
    return f"{identity.dialect} {identity.version}, serial {identity.serial}", None


def _id_reader(port: str) -> tuple[str, int | None]:
    reader = SerialIdReader(port)
    with contextlib.closing(reader):
        return f"module {reader.identify().sam_id}", None


def _capture_unit(port: str) -> tuple[str, int | None]:
    unit = EscapeCaptureUnit(SerialPortLine("capture_unit", port, BAUD_RATE))
    with contextlib.closing(unit):
        with contextlib.suppress(ProtocolViolation, TimedOut):
            # What was asked in other devices' languages stands in its buffer: this question ends that command.
            unit.status()
        return unit.status().media.value, None


def _receipt_printer(port: str) -> tuple[str, int | None]:
    # Its library loads printer profiles at import: only where somebody looks for one.
    from drivers.receipt_printer.serial_printer import SerialReceiptPrinter  # noqa: PLC0415 - see above

    failed: DeviceError | None = None
    for speed in PRINTER_SPEEDS:
        printer = SerialReceiptPrinter(port, lambda _text, _bold: [], baud_rate=speed)
        try:
            with contextlib.closing(printer):
                return f"at {speed} baud, paper {printer.status().paper.value}", speed
        except DeviceError as error:
            failed = error
    raise failed or LookupError


QUESTIONS: Final[tuple[tuple[str, Callable[[str], tuple[str, int | None]]], ...]] = (
    ("id_reader", _id_reader),
    ("pin_pad", _pin_pad),
    ("capture_unit", _capture_unit),
    ("receipt_printer", _receipt_printer),
)
"""By section of ``kiosk.toml``, in the order of asking: the ID reader's question has a preamble that nobody else takes
for a beginning."""


def readers() -> Iterator[Found]:
    """The PC/SC readers, or why none can be told."""
    try:
        context = PcscContext("card_reader")
    except DeviceError as error:
        yield Found("", "PC/SC", error.what)
        return
    try:
        for name in context.readers():
            yield Found("card_reader", name, "a PC/SC reader")
    except DeviceError as error:
        yield Found("", "PC/SC", error.what)
    finally:
        context.release()


def _cameras() -> Iterator[Found]:
    named = [file for folder in _CAMERAS if folder.is_dir() for file in sorted(folder.iterdir())]
    known = {file.resolve() for file in named}
    for file in [*named, *(one for one in sorted(Path("/dev").glob("video*")) if one not in known)]:
        try:
            yield Found("camera", str(file), source_of(str(file)).identify().name)
        except DeviceError as error:
            if isinstance(error, Busy):
                yield Found("", str(file), error.what)


def _serial_ports() -> list[str]:
    return [port.device for port in list_ports.comports()]


def _lasting_name(port: str) -> str:
    wanted = Path(port).resolve()
    for folder in _BY_PATH:
        if folder.is_dir():
            for file in sorted(folder.iterdir()):
                if file.resolve() == wanted:
                    return str(file)
    return port
