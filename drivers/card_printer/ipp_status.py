"""What an IPP printer tells of itself, in the words of the port."""

import re
from collections.abc import Iterable
from typing import Final

from drivers.card_printer.ipp_document import DOTS_PER_INCH
from drivers.card_printer.ipp_queue import one_number, words
from drivers.card_printer.ipp_wire import DEVICE, Told, resolution
from drivers.ports.card_printer import CardPrinterStatus, Fill, Media, Position, Ribbon
from drivers.ports.errors import (
    Busy,
    DeviceError,
    MediaExhausted,
    MediaJammed,
    MediaPresent,
    MediaRemoved,
    NotConnected,
    ProtocolViolation,
)

RESOLUTION: Final = resolution(DOTS_PER_INCH)
DESCRIBED: Final = (
    "printer-state",
    "printer-state-reasons",
    "printer-is-accepting-jobs",
    "printer-error-policy",
    "document-format-supported",
    "pwg-raster-document-type-supported",
    "pwg-raster-document-resolution-supported",
    "printer-resolution-supported",
    "media-supported",
    "print-scaling-supported",
    "print-color-mode-supported",
    "sides-supported",
)
_PROCESSING: Final = 4
_STOPPED: Final = 5
_ABORT: Final = "abort-job"
_JAM: Final = frozenset({"media-jam"})
_COVER: Final = frozenset({"cover-open", "door-open", "interlock-open"})
_NO_BLANK: Final = frozenset({"media-empty", "media-needed", "input-tray-missing"})
_NO_RIBBON: Final = frozenset({"marker-supply-empty", "marker-supply-missing", "toner-empty"})
_EXIT_FULL: Final = frozenset({"output-area-full", "output-tray-missing"})
_AWAY: Final = frozenset({"shutdown", "timed-out", "offline"})
_GRAVITY: Final = re.compile("-(error|warning|report)$")
_CARD_MM: Final = (53.98, 85.60)
"""ID-1 (ISO/IEC 7810)."""
_NEARLY_MM: Final = 1.1
"""Makers name it 54 × 86 mm, or count the bleed."""
_SIZE: Final = re.compile(r"_([0-9.]+)x([0-9.]+)(mm|in)$")


def card_size(media: Iterable[str]) -> str | None:
    """Which of the named media (PWG 5101.1) is a card; None where none is."""
    for name in media:
        told = _SIZE.search(name)
        if told is None:
            continue
        scale = 25.4 if told[3] == "in" else 1.0
        try:
            sides = sorted((float(told[1]) * scale, float(told[2]) * scale))
        except ValueError:
            continue
        if all(abs(side - true) <= _NEARLY_MM for side, true in zip(sides, _CARD_MM, strict=True)):
            return name
    return None


def status_of(described: Told) -> CardPrinterStatus:
    """How the printer is.

    :raises NotConnected: behind its queue nobody is there.
    :raises Busy: its queue is paused.
    :raises ProtocolViolation: it says nothing of itself, or is set up so that a failed card would be printed again.
    """
    state = one_number(described, "printer-state")
    reasons = {_GRAVITY.sub("", reason) for reason in words(described, "printer-state-reasons")}
    if state is None:
        raise ProtocolViolation(DEVICE, "its queue does not say how it is")
    policy = words(described, "printer-error-policy")
    if policy not in ((), (_ABORT,)):
        raise ProtocolViolation(DEVICE, f"its queue's error policy is {policy[0]} and has to be {_ABORT}")
    if reasons & _AWAY:
        raise NotConnected(DEVICE, "behind its queue nobody is there")
    physical = reasons & (_JAM | _COVER | _NO_BLANK | _NO_RIBBON | _EXIT_FULL)
    if (state == _STOPPED and not physical) or one_number(described, "printer-is-accepting-jobs") == 0:
        raise Busy(DEVICE, "its queue is paused")
    media, position = _media(state, reasons)
    return CardPrinterStatus(
        media=media,
        position=position,
        two_fed=False,
        hopper=Fill.EMPTY if reasons & _NO_BLANK else Fill.LOW if "media-low" in reasons else Fill.UNKNOWN,
        reject_bin=Fill.UNKNOWN,
        retained_bin=Fill.UNKNOWN,
        ribbon=Ribbon("", 0 if reasons & _NO_RIBBON else 1),
        cover_open=bool(reasons & _COVER),
    )


def trouble_of(described: Told, *, printing: bool = False) -> DeviceError | None:
    """What keeps a card from being printed now; None where nothing does.

    :param printing: a card is on its way, and it may be the last for which there was a blank or a ribbon: unless the
        printer has stopped, only a jam and an open cover keep it from its end.
    :raises DeviceError: as :func:`status_of`.
    """
    status = status_of(described)
    if status.media is Media.JAMMED:
        return MediaJammed(DEVICE, "a card does not move")
    if status.cover_open:
        return MediaRemoved(DEVICE, "its cover is open")
    if printing and one_number(described, "printer-state") != _STOPPED:
        return None
    if status.ribbon.faces_left == 0:
        return MediaExhausted(DEVICE, "no ribbon")
    if status.hopper is Fill.EMPTY:
        return MediaExhausted(DEVICE, "no blank in the hopper")
    if status.media is Media.LATCHED:
        return MediaPresent(DEVICE, "a card lies where the next one drops")
    if status.media is Media.ENTERING:
        return Busy(DEVICE, "it prints for somebody else")
    return None


def _media(state: int, reasons: set[str]) -> tuple[Media, Position]:
    if reasons & _JAM:
        return Media.JAMMED, Position.TRANSPORT
    if reasons & _EXIT_FULL:
        return Media.LATCHED, Position.EXIT
    if state == _PROCESSING:
        return Media.ENTERING, Position.TRANSPORT
    return Media.NOT_PRESENT, Position.NONE
