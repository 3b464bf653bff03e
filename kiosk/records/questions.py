"""What a journey asks the centre while the citizen waits, and the answers. Paths stand in docs/protocol.md."""

from enum import Enum

import msgspec

from kiosk.records.card import CardState


class OpenCardSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/card-sessions. A card asks to be believed; nothing is disclosed yet."""

    transaction_id: str
    region: str
    identification_code: str
    card_number: str
    norm_version: str


class CardSessionOpened(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The centre's challenge, good once and for two minutes."""

    session_id: str
    challenge: bytes
    """8 bytes for 3DES cards, 16 for SM4 cards."""


class AuthenticateTerminal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/card-sessions/{id}/terminal-authentication. A 3.0 card's challenge, to open EF06."""

    challenge: bytes


class TerminalAuthenticated(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the card wants in EXTERNAL AUTHENTICATE."""

    cryptogram: bytes


class ProveCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/card-sessions/{id}/card-proof. The chip's answer to the centre's challenge."""

    cryptogram: bytes
    social_security_number: str


class CardProof(Enum):
    """What the centre makes of the proof."""

    GENUINE = "genuine"
    NOT_GENUINE = "not_genuine"
    """The answer is not this card's: a copy, or a replay. The session is over and staff are told."""
    UNKNOWN_CARD = "unknown_card"
    HOLDER_MISMATCH = "holder_mismatch"
    """The chip is genuine; the number in it is not the one the centre has for this card."""


class CardProved(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The verdict, and with GENUINE what the journey must know before it asks for a PIN."""

    proof: CardProof
    card_state: CardState | None = None
    """AAZ502; None when the card was not believed."""
    pin_is_initial: bool | None = None
    """For a PIN held by the centre: never changed yet. None where the chip holds it."""
    pin_tries_left: int | None = None
    """For a PIN held by the centre: tries left, 0 = locked."""


class GetRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/card-sessions/{id}/record. The centre's part of a card query."""

    transaction_id: str
    pin_block: bytes | None = None
    """ISO 9564 format 3 under the pad's working key, where the centre holds the PIN."""
    pad_serial: str = ""


class PinVerdict(Enum):
    """How the centre answers a PIN that it holds."""

    ACCEPTED = "accepted"
    NOT_ASKED = "not_asked"
    WRONG = "wrong"
    LOCKED = "locked"
    UNREADABLE = "unreadable"
    """The block does not open: the pad's working key is not the centre's. Spends no try."""


class InsuranceStatus(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One kind of insurance (AAE140) and whether it is being paid."""

    kind: str
    """``pension``, ``medical``, ``unemployment``, ``work_injury`` or ``maternity``."""
    active: bool
    paid_until: str
    """Month YYYY-MM, empty when never paid."""


class HolderRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the centre knows of the card's holder. Money in fen (1/100 yuan)."""

    name: str
    """AAC003."""
    social_security_number: str
    """AAC002."""
    card_number: str
    """AAZ500."""
    card_state: CardState
    """AAZ502."""
    person_state: str
    """AAC008: ``1`` insured, ``2`` paused, ``4`` ended."""
    medical_account_fen: int | None
    """Balance of the personal medical account, the social side's own; None where the centre keeps none."""
    medical_account_as_of: str
    """Date YYYY-MM-DD of that balance; empty without one."""
    bank: str
    """AAE008, the issuing bank's name; empty where the card has no bank side."""
    bank_account: str
    """AAE010, masked to its last four digits by the centre; the bank's balance is not known here."""
    bank_side_active: bool
    insurances: list[InsuranceStatus]

    def __repr__(self) -> str:
        return "<HolderRecord>"


class RecordAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The record, or why not."""

    pin: PinVerdict
    pin_tries_left: int | None = None
    record: HolderRecord | None = None


class ChangeCentrePin(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/card-sessions/{id}/pin-change. Three blocks, since a terminal can't compare what it can't read."""

    transaction_id: str
    old: bytes
    new: bytes
    repeated: bytes
    pad_serial: str
    accept_weak: bool = False
    """The citizen was told that the new PIN is easy to guess and keeps it, where the region's rule lets them."""


class PinChange(Enum):
    """What became of a change of a PIN that the centre holds."""

    CHANGED = "changed"
    WRONG = "wrong"
    LOCKED = "locked"
    MISMATCH = "mismatch"
    """New and repeated PIN differ; spends no try."""
    SAME = "same"
    WEAK = "weak"
    """Easy to guess and not yet accepted as such; spends no try."""
    UNREADABLE = "unreadable"


class PinChanged(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The verdict. The same transaction id asked again gets the same verdict and changes nothing twice."""

    change: PinChange
    pin_tries_left: int | None = None


class GetWorkingKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/working-keys. A key for one PIN pad, under that pad's master key."""

    pad_serial: str


class WorkingKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """See :class:`drivers.ports.pin_pad.WrappedKey`."""

    cipher: bytes
    check_value: bytes
