"""What a terminal tells its centre of itself every few minutes: how it is, and never who was there.

Only numbers travel, and words from closed lists: whatever a driver said of its device in its own words stays at the
terminal, in its health sheet. So a name that got into a sentence somewhere has no way out.
"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Final

import msgspec

from kiosk.records.china_time import Moment
from kiosk.records.health import DeviceHealth, FrameTimes, HealthSheet, SelfTest, Starts, Supplies

STALE_S: Final = 90
"""A running terminal writes its sheet three times in this time: an older one is that of a window that stands still."""
_PLAIN: Final = re.compile(r"[a-z][a-z' -]{0,59}", re.ASCII)
_VERSION: Final = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){1,3}[a-z+.-]{0,8}[0-9]{0,4}", re.ASCII)
_CODE: Final = re.compile(r"[A-Z]-[0-9]{2}", re.ASCII)
_WORD: Final = re.compile(r"[a-z_]{1,40}", re.ASCII)
_CLOSED: Final = "out of service, "
_TECHNICIAN: Final = "technician"
_READS_NONE: Final = ", reads no card"
_MAKES_NONE: Final = ", makes no card"

Plain = Annotated[str, msgspec.Meta(pattern=r"^([a-z][a-z' -]{0,59})?\Z")]
"""Words of ours: no digit, no capital, nothing but Latin letters."""
Code = Annotated[str, msgspec.Meta(pattern=r"^([A-Z]-[0-9]{2})?\Z")]
"""A row of docs/faults.md; empty for none."""
Amount = Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]
Milliseconds = Annotated[int, msgspec.Meta(gt=-(1 << 47), lt=1 << 47)]


class Standing(Enum):
    """How a terminal stands towards citizens."""

    WAITS = "waits"
    SERVES = "serves"
    TENDED = "tended"
    """A technician is at work at it."""
    CLOSED = "closed"
    """It serves nobody; ``closed_by`` says why."""
    UNKNOWN = "unknown"
    """It has written no sheet."""


class DeviceTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One device of a terminal."""

    device: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{1,40}\Z")]
    code: Code = ""
    """Its fault; empty while it works."""
    since_ms: Moment


class Queue(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What waits for its upload."""

    waiting: Amount
    """Entries without a receipt."""
    line: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{1,40}\Z")]
    """``sending``, ``waiting``, ``halted`` (docs/uplink.md)."""
    reason: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{0,40}\Z")] = ""


class Telemetry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/telemetry. How the terminal that signs this is at the moment."""

    sent_at_ms: Moment
    """By the terminal's own clock."""
    version: Annotated[str, msgspec.Meta(pattern=r"^([0-9]{1,4}(\.[0-9]{1,4}){1,3}[a-z+.-]{0,8}[0-9]{0,4})?\Z")] = ""
    """Empty where it is not known."""
    started_at_ms: Moment | None = None
    sheet_age_s: Amount | None = None
    """How old the terminal's word on itself is; None where there is none. Above :data:`STALE_S` it stands still."""
    standing: Standing
    closed_by: Code = ""
    reads_no_cards: bool = False
    """Its card slot does nothing: it serves whoever needs no card."""
    makes_no_cards: bool = False
    """It has what cards are made with, and makes none at the moment."""
    ailment: Plain = ""
    """What only a new start can mend."""
    devices: Annotated[tuple[DeviceTold, ...], msgspec.Meta(max_length=32)] = ()
    supplies: Supplies = Supplies()
    frames: FrameTimes | None = None
    memory_bytes: Amount = 0
    starts: Starts | None = None
    self_test: SelfTest | None = None
    disk_free_bytes: Amount | None = None
    clock_offset_ms: Milliseconds = 0
    """The centre's clock minus the terminal's, as the last signed answer told it."""
    certificate_ends_ms: Moment | None = None
    """Of the centre, as this terminal sees it."""
    queue: Queue | None = None
    """None where ledger or receipts can't be read."""


class TelemetryTaken(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The centre has it."""

    at_ms: Moment
    """By the centre's clock."""


@dataclass(frozen=True, slots=True)
class Around:
    """What stands beside the sheet."""

    disk_free_bytes: int | None
    clock_offset_ms: int
    certificate_ends_ms: int | None
    queue: Queue | None


def telemetry(sheet: HealthSheet | None, around: Around, now_ms: int) -> Telemetry:
    """The message of this moment.

    :param sheet: what the terminal last wrote of itself; None where it has written nothing.
    :param now_ms: this machine's clock, by which the sheet was dated too.
    """
    told = Telemetry(
        sent_at_ms=now_ms,
        standing=Standing.UNKNOWN,
        disk_free_bytes=around.disk_free_bytes,
        clock_offset_ms=around.clock_offset_ms,
        certificate_ends_ms=around.certificate_ends_ms,
        queue=_queue(around.queue),
    )
    if sheet is None:
        return told
    standing, closed_by = _standing(sheet.standing)
    return msgspec.structs.replace(
        told,
        version=_of(_VERSION, sheet.version),
        started_at_ms=sheet.started_at_ms,
        sheet_age_s=age_s(sheet, now_ms),
        standing=standing,
        closed_by=closed_by,
        reads_no_cards=_READS_NONE in sheet.standing,
        makes_no_cards=_MAKES_NONE in sheet.standing,
        ailment=_of(_PLAIN, sheet.ailment) or ("something else" if sheet.ailment else ""),
        devices=tuple(_device(one) for one in sheet.devices if _WORD.fullmatch(one.device)),
        supplies=sheet.supplies,
        frames=sheet.frames,
        memory_bytes=sheet.memory_bytes,
        starts=sheet.starts,
        self_test=_self_test(sheet.self_test),
    )


def age_s(sheet: HealthSheet, now_ms: int) -> int:
    """How old the terminal's word is. A clock that was set back since makes it no younger than now."""
    return max(0, now_ms - sheet.written_at_ms) // 1000


def worth_telling(sheet: HealthSheet | None, now_ms: int) -> object:
    """What the centre hears of soon when it changes; whether somebody is being served is not among it."""
    if sheet is None:
        return None
    standing, closed_by = _standing(sheet.standing)
    return (
        standing is Standing.CLOSED,
        closed_by,
        _READS_NONE in sheet.standing,
        _MAKES_NONE in sheet.standing,
        sheet.ailment,
        tuple((one.device, one.code) for one in sheet.devices),
        sheet.supplies.paper,
        sheet.starts,
        sheet.self_test,
        age_s(sheet, now_ms) > STALE_S,
    )


def _standing(words: str) -> tuple[Standing, str]:
    if words.startswith(_CLOSED):
        return Standing.CLOSED, _of(_CODE, words.removeprefix(_CLOSED))
    if _TECHNICIAN in words:
        return Standing.TENDED, ""
    return (Standing.WAITS if words.startswith("waits") else Standing.SERVES), ""


def _device(one: DeviceHealth) -> DeviceTold:
    return DeviceTold(device=one.device, code=_of(_CODE, one.code), since_ms=one.since_ms)


def _self_test(found: SelfTest | None) -> SelfTest | None:
    if found is None:
        return None
    return msgspec.structs.replace(found, faults=tuple(word for word in found.faults if _WORD.fullmatch(word)))


def _queue(queue: Queue | None) -> Queue | None:
    if queue is None or not _WORD.fullmatch(queue.line):
        return None
    return msgspec.structs.replace(queue, reason=_of(_WORD, queue.reason))


def _of(form: re.Pattern[str], words: str) -> str:
    return words if form.fullmatch(words) else ""
