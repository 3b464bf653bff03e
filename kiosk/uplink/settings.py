"""What an uplink must be told, and the uplink made from it."""

import contextlib
import logging
import random
import sqlite3
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kiosk.central_client import CentreAdapter, ClockOffset, SignedConnection
from kiosk.ledger import LedgerError, LedgerReader
from kiosk.uplink.alone import alone
from kiosk.uplink.receipts import LineState, ReceiptReader, Receipts, ReceiptsUnusable
from kiosk.uplink.roster import RosterErrand
from kiosk.uplink.uplink import Uplink

_log = logging.getLogger(__name__)

ANSWER_WITHIN_S = 60.0
"""A full batch takes half a minute on a line of 256 kbit/s."""


@dataclass(frozen=True, slots=True)
class UplinkSettings:
    """Where an uplink finds what it works on."""

    ledger: Path
    """The ledger's folder."""
    receipts: Path
    clock_offset: Path
    """Shared with the terminal's own connection."""
    centre: str
    """https://host:port."""
    ca: Path
    """PEM of the only CA that is trusted."""
    terminal: str
    key: Ed25519PrivateKey = field(repr=False)
    centre_keys: Mapping[str, Ed25519PublicKey]
    answer_within_s: float = ANSWER_WITHIN_S
    health: Path | None = None
    """The terminal's health sheet; None: the centre is not told how the terminal is."""
    arrived_roster: Path | None = None
    """Where the list of technicians is laid down; without it none is fetched."""


def nothing_to_wait_for(settings: UplinkSettings) -> bool:
    """Whether all is delivered, or the line does not carry, or neither can be told: nobody need wait for the uplink."""
    try:
        with LedgerReader(settings.ledger) as reader:
            head, ledger_id = reader.head().sequence, reader.ledger_id
        receipts = ReceiptReader(settings.receipts, ledger_id, settings.terminal, settings.centre_keys)
        with contextlib.closing(receipts):
            standing = receipts.standing()
    except (LedgerError, ReceiptsUnusable, sqlite3.Error) as error:
        _log.warning("whether the uplink has done can't be told: %s", error)
        return True
    return standing.line is not LineState.SENDING or standing.through >= head


@contextlib.contextmanager
def opened(settings: UplinkSettings, *, adapter: CentreAdapter | None = None) -> Iterator[Uplink]:
    """The uplink of these settings, alone on its receipts, closed at the end.

    :raises AlreadyRunning: another process holds the receipts.
    :raises ReceiptsUnusable: the receipts are another ledger's. Damaged ones are put aside and begun anew.
    :raises LedgerUnusable: the ledger can't be read, or is not there yet.
    :raises sqlite3.Error: the receipts can't be read.
    :raises OSError: a file is missing.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(alone(settings.receipts.with_name(settings.receipts.name + ".lock")))
        reader = stack.enter_context(LedgerReader(settings.ledger))
        receipts = stack.enter_context(
            Receipts.open_or_renew(settings.receipts, reader.ledger_id, now_ms=int(time.time() * 1000)),
        )
        connection = SignedConnection(
            settings.centre, settings.ca, terminal_id=settings.terminal, key=settings.key,
            centre_keys=settings.centre_keys, clock=time.time, offset=ClockOffset(settings.clock_offset),
            answer_within_s=settings.answer_within_s, adapter=adapter,
        )  # fmt: skip
        stack.callback(connection.close)
        errands = [] if settings.arrived_roster is None else [RosterErrand(connection, settings.arrived_roster)]
        yield Uplink(
            reader, receipts, connection, key=settings.key, centre_keys=settings.centre_keys,
            clock=time.time, chance=random.SystemRandom(), errands=errands,
        )  # fmt: skip
