"""Tells the centre how this terminal is: every five minutes, and soon after something changes (docs/telemetry.md).

A thread of its own with a line of its own, so that no entry waits behind it. Nothing is queued: what could not be told
is told anew, as it is by then.
"""

import logging
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol, TypeVar

import msgspec

from kiosk.central_client import CentreDistrusted, CentreRefused, CentreUnreachable, ClockOffset, SignedConnection
from kiosk.ledger import LedgerError, LedgerReader
from kiosk.records.health import HealthSheet
from kiosk.records.telemetry import Around, Queue, Telemetry, TelemetryTaken, telemetry, worth_telling
from kiosk.uplink.receipts import ReceiptReader, ReceiptsUnusable
from kiosk.uplink.settings import UplinkSettings

T = TypeVar("T")

EVERY_S: Final = 300.0
"""An unchanged terminal tells of itself this often."""
SOON_S: Final = 15.0
"""A change is told after this time at the soonest since the last word: a device that comes and goes is no flood."""
AGAIN_S: Final = 60.0
"""So long after a word that did not arrive the next is tried."""
LOOK_S: Final = 2.0
"""How often the health sheet is looked at; a look costs tens of microseconds."""
ANSWER_WITHIN_S: Final = 8.0

_log = logging.getLogger(__name__)


class Line(Protocol):
    """What carries a word: :class:`~kiosk.central_client.connection.SignedConnection`."""

    @property
    def certificate_ends_ms(self) -> int | None:
        """Until when the centre's certificate is good; None before the first word."""
        ...

    def ask(self, path: str, question: msgspec.Struct, kind: type[T]) -> T:
        """See :meth:`~kiosk.central_client.connection.SignedConnection.ask`."""
        ...


class Stop(Protocol):
    """What ends :meth:`Telegraph.run`: a ``threading.Event``."""

    def wait(self, timeout: float) -> bool:
        """Wait that long, or less when told to stop; whether to stop."""
        ...


class Telegraph:
    """Sends the newest word and no other.

    :param sheet: reads what the terminal last wrote of itself; None where it has written nothing.
    :param around: reads what stands beside it; asked only when something is sent.
    :param now_ms: this machine's clock, milliseconds since 1970 UTC.
    """

    def __init__(
        self,
        line: Line,
        sheet: Callable[[], HealthSheet | None],
        around: Callable[[], Around],
        now_ms: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._line, self._sheet, self._around = line, sheet, around
        self._now_ms, self._monotonic = now_ms, monotonic
        self._told: object = None
        """What the last word that arrived was worth telling for."""
        self._told_at: float | None = None
        self._tried_at: float | None = None
        self._trouble = ""

    def round(self) -> Telemetry | None:
        """Send a word if one is due; the word, if it arrived."""
        sheet, now_ms = self._sheet(), self._now_ms()
        worth = (worth_telling(sheet, now_ms), self._line.certificate_ends_ms)
        if not self._is_due(worth):
            return None
        self._tried_at = self._monotonic()
        word = telemetry(sheet, self._around(), now_ms)
        try:
            self._line.ask("/v1/telemetry", word, TelemetryTaken)
        except (CentreUnreachable, CentreDistrusted, CentreRefused) as error:
            self._tell(f"the centre did not hear how this terminal is: {error}")
            return None
        self._tell("")
        self._told, self._told_at = worth, self._tried_at
        return word

    def run(self, stop: Stop) -> None:
        """Send what is due until told to stop."""
        while not stop.wait(LOOK_S):
            self.round()

    def _is_due(self, worth: object) -> bool:
        now = self._monotonic()
        if self._tried_at is None:
            return True
        if self._tried_at != self._told_at:
            return now - self._tried_at >= AGAIN_S
        return now - self._tried_at >= (SOON_S if worth != self._told else EVERY_S)

    def _tell(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            _log.info("%s", trouble)
        self._trouble = trouble


def start_telegraph(settings: UplinkSettings, stop: threading.Event) -> None:
    """Begin to tell, in a thread that ends with the process or when told to stop; nothing where no sheet is named.

    :raises OSError: the authority's certificate is not there.
    """
    health = settings.health
    if health is None:
        return
    offset = ClockOffset(settings.clock_offset)
    line = SignedConnection(
        settings.centre, settings.ca, terminal_id=settings.terminal, key=settings.key,
        centre_keys=settings.centre_keys, clock=time.time, offset=offset, answer_within_s=ANSWER_WITHIN_S,
    )  # fmt: skip

    def around() -> Around:
        return Around(
            disk_free_bytes=_disk_free(health.parent),
            clock_offset_ms=offset.milliseconds(),
            certificate_ends_ms=line.certificate_ends_ms,
            queue=read_queue(settings),
        )

    telegraph = Telegraph(line, lambda: read_sheet(health), around, lambda: int(time.time() * 1000))
    threading.Thread(target=telegraph.run, args=(stop,), name="telegraph", daemon=True).start()


def read_sheet(path: Path) -> HealthSheet | None:
    """What the terminal last wrote of itself; None where it has not, or where it can't be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=HealthSheet)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError):
        return None


def read_queue(settings: UplinkSettings) -> Queue | None:
    """What waits for its upload; None where ledger or receipts can't be read."""
    try:
        with LedgerReader(settings.ledger) as ledger:
            head, ledger_id = ledger.head().sequence, ledger.ledger_id
        receipts = ReceiptReader(settings.receipts, ledger_id, settings.terminal, settings.centre_keys)
        try:
            standing = receipts.standing()
        finally:
            receipts.close()
    except (LedgerError, ReceiptsUnusable, sqlite3.Error):
        return None
    return Queue(waiting=max(0, head - standing.through), line=standing.line.value, reason=standing.reason)


def _disk_free(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
