"""What the maker's library of an Evolis printer says, in our words. Its names are those of evolis-sdk 9.4."""

from collections.abc import Set as AbstractSet
from typing import Final

from drivers.card_printer.words import DEVICE, Sensors, Word
from drivers.ports.card_printer import Fill, Media, Position, Ribbon
from drivers.ports.errors import DeviceError, NotConnected, ProtocolViolation, TimedOut

BUSY: Final = frozenset({"SESSION_EBUSY", "SESSION_FAILED", "PRINTER_EBUSY", "PRINTER_EOTHER", "SYSTEM_EBUSY"})
"""Somebody else has it; nothing was done."""
STUCK: Final = frozenset({"PRINT_EMECHANICAL", "CARD_ERROR", "CARD_EINSERTION"})
AWAY: Final = frozenset(
    {"PRINTER_ENOCOM", "PRINTER_NETWORK_ERROR", "PRINTER_NETWORK_ECERT", "SYSTEM_ENETWORK", "SVC_ENOCOM"}
)
LATE: Final = frozenset({"ETIMEOUT", "SESSION_ETIMEOUT", "ENEEDACTION", "PRINT_NEEDACTION", "ECANCELLED"})
"""It came to no end; what became of it, the sensors tell."""

JAM_FLAGS: Final = frozenset({"ERR_MECHANICAL", "ERR_FEEDER_ERROR", "ERR_INTERNAL_PRINTER", "ERR_HARDWARE"})
COVER_FLAGS: Final = frozenset(
    {
        "WAR_COVER_OPEN",
        "ERR_COVER_OPEN",
        "INF_PHYSICAL_COVER_OPEN",
        "WAR_FEEDER_OPEN",
        "ERR_FEEDER_OPEN",
        "WAR_REJECT_BOX_COVER_OPEN",
        "ERR_REJECT_BOX_COVER_OPEN",
        "WAR_PRINTER_LOCKED",
    }
)
EMPTY_FLAGS: Final = frozenset({"WAR_FEEDER_EMPTY"})
LOW_FLAGS: Final = frozenset({"INF_FEEDER_NEAR_EMPTY"})
REJECT_FULL_FLAGS: Final = frozenset({"WAR_REJECT_BOX_FULL", "ERR_REJECT_BOX_FULL", "INF_REJECTBOX1_FULL"})
NO_RIBBON_FLAGS: Final = frozenset(
    {"WAR_NO_RIBBON", "WAR_RIBBON_ENDED", "ERR_RIBBON_ENDED", "ERR_RIBBON_ERROR", "WAR_UNSUPPORTED_RIBBON"}
)
MOVING_FLAGS: Final = frozenset({"INF_BUSY", "INF_PRINTING_RUNNING"})
EXIT_FLAGS: Final = frozenset({"INF_BEZEL_CARD_OUTSIDE", "INF_BEZEL_CARD_EJECT", "INF_CARD_EJECT", "WAR_CARD_ON_EJECT"})
STATION_FLAGS: Final = frozenset({"INF_CARD_SMART"})
PRINT_FLAGS: Final = frozenset({"INF_CARD_PRINT"})
ELSEWHERE_FLAGS: Final = frozenset(
    {"INF_CARD_FLIP", "INF_CARD_CONTACTLESS", "INF_CARD_REAR", "INF_CARD_MAN_FEED", "INF_BEZEL_CARD_RE_INSERT"}
)


def word_of(code: str) -> Word | DeviceError:
    """What a return code of a movement means."""
    if code == "OK":
        return Word.OK
    if code in BUSY:
        return Word.BUSY
    if code in STUCK:
        return Word.JAM
    return error_of(code)


def error_of(code: str) -> DeviceError:
    """What a return code means where no movement was asked for."""
    if code in AWAY:
        return NotConnected(DEVICE, f"its library tells {code}")
    if code in LATE:
        return TimedOut(DEVICE, f"its library tells {code}")
    return ProtocolViolation(DEVICE, f"its library tells {code}")


def sensors_of(flags: AbstractSet[str]) -> Sensors:
    """Where everything is, by the flags that are raised."""
    media, position = _card(flags)
    return Sensors(
        media=media,
        position=position,
        two_fed=False,  # no flag tells
        hopper=Fill.EMPTY if flags & EMPTY_FLAGS else Fill.LOW if flags & LOW_FLAGS else Fill.OK,
        reject_bin=Fill.FULL if flags & REJECT_FULL_FLAGS else Fill.OK,
        retained_bin=Fill.UNKNOWN,
        cover_open=bool(flags & COVER_FLAGS),
    )


def ribbon_of(flags: AbstractSet[str], told: tuple[str, int] | None) -> Ribbon:
    """What is left to print with.

    :param told: the ribbon's kind and what it has left, by its own chip; None: it does not tell.
    """
    kind, left = told or ("", 0)
    return Ribbon(kind, 0 if flags & NO_RIBBON_FLAGS else max(0, left))


def _card(flags: AbstractSet[str]) -> tuple[Media, Position]:
    places = (
        (EXIT_FLAGS, Position.EXIT),
        (STATION_FLAGS, Position.CONTACT_STATION),
        (PRINT_FLAGS, Position.PRINT_STATION),
        (ELSEWHERE_FLAGS, Position.TRANSPORT),
    )
    position = next((place for raised, place in places if flags & raised), Position.NONE)
    if flags & JAM_FLAGS:
        return Media.JAMMED, Position.TRANSPORT if position is Position.NONE else position
    if flags & MOVING_FLAGS:
        return Media.ENTERING, position
    if position is Position.NONE:
        return Media.NOT_PRESENT, position
    return (Media.LATCHED if position is Position.EXIT else Media.PRESENT), position
