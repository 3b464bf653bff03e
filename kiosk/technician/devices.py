"""Each device: asked itself while the terminal stands still, by the terminal's own sheet while it runs.

A device that two processes ask answers neither. While a technician is at work the terminal asks none.
"""

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Protocol

from drivers.pin_pad.discovery import open_pin_pad
from drivers.ports.capture_unit import CaptureStatus
from drivers.ports.card_printer import CardPrinterStatus, Fill, Media
from drivers.ports.errors import (
    Busy,
    DeviceError,
    MediaRemoved,
    NotConnected,
    PictureDark,
    PictureFrozen,
    ProtocolViolation,
    TimedOut,
)
from drivers.ports.pin_pad import PadIdentity
from drivers.ports.receipt_printer import Paper, PrinterStatus
from kiosk.central_client.clock_offset import ClockOffset
from kiosk.equipment.card_making import open_card_printer
from kiosk.equipment.devices import (
    open_camera,
    open_capture_unit,
    open_card_reader,
    open_id_reader,
    open_receipt_printer,
)
from kiosk.technician.causes import Cause
from kiosk.technician.machine import Verdict
from kiosk.technician.subject import NotTried, Subject

CARD_S: Final = 2.0
CAMERA_S: Final = 5.0
LOOKED_AT_S: Final = 1.5
"""As long as the driver needs to tell a frozen picture from a living one, and half as much again."""
_DAEMON: Final = "/run/pcscd/pcscd.comm"
_BY_KIND: Final = (
    (NotConnected, Cause.DEVICE_MISSING),
    (TimedOut, Cause.DEVICE_SILENT),
    (ProtocolViolation, Cause.DEVICE_GARBLED),
    (Busy, Cause.DEVICE_HELD),
    (PictureDark, Cause.CAMERA_DARK),
    (PictureFrozen, Cause.CAMERA_FROZEN),
)
_BY_NUMBER: Final = {
    "01": Cause.DEVICE_MISSING,
    "02": Cause.DEVICE_SILENT,
    "03": Cause.DEVICE_GARBLED,
    "04": Cause.DEVICE_HELD,
    "06": Cause.CAMERA_DARK,
    "07": Cause.CAMERA_FROZEN,
}


class _Closes(Protocol):
    def close(self) -> None: ...


def card_daemon(subject: Subject) -> Verdict:
    """pcscd, which every card reader is behind."""
    path = subject.environment.get("PCSCLITE_CSOCK_NAME", _DAEMON)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(CARD_S)
        try:
            line.connect(path)
        except OSError as error:
            return Cause.DAEMON_STOPPED, f"{path}: {error.strerror or 'no answer'}"
    return None, path


def card_reader(subject: Subject) -> Verdict:
    """The slot for cards; a card that lies in it is tried."""
    reader = open_card_reader(subject.configuration.card_reader.name)

    def look() -> str:
        if not reader.card_present():
            return "the slot is empty"
        try:
            return f"a card lies in the slot: {reader.wait_for_card(CARD_S).value}"
        except (MediaRemoved, TimedOut) as failed:
            # Pulled out while it was looked for: the card fails at once, and is missed some tenths of a second later.
            try:
                reader.wait_for_removal(CARD_S)
            except TimedOut:
                raise failed from None
            return "the slot is empty"

    return _asked(subject, "card_reader", reader, look)


def pin_pad(subject: Subject) -> Verdict:
    """The PIN pad, in the dialect that is configured; another one that it speaks is named."""
    section = subject.configuration.pin_pad
    pad = open_pin_pad(str(section.port), section.dialect)
    cause, found = _asked(subject, "pin_pad", pad, lambda: _pad(pad.identify()), section.port)
    if subject.devices_held or section.dialect == "auto" or cause not in {Cause.DEVICE_SILENT, Cause.DEVICE_GARBLED}:
        return cause, found
    for other in ("sunson", "szzt"):
        if other == section.dialect:
            continue
        trial = open_pin_pad(str(section.port), other)
        with contextlib.closing(trial), contextlib.suppress(DeviceError):
            trial.identify()
            return Cause.WRONG_DIALECT, f"it speaks {other}; kiosk.toml says {section.dialect}"
    return cause, found


def id_reader(subject: Subject) -> Verdict:
    """The reader of identity cards."""
    section = subject.configuration.id_reader
    reader = open_id_reader(subject.configuration)
    if reader is None or section is None:
        raise LookupError
    return _asked(subject, "id_reader", reader, lambda: f"module {reader.identify().sam_id}", section.port)


