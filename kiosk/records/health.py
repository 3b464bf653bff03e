"""How a terminal is, as it tells its technician and its centre of itself; names no citizen."""

from enum import Enum
from typing import Annotated, Literal

import msgspec

from kiosk.records.china_time import Moment

Count = Annotated[int, msgspec.Meta(ge=0, lt=1 << 31)]


class DeviceHealth(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One device of a terminal."""

    device: str
    """The port's noun, such as ``pin_pad``."""
    code: str = ""
    """Its fault of docs/faults.md; empty while it works."""
    found: str = ""
    """What the driver said of it."""
    since_ms: Moment
    """Since when it is like this."""


class Supplies(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a terminal uses up and what it fills, as far as its devices and its book tell. None is not known."""

    paper: Literal["enough", "low", "out"] | None = None
    """Of the receipt printer, by its own sensor."""
    faces_left: Count | None = None
    """Faces that the card printer's ribbon is good for; 1 where it tells no more than that it has not ended."""
    hopper: Count | None = None
    """Blank cards by the book, as the bins' counts are."""
    reject_bin: Count | None = None
    reject_bin_size: Count | None = None
    retained_bin: Count | None = None
    retained_bin_size: Count | None = None


class FrameTimes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the window's loop went round since the sheet before; every round of 50 ms or more is among them."""

    rounds: Count
    median_ms: Count
    worst_ms: Count


class Ending(Enum):
    """How the run before this one ended, as far as anybody knows."""

    NONE = "none"
    """There was none."""
    CLEAN = "clean"
    """It was told to stop."""
    MAINTENANCE = "maintenance"
    """It ended itself in the hours that are set for it."""
    WATCHDOG = "watchdog"
    """The service manager ended it, since it had given no sign of life."""
    MACHINE = "machine"
    """The machine began anew under it: a power cut, or somebody's restart."""
    BROKEN_OFF = "broken_off"
    """It ended without a word: it broke down, or was killed."""


class Starts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How often the application has begun on this disk, and how the run before this one ended."""

    count: Count
    unasked: Count
    """So many runs ended otherwise than clean or for maintenance."""
    before: Ending


class SelfTest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a terminal found when it last tested itself (``kiosk selftest`` and, daily, by itself)."""

    begun_at_ms: Moment
    tried: Count = 0
    """So many things were looked at; 0: it has not come to its end."""
    faults: tuple[Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{1,40}\Z")], ...] = ()
    """What was not well: a port's noun, or a cause of the doctor's."""


class HealthSheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A terminal at one moment. Written anew as a whole; whoever reads it looks at its age first."""

    terminal: str
    version: str
    started_at_ms: Moment
    written_at_ms: Moment
    standing: str
    """``waits for somebody``, ``serves somebody, reads no card: C-01``, ``out of service, L-01``."""
    ailment: str = ""
    """What only a new start of the process can mend."""
    devices: tuple[DeviceHealth, ...] = ()
    supplies: Supplies = Supplies()
    frames: FrameTimes | None = None
    """None before the loop has gone round."""
    memory_bytes: int = 0
    """What the process holds of the machine's memory (RSS)."""
    starts: Starts | None = None
    """None where the disk does not keep it."""
    self_test: SelfTest | None = None
    """None where it has never tested itself."""


class AskTerminal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/terminal. Does the centre know whoever signs this? Changes nothing."""


class TerminalTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The centre's word on who asked."""

    terminal: str
    region: str
    frozen: str = ""
    """Why its ledger is frozen; empty while it is not."""
