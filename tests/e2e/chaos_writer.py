"""``python -m tests.e2e.chaos_writer STATE TERMINAL CENTRE_KEY RECEIPT_KEY_ID RECEIPT_KEY``: the campaign's terminal.

Does to the real ledger what a terminal does, at random, until it is killed: begins and finishes PIN changes, leaves
some unfinished, closes those, erases what the centre has signed for. An entry is printed only after the ledger has
acknowledged it.
"""

import logging
import os
import random
import sys
import threading
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from kiosk.central_client import ClockOffset
from kiosk.ledger import Ledger
from kiosk.records.transaction import Outcome, Service, Stage, Transaction
from kiosk.runtime.journal import DurableJournal

STORAGE_KEY = bytes(range(32))
PAUSE_S = 0.002
"""Leaves the two cores of a small machine to the uplink as well."""


def main(state: Path, terminal: str, centre_key: str, receipt_key_id: str, receipt_key: str) -> None:
    """Write for ever."""
    logging.disable()
    keys = {receipt_key_id: Ed25519PublicKey.from_public_bytes(bytes.fromhex(receipt_key))}
    offset = ClockOffset(state / "clock_offset")
    chance = random.Random()
    centre = X25519PublicKey.from_public_bytes(bytes.fromhex(centre_key))
    ledger = Ledger.open(state / "ledger", terminal, STORAGE_KEY, centre)
    if ledger.damage_at_open:
        raise SystemExit(f"{len(ledger.damage_at_open)} entries are damaged")
    journal = DurableJournal(lambda: ledger, offset, state / "receipts", terminal, keys)
    pace = threading.Event()

    def acknowledge() -> None:
        head = ledger.head()
        if head.sequence:
            os.write(1, f"{head.sequence} {head.hash.hex()}\n".encode())

    while True:
        journal.tidy()
        acknowledge()
        for _ in range(chance.randint(1, 60)):
            number = os.urandom(16).hex()
            stages = chance.choice([(Stage.FINISHED,), (Stage.BEGUN, Stage.FINISHED), (Stage.BEGUN,)])
            for stage in stages:
                journal.append(_pin_change(number, stage))
                acknowledge()
            pace.wait(PAUSE_S)


def _pin_change(number: str, stage: Stage) -> Transaction:
    return Transaction(
        transaction_id=number,
        service=Service.PIN_CHANGE,
        stage=stage,
        outcome=Outcome.DONE if stage is Stage.FINISHED else None,
        region="zhumadian",
        card_number="T41170015",
        identification_code="411700D1560000050000000000001001",
        pin_held_by="chip",
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:6])