def receipt_printer(subject: Subject) -> Verdict:
    """The printer for slips, and its paper."""
    section = subject.configuration.receipt_printer
    printer = open_receipt_printer(subject.configuration)
    if printer is None or section is None:
        raise LookupError
    kept: list[PrinterStatus] = []

    def look() -> str:
        kept.append(printer.status())
        return "it answers"

    cause, found = _asked(subject, "receipt_printer", printer, look, section.port)
    if cause is not None or not kept:
        return cause, found
    status = kept[0]
    if status.cover_open:
        return Cause.COVER_OPEN, "its cover is open"
    if status.paper is Paper.OUT:
        return Cause.PAPER_OUT, "no paper"
    if status.jammed or status.offline:
        return Cause.DEVICE_FAILED, "jammed" if status.jammed else "offline"
    return (Cause.PAPER_LOW if status.paper is Paper.LOW else None), f"paper: {status.paper.value}"


def camera(subject: Subject) -> Verdict:
    """The camera, and whether its picture lives."""
    opened = open_camera(subject.configuration)
    if opened is None:
        raise LookupError

    def look() -> str:
        opened.open(CAMERA_S)
        ends, width, height = time.monotonic() + LOOKED_AT_S, 0, 0
        while time.monotonic() < ends:
            frame = opened.frame(LOOKED_AT_S)
            height, width = frame.pixels.shape[:2]
            frame.wipe()
        return f"{width} × {height}"

    return _asked(subject, "camera", opened, look)


def card_printer(subject: Subject) -> Verdict:
    """The printer for cards, and what is left in it."""
    printer = open_card_printer(subject.configuration, ClockOffset(subject.configuration.offset_path))
    if printer is None:
        raise LookupError
    kept: list[CardPrinterStatus] = []

    def look() -> str:
        kept.append(printer.status())
        return "it answers"

    cause, found = _asked(
        subject, "card_printer", printer, look
    )  # fmt: skip
    if cause is not None or not kept:
        return cause, found
    return _of_card_printer(kept[0])


def _of_card_printer(status: CardPrinterStatus) -> Verdict:
    found = f"{status.media.value} at {status.position.value}, faces left {status.ribbon.faces_left}"
    for is_so, cause in (
        (status.cover_open, Cause.COVER_OPEN),
        (status.two_fed, Cause.TWO_FED),
        (status.media is not Media.NOT_PRESENT, Cause.CARD_JAMMED),
        (status.ribbon.faces_left <= 0, Cause.RIBBON_OUT),
        (status.hopper is Fill.EMPTY, Cause.HOPPER_EMPTY),
        (Fill.FULL in (status.reject_bin, status.retained_bin), Cause.BIN_FULL),
    ):
        if is_so:
            return cause, found
    return None, found


def capture_unit(subject: Subject) -> Verdict:
    """The motor of the card slot: whether anything sticks in it, and its bin."""
    unit = open_capture_unit(subject.configuration)
    section = subject.configuration.capture_unit
    if unit is None or section is None:
        raise LookupError
    kept: list[CaptureStatus] = []

    def look() -> str:
        kept.append(unit.status())
        return f"{kept[0].media.value}, bin {kept[0].bin.value}"

    cause, found = _asked(subject, "capture_unit", unit, look, section.port)
    if cause is not None or not kept:
        return cause, found
    if kept[0].media is Media.JAMMED:
        return Cause.SLOT_JAMMED, found
    return (Cause.SLOT_BIN_FULL if kept[0].bin is Fill.FULL else None), found


def _asked(
    subject: Subject, device: str, opened: _Closes, look: Callable[[], str], port: Path | None = None
) -> Verdict:
    if subject.devices_held:
        opened.close()
        return _by_sheet(subject, device)
    try:
        with contextlib.closing(opened):
            return None, look()
    except DeviceError as error:
        cause = next((cause for kind, cause in _BY_KIND if isinstance(error, kind)), Cause.DEVICE_FAILED)
        held_by = f", by {', '.join(_holders(port))}" if cause is Cause.DEVICE_HELD and port is not None else ""
        return cause, f"{error.what}{held_by}"


def _by_sheet(subject: Subject, device: str) -> Verdict:
    if subject.sheet is None:
        raise NotTried("the terminal holds it, and has not told anything of it yet")
    for told in subject.sheet.devices:
        if told.device == device:
            if not told.code:
                return None, "by the running terminal"
            return _BY_NUMBER.get(told.code.rpartition("-")[2], Cause.DEVICE_FAILED), f"{told.code}: {told.found}"
    raise NotTried("the terminal holds it, and tells nothing of it")


def _holders(port: Path) -> Iterator[str]:
    """Processes that have the device file open, as far as this user may see."""
    wanted = os.path.realpath(port)
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or process.name == str(os.getpid()):
            continue
        with contextlib.suppress(OSError):
            if any(os.path.realpath(one) == wanted for one in (process / "fd").iterdir()):
                yield f"{(process / 'comm').read_text().strip()} ({process.name})"


def _pad(identity: PadIdentity) -> str:
    return f"{identity.dialect} {identity.version}, serial {identity.serial}"
