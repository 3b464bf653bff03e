"""Ledgers for tests: their keys, a clock that is set by hand, transactions, and a look at the bytes on the disk."""

import os
import sqlite3
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kiosk.custody import StockBook, StorageSizes
from kiosk.ledger import Ledger, LedgerReader
from kiosk.records.chain import SealedEntry
from kiosk.records.custody import Movement
from kiosk.records.filings import CardApplication, Enclosure, IdentifiedBy, TakenDown
from kiosk.records.portrait import ConsentBy, FiledPortrait
from kiosk.records.sealing import open_sealed_epoch, unseal
from kiosk.records.transaction import Header, Outcome, Service, Stage, Transaction
from kiosk.records.upload import decode

TERMINAL = "t-1"
STORAGE_KEY = bytes(range(32))
CENTRE = X25519PrivateKey.from_private_bytes(bytes([9] * 32))
CARD_NUMBER = "D2143569X"
SOCIAL_SECURITY_NUMBER = "11010119900307004X"
SIZES = StorageSizes(
    hopper=20, hopper_low=2, reject_bin=3, reject_bin_high=2, retained_bin=3, retained_bin_high=2
)  # fmt: skip


class SetClock:
    """A clock that stands still until it is set; seconds since 1970 UTC."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def create(folder: Path, clock: SetClock | None = None) -> Ledger:
    """A new ledger of the test terminal."""
    return Ledger.create(folder, TERMINAL, STORAGE_KEY, CENTRE.public_key(), clock or SetClock())


def reopen(folder: Path, clock: SetClock | None = None) -> Ledger:
    """The same ledger again."""
    return Ledger.open(folder, TERMINAL, STORAGE_KEY, CENTRE.public_key(), clock or SetClock())


def transaction(number: int, stage: Stage = Stage.FINISHED, reason: str = "") -> Transaction:
    """A synthetic transaction; the same number is the same transaction."""
    return Transaction(
        transaction_id=f"{number:032x}", service=Service.PIN_CHANGE, stage=stage,
        outcome=Outcome.DONE if stage is Stage.FINISHED else None, reason=reason, region="beijing",
        social_security_number=SOCIAL_SECURITY_NUMBER, card_number=CARD_NUMBER, identification_code="0" * 32,
    )  # fmt: skip


def fill(ledger: Ledger, count: int) -> None:
    """Append ``count`` finished transactions."""
    for number in range(count):
        ledger.append(transaction(number), offset_ms=0)


def book_of(ledger: Ledger, clock: SetClock | None = None, sizes: StorageSizes = SIZES) -> StockBook:
    """The book of the blanks of a ledger's terminal."""
    return StockBook(ledger, "beijing", sizes, clock=clock or SetClock(), offset_ms=lambda: 0)


def opened_by_centre(reader: LedgerReader, entry: SealedEntry) -> Transaction:
    """What the centre reads in an entry with its private key."""
    return decode(_unsealed(reader, entry), Transaction)


def movement_opened_by_centre(reader: LedgerReader, entry: SealedEntry) -> Movement:
    """The same of a movement of blanks."""
    return decode(_unsealed(reader, entry), Movement)


def _unsealed(reader: LedgerReader, entry: SealedEntry) -> bytes:
    header = decode(entry.header, Header)
    (sealed,) = reader.epochs([header.epoch])
    return unseal(entry, reader.ledger_id, open_sealed_epoch(sealed, reader.ledger_id, CENTRE))


def bytes_on_disk(folder: Path) -> bytes:
    """All bytes of all files of a ledger."""
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


def change(folder: Path, statement: str, *values: object) -> None:
    """What someone with a database tool does to a closed ledger."""
    db = sqlite3.connect(folder / "ledger.db")
    with db:
        db.execute(statement, values)
    db.close()


def enclosed_filing(number: int) -> tuple[Transaction, Enclosure]:
    """An application that waits for the centre, and the sealed portrait that goes with it: random bytes."""
    application = Transaction(
        transaction_id=f"{number:032x}", service=Service.CARD_APPLICATION, stage=Stage.FINISHED,
        outcome=Outcome.RECORDED, reason="centre_unreachable", region="yunling",
        social_security_number=SOCIAL_SECURITY_NUMBER, holder_name="王晓萌", identified_by=IdentifiedBy.ID_CARD,
        card_number="", identification_code="", filing=TakenDown(matter=CardApplication()),
    )  # fmt: skip
    portrait = FiledPortrait(sealed=os.urandom(20_000), consent_by=ConsentBy.HOLDER, consent_text="portrait-2")
    return application, Enclosure(portrait=portrait)


def files_of(folder: Path) -> list[Path]:
    """The enclosures' files of a ledger."""
    return sorted((folder / "enclosures").iterdir()) if (folder / "enclosures").is_dir() else []
