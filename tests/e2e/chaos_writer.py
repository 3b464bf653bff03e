"""``python -m tests.e2e.chaos_writer FOLDER TERMINAL CENTRE_KEY``: the terminal of tests/e2e/chaos.py.

Appends PIN changes until it is killed, and prints each only after the ledger has acknowledged it.
"""

import os
import sys
import threading
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from kiosk.ledger import Ledger
from kiosk.records.transaction import Outcome, Service, Stage, Transaction

STORAGE_KEY = bytes(range(32))
PAUSE_S = 0.002
"""Leaves the two cores of a small machine to the uplink as well."""


def main(folder: Path, terminal: str, centre_key: str) -> None:
    ledger = Ledger.open(folder, terminal, STORAGE_KEY, X25519PublicKey.from_public_bytes(bytes.fromhex(centre_key)))
    pace = threading.Event()
    while not pace.wait(PAUSE_S):
        appended = ledger.append(
            Transaction(
                transaction_id=os.urandom(16).hex(),
                service=Service.PIN_CHANGE,
                stage=Stage.FINISHED,
                outcome=Outcome.DONE,
                region="zhumadian",
                card_number="T41170015",
                identification_code="411700D1560000050000000000001001",
                pin_held_by="chip",
            ),
            offset_ms=0,
        )
        os.write(1, f"{appended.sequence} {appended.hash.hex()}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
