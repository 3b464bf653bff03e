"""What waits for its upload, and one more try now."""

import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from kiosk.ledger.reader import LedgerReader
from kiosk.records.upload import Judgement
from kiosk.uplink.alone import AlreadyRunning
from kiosk.uplink.receipts import ReceiptReader, Standing
from kiosk.uplink.settings import UplinkSettings, opened
from kiosk.uplink.uplink import BackOff, Halted, Idle

UNIT: Final = "card-terminal-uplink.service"
LONGEST_S: Final = 120.0
"""Somebody waits for it, at the screen with all of the terminal: one whose desk does not answer is started anew."""


_WORD: Final = re.compile(r"[a-z0-9_ :-]{0,60}")


def plain(reason: str) -> str:
    """A reason as it may be shown: a word of docs/protocol.md. Anything else is not, whatever it says."""
    return reason if _WORD.fullmatch(reason) else "(no word)"


@dataclass(frozen=True, slots=True)
class Waiting:
    """How the queue stands."""

    head: int
    """The newest entry's number."""
    standing: Standing | None
    """None where the uplink has never run."""
    for_staff: tuple[Judgement, ...]
    """What the centre did not take as it was: refused, superseded, lost."""

    @property
    def count(self) -> int:
        """How many entries wait."""
        return self.head - (self.standing.through if self.standing is not None else 0)


class Tried(Enum):
    """What came of one more try."""

    DELIVERED = "delivered"
    NOT_YET = "not_yet"
    """The centre is not reached."""
    UNFINISHED = "unfinished"
    """Some of it went up in the time there was."""
    HALTED = "halted"
    """Somebody must act first."""
    RESTARTED = "restarted"
    """The uplink runs: it was started anew and tries at once."""
    IN_USE = "in_use"
    """The uplink runs, and nothing here can start it anew."""


def waiting(settings: UplinkSettings) -> Waiting:
    """How the queue stands; works while everything runs.

    :raises LedgerError: the ledger can't be read.
    :raises ReceiptsUnusable: the receipts can't be believed.
    :raises sqlite3.Error: they can't be read.
    """
    with LedgerReader(settings.ledger) as reader:
        head, ledger_id = reader.head().sequence, reader.ledger_id
    if not settings.receipts.exists():
        return Waiting(head, None, ())
    receipts = ReceiptReader(settings.receipts, ledger_id, settings.terminal, settings.centre_keys)
    try:
        return Waiting(head, receipts.standing(), tuple(receipts.for_staff()))
    finally:
        receipts.close()


def try_now(settings: UplinkSettings, monotonic: Callable[[], float] = time.monotonic) -> Tried:
    """Upload what waits, here and now, for as long as :data:`LONGEST_S`; where the uplink runs, have it started anew.

    :raises LedgerError: the ledger can't be read.
    :raises ReceiptsUnusable: the receipts are another ledger's.
    :raises sqlite3.Error: they can't be read or written.
    """
    try:
        ends = monotonic() + LONGEST_S
        with opened(settings) as uplink:
            while True:
                match uplink.step():
                    case Idle():
                        return Tried.DELIVERED
                    case BackOff():
                        return Tried.NOT_YET
                    case Halted():
                        return Tried.HALTED
                if monotonic() >= ends:
                    return Tried.UNFINISHED
    except AlreadyRunning:
        if not Path("/run/systemd/system").is_dir():
            return Tried.IN_USE
        done = subprocess.run(["systemctl", "try-restart", UNIT], check=False, timeout=120)  # noqa: S603, S607 - systemd's own
        return Tried.RESTARTED if done.returncode == 0 else Tried.IN_USE
