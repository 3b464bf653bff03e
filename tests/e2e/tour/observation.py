"""What really happened, read where it is kept: the terminal's ledger, the centre's database, the card's file."""

import json
import threading
import time
from typing import Any, Final

import msgspec
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session

from central.query import transaction_row
from central.settings import load_settings
from central.tables import Entry, TransactionRow
from kiosk.configuration import load_configuration
from kiosk.ledger.reader import LedgerReader
from simulators.stand.stand import Stand

DELIVERY_S: Final = 240.0
"""How long the uplink may take for a journey's entries. It waits by chance, up to 1, 2, 4 … s after each failure: seven
short waits within a journey without the network may be followed by one of two minutes."""


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """In the words of the table."""

    final: list[str]
    entries: list[str]
    verdicts: list[str]
    outcome: str
    reason: str
    effects: int
    chip_pin: str | None = None
    chip_tries: int | None = None
    trouble: str = ""
    """Why the citizen could not go on; empty when they could."""


class Observer:
    """Looks at one stand over connections of its own."""

    def __init__(self, stand: Stand) -> None:
        self._stand = stand
        settings = load_settings(stand.centre.directory / "centre.toml")
        self._engine: Engine = create_engine(settings.database)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def head(self) -> int:
        """The newest sequence of the ledger of the terminal that stands there now."""
        configuration = load_configuration(self._stand.place.config)
        with LedgerReader(configuration.ledger_path) as ledger:
            return ledger.head().sequence

    def wait_until_delivered(self, through: int) -> bool:
        """Wait until the centre has stored the ledger through this sequence; whether it has."""
        deadline, moment = time.monotonic() + DELIVERY_S, threading.Event()
        while len(self._stored(0)) < through:
            if time.monotonic() > deadline:
                return False
            moment.wait(0.05)
        return True

    def row(self, after: int) -> dict[str, Any] | None:
        """The centre's row of the last transaction that finished beyond a sequence."""
        with Session(self._engine) as session:
            found = session.scalars(
                select(TransactionRow.transaction_id)
                .where(TransactionRow.terminal == self._stand.place.id, TransactionRow.finished_sequence > after)
                .order_by(TransactionRow.finished_sequence.desc())
                .limit(1)
            ).first()
        return transaction_row(self._engine, found) if found else None

    def observe(self, after: int, seen: list[str], card: str | None, trouble: str) -> Observed:
        """Everything that a journey came to.

        :param after: the ledger's head before it.
        :param seen: which of the table's words were on the last screen.
        :param card: the card that was used.
        """
        stored = self._stored(after)
        row = self.row(after) or {}
        chip = self._stand.cards[card].file().social_security if card else None
        pin = chip.pin if chip else None
        return Observed(
            final=seen,
            entries=[_in_words(json.loads(entry.header or b"{}")) for entry in stored],
            verdicts=[entry.verdict for entry in stored],
            outcome=row.get("outcome") or "",
            reason=row.get("reason") or "",
            effects=row.get("effects") or 0,
            chip_pin=pin.digits if pin else None,
            chip_tries=pin.tries_left if pin else None,
            trouble=trouble,
        )

    def _stored(self, after: int) -> list[Entry]:
        with Session(self._engine) as session:
            return list(
                session.scalars(
                    select(Entry)
                    .where(Entry.terminal == self._stand.place.id, Entry.sequence > after)
                    .order_by(Entry.sequence)
                )
            )


def _in_words(header: dict[str, Any]) -> str:
    return f"{header.get('service')} {header.get('stage')} {header.get('outcome') or '-'}"
