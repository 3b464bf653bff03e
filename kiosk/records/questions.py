"""What a journey asks the centre while the citizen waits, and the answers. Paths stand in docs/protocol.md."""

from enum import Enum
from typing import Annotated

import msgspec

from kiosk.records.card import CardState
from kiosk.records.china_time import Moment
from kiosk.records.filings import IdentifiedBy
from kiosk.records.settlement import RECEIPTS_TOLD, YEARS_TOLD, MedicalYear, SettlementReceipt


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
    medical_years: Annotated[list[MedicalYear], msgspec.Meta(max_length=YEARS_TOLD)] = []
    """The newest calendar years, newest first."""
    receipts: Annotated[list[SettlementReceipt], msgspec.Meta(max_length=RECEIPTS_TOLD)] = []
    """The newest receipts, newest first."""

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


class ReportLoss(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/loss-reports. Someone without a card at hand reports the social side of their card lost for now."""

    transaction_id: str
    region: str
    """The terminal's own; only cards of this region are found."""
    social_security_number: str
    """AAC002, as typed or read."""
    name: str
    """AAC003, as typed or read; must be the holder's, letter by letter and character by character."""
    identified_by: IdentifiedBy

    def __repr__(self) -> str:
        return "<ReportLoss>"


class LossVerdict(Enum):
    """What became of a temporary loss report."""

    REPORTED = "reported"
    ALREADY_REPORTED = "already_reported"
    """A temporary report stands; nothing changed, its term runs on."""
    FORMALLY_LOST = "formally_lost"
    NOT_ACTIVATED = "not_activated"
    """The only card was never activated."""
    CANCELLED = "cancelled"
    REPLACED = "replaced"
    """The card was replaced by a new one: the old one is dead already."""
    REPLACEMENT_RUNNING = "replacement_running"
    """A new card is being made, and the old one is stopped already."""
    ID_CARD_WANTED = "id_card_wanted"
    """Number and name were typed, and the region's rules want a card seen. Told before anybody is looked for."""
    UNKNOWN = "unknown"
    """No such holder here. Does not tell a wrong name from a wrong number."""


class LossReported(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The verdict. The same transaction id asked again gets the same verdict and changes nothing twice."""

    verdict: LossVerdict
    reported_at_ms: Moment | None = None
    """With REPORTED and ALREADY_REPORTED: the centre's clock, milliseconds since 1970 UTC."""
    lapses_at_ms: Moment | None = None
    """When the report lifts by itself; None where the region's rules state no term."""
    bank: str = ""
    """AAE008, whose line stops the bank side; empty where the card has none."""
    e_card_stopped: bool = False
    """The electronic card has stopped with it; False where the region's rules do not say so."""


class ReportFormalLoss(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/formal-loss-reports. Someone without a card at hand reports it lost for good."""

    transaction_id: str
    region: str
    """The terminal's own; only cards of this region are found."""
    social_security_number: str
    """AAC002."""
    name: str
    """AAC003; must be the holder's, as in :class:`ReportLoss`."""
    identified_by: IdentifiedBy

    def __repr__(self) -> str:
        return "<ReportFormalLoss>"


class FormalLossVerdict(Enum):
    """What became of a formal loss report."""

    REPORTED = "reported"
    FORMALLY_LOST = "formally_lost"
    """It was made before; nothing changed."""
    NOT_ACTIVATED = "not_activated"
    """The only card was never activated."""
    CANCELLED = "cancelled"
    REPLACED = "replaced"
    REPLACEMENT_RUNNING = "replacement_running"
    """A new card is being made, and the old one has ended already."""
    NOT_OPEN = "not_open"
    """The region's rules let no terminal do it."""
    ID_CARD_WANTED = "id_card_wanted"
    """Number and name were typed: what nobody takes back wants a card seen, whatever the region."""
    UNKNOWN = "unknown"
    """No such holder here. Does not tell a wrong name from a wrong number."""


class FormalLossReported(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The verdict. The same transaction id asked again gets the same verdict and changes nothing twice."""

    verdict: FormalLossVerdict
    reported_at_ms: Moment | None = None
    """With REPORTED and FORMALLY_LOST: the centre's clock, milliseconds since 1970 UTC."""
    temporary_at_ms: Moment | None = None
    """When the temporary report was made that stood until now; None without one."""
    bank: str = ""
    """AAE008, as in :class:`LossReported`."""
    e_card_stopped: bool = False
    """As in :class:`LossReported`."""


class LiftLoss(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/card-sessions/{id}/loss-lifting. The card is found and has proved itself: lift the temporary report."""

    transaction_id: str
    pin_block: bytes | None = None
    """Where the centre holds the PIN."""
    pad_serial: str = ""


class LiftLossWithoutCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/loss-liftings. The card is found and lies elsewhere: its holder has the temporary report lifted.

    The answer is :class:`LossLifted`; no PIN is asked for.
    """

    transaction_id: str
    region: str
    """The terminal's own; only cards of this region are found."""
    social_security_number: str
    """AAC002."""
    name: str
    """AAC003; must be the holder's, as in :class:`ReportLoss`."""
    identified_by: IdentifiedBy

    def __repr__(self) -> str:
        return "<LiftLossWithoutCard>"


class LiftVerdict(Enum):
    """What became of taking a loss report back."""

    LIFTED = "lifted"
    NOT_REPORTED = "not_reported"
    """No report stands: none was made, or its term has run out."""
    FORMALLY_LOST = "formally_lost"
    """A written report is final."""
    REPLACED = "replaced"
    REPLACEMENT_RUNNING = "replacement_running"
    """A new card is being made: from its acceptance on the old one is not let go."""
    CANCELLED = "cancelled"
    NOT_OPEN = "not_open"
    """The region's rules do not let a terminal lift it."""
    ID_CARD_WANTED = "id_card_wanted"
    """Without a card: number and name were typed, and what lets a card work again wants an ID card seen, whatever the
    region. Told before anybody is looked for."""
    UNKNOWN = "unknown"
    """Without a card: no such holder here. Does not tell a wrong name from a wrong number."""


class LossLifted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The verdicts on PIN and lifting. The same transaction id asked again gets the same, and changes nothing twice."""

    pin: PinVerdict
    pin_tries_left: int | None = None
    verdict: LiftVerdict | None = None
    """None where the PIN was not accepted."""


class ExamineCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/card-sessions/{id}/examination. What keeps a proved card from working? No PIN is asked for."""

    transaction_id: str
    name: str
    """AAC003 as the chip has it; the centre tells whether it is its own, never what its own is."""

    def __repr__(self) -> str:
        return "<ExamineCard>"


class BenefitsBlock(Enum):
    """Why a hospital can't settle with a card that works (zhumadian-2019 §5.10)."""

    WRONG_PERSONAL_DATA = "wrong_personal_data"
    """What was taken down of the person when they were insured is wrong."""
    REGISTRATION_NOT_ARRIVED = "registration_not_arrived"
    """The registration for care elsewhere has not arrived where the care is given."""
    BENEFITS_BLOCKED = "benefits_blocked"
    """The place of insurance has stopped the benefits."""
    DATES_DISAGREE = "dates_disagree"
    """A referral is registered for other days than those of the stay."""


class CardExamined(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What whoever holds a card may know of it. The same transaction id asked again gets the same.

    Of a card that is lost, replaced or cancelled nothing but that is told: who holds it need not be its holder.
    """

    card_state: CardState
    """AAZ502."""
    lapses_at_ms: Moment | None = None
    """When a temporary report lifts by itself; None where none stands, or where the region's rules state no term."""
    replaced: bool = False
    """Another card was made in its place."""
    bank_side_active: bool | None = None
    """None where the card has no bank side."""
    pin_repeated: bool | None = None
    """The PIN that was carried over from an older card is one digit all through; None where the centre has not kept
    that."""
    benefits_blocked: BenefitsBlock | None = None
    name_agrees: bool | None = None
    """Whether the chip's name is the one that the centre has. The numbers were compared in the proof."""


class GetWorkingKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/working-keys. A key for one PIN pad, under that pad's master key."""

    pad_serial: str


class WorkingKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """See :class:`drivers.ports.pin_pad.WrappedKey`."""

    cipher: bytes
    check_value: bytes
