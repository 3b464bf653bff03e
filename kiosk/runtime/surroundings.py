"""What a terminal stands on: its devices, its window, its journal, and what comes from outside."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from drivers.ports.camera import Camera
from drivers.ports.capture_unit import CaptureUnit
from drivers.ports.card_reader import CardReader
from drivers.ports.id_reader import IdReader
from drivers.ports.pin_pad import PinPad
from drivers.ports.receipt_printer import ReceiptPrinter
from kiosk.journeys.views import Scene
from kiosk.journeys.wording import Say
from kiosk.policy.country import Country
from kiosk.records.filings import Enclosure
from kiosk.records.transaction import Transaction
from kiosk.runtime.bell import Bell
from kiosk.runtime.card_making import CardMaker


class Display(Protocol):
    """What the conductor asks of a window."""

    def show(self, scene: Scene) -> None:
        """Draw a scene; the same again costs nothing."""

    def reset_preferences(self) -> None:
        """Back to the terminal's own language and type size: the next citizen is another one."""

    def words(self, sentence: Say) -> str:
        """A sentence in the language that the citizen reads, personal data masked."""


class Journal(Protocol):
    """What the conductor asks of the ledger and of the uplink's receipts."""

    def append(self, transaction: Transaction, enclosure: Enclosure | None = None) -> int:
        """Make a transaction's stage durable, and what goes with it; its sequence.

        :raises TooManyWait: too many wait with an enclosure; without one it would be taken.
        :raises LedgerFailed: it could not be.
        """

    def unsettled(self) -> Transaction | None:
        """The newest entry of a card that was left half made; None where there is none.

        :raises LedgerFailed: the ledger can't be read.
        """

    def tidy(self) -> bool:
        """Erase what the centre has signed for; whether the identity is in good standing.

        :raises LedgerFailed: the ledger can't be written.
        """


@dataclass(frozen=True, slots=True)
class ForgottenCards:
    """What a slot with a motor does with a card that nobody takes."""

    retain_after_s: float
    """Seconds at the mouth until it is taken in."""
    gives_back_at: str = ""
    """Where it is given back, in the operator's words; empty: whoever works here."""


@dataclass(frozen=True, slots=True)
class Devices:
    """What stands on this terminal."""

    card_reader: CardReader
    pin_pad: PinPad
    id_reader: IdReader | None = None
    """None where there is none: what it would do is then done otherwise or not at all."""
    receipt_printer: ReceiptPrinter | None = None
    """None where the terminal was delivered without one."""
    camera: Camera | None = None
    """None where there is none. It looks at nobody until a journey has it opened."""
    card_maker: CardMaker | None = None
    """None where no card is made."""
    capture_unit: CaptureUnit | None = None
    """The motor of the card slot; None where a hand moves the card."""
    forgotten: ForgottenCards | None = None
    """What becomes of a card that nobody takes; None: it is called for until somebody does."""
    bell: Bell | None = None
    """None where there is no loudspeaker, or none is wanted."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the conductor takes from outside; the seams of its tests."""

    monotonic: Callable[[], float]
    today: Callable[[], date]
    new_transaction_id: Callable[[], str]
    wake: Callable[[], None]
    now: Callable[[], datetime]
    """The time that stands on paper."""
    country: Country = field(default_factory=Country)
