"""How a terminal is, as it tells its technician and its centre of itself; names no citizen."""

import msgspec

from kiosk.records.china_time import Moment


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


class HealthSheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A terminal at one moment. Written anew as a whole; whoever reads it looks at its age first."""

    terminal: str
    version: str
    started_at_ms: Moment
    written_at_ms: Moment
    standing: str
    """``waits for somebody``, ``serves somebody``, ``out of service, P-01``."""
    ailment: str = ""
    """What only a new start of the process can mend."""
    devices: tuple[DeviceHealth, ...] = ()


class AskTerminal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/terminal. Does the centre know whoever signs this? Changes nothing."""


class TerminalTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The centre's word on who asked."""

    terminal: str
    region: str
    frozen: str = ""
    """Why its ledger is frozen; empty while it is not."""
