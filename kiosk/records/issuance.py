"""A new card made while its holder waits: what a terminal asks the centre at each step, and the answers.

All of it belongs to one transaction id, which is at most one new card. The same question again gets the same answer and
changes nothing twice. The point of no return is :class:`SwitchCards`.
"""

from enum import Enum
from typing import Annotated, Final

import msgspec

from kiosk.records.card import ReplacementReason
from kiosk.records.china_time import Moment
from kiosk.records.filings import IdentifiedBy

__all__ = ["ReplacementReason"]

SERVICE: Final = "card_replacement"
"""What such a transaction is called among the services of a terminal."""
TOKEN_HEADING: Final = b"card-terminal issuance token v1\n"

IdentificationCode = Annotated[str, msgspec.Meta(pattern=r"\A[0-9A-F]{32}\Z")]
"""AAZ501, 16 bytes as upper-case hex."""
Fen = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class ReserveIssuance(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/issuances. Somebody wants a new card in place of another, here and now."""

    transaction_id: str
    region: str
    social_security_number: str
    """AAC002."""
    name: str
    """AAC003 as the card or the ID card has it."""
    identified_by: IdentifiedBy
    reason: ReplacementReason
    """AAE160."""
    identification_code: IdentificationCode | None = None
    """AAZ501 of the old card where its chip could be read; None where it is lost or dead."""

    def __repr__(self) -> str:
        return "<ReserveIssuance>"


class IssuanceVerdict(Enum):
    """Whether a new card may be made."""

    RESERVED = "reserved"
    UNKNOWN = "unknown"
    """No such holder, or another name: which of these is not told."""
    ID_CARD_WANTED = "id_card_wanted"
    """Number and name were typed, or the lost card itself was named as proof."""
    NEEDS_GUARDIAN = "needs_guardian"
    """The holder is a child."""
    NOT_OPEN = "not_open"
    """The region's rules let no terminal make a card, or not for this reason."""
    INCOMPLETE = "incomplete"
    """The centre lacks something of the holder that the chip must carry."""
    NO_PAYMENT = "no_payment"
    """It costs something, and this centre has nobody who takes the money."""
    NO_CARD = "no_card"
    """The holder has no card here that a new one could replace."""
    NOT_ACTIVATED = "not_activated"
    CANCELLED = "cancelled"
    REPLACED = "replaced"
    REPORTED_LOST = "reported_lost"
    """The card is reported lost: a new one is made for that reason only."""
    ANOTHER_CARD = "another_card"
    """Another card of the holder works, or may work again: nobody has two."""
    RUNNING = "running"
    """A new card is being made already, by an office or at some terminal."""
    WAITS = "waits"
    """A new card was made and waits to be collected."""


class CardOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What chip and face of the new card must carry."""

    name: str
    """AAC003."""
    social_security_number: str
    """AAC002."""
    sex: str
    """AAC004."""
    ethnic_group: str
    """AAC005, ``01`` to ``56``."""
    birthplace: str
    """GB/T 2260, six digits."""
    birth_date: str
    """AAC006, YYYY-MM-DD."""
    card_number: str
    """AAZ500, with its check character."""
    issued_on: str
    """YYYY-MM-DD, the day in China on which it was reserved."""
    expires_on: str
    """YYYY-MM-DD."""
    card_class: str
    """One character."""
    norm_version: str
    """AAZ508, such as ``2.00``."""
    region_code: str
    """AAB301, GB/T 2260, six digits."""
    bank: str
    """AAE008, of the bank whose side the blank brings; empty where it has none."""

    def __repr__(self) -> str:
        return "<CardOrder>"


class IssuanceReserved(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The verdict, and with RESERVED what is to be made."""

    verdict: IssuanceVerdict
    order: CardOrder | None = None
    fee_fen: Fen | None = None
    """With RESERVED: what it costs; 0 is free, and then no step of the fee follows."""
    expires_at_ms: Moment | None = None
    """With RESERVED: until when the next step must be taken, milliseconds since 1970 UTC. Each step gives time anew."""
    place: str = ""
    """With WAITS: where the card is."""

    def __repr__(self) -> str:
        return f"<IssuanceReserved {self.verdict.value}>"


class OrderFee(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/issuances/fee-order. Have the fee asked for; the centre alone knows how much it is."""

    transaction_id: str


class FeeOrdered(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the person pays by."""

    code_url: str
    """Shown as a QR code, and good for this one payment."""
    fee_fen: Fen
    expires_at_ms: Moment
    """After that nobody can pay by it; what comes nevertheless is honoured or goes back."""

    def __repr__(self) -> str:
        return "<FeeOrdered>"


class AskFee(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/issuances/fee. How far the fee has come: the centre asks who takes the money before it answers."""

    transaction_id: str


class FeeStanding(Enum):
    """How far a fee has come."""

    FREE = "free"
    NOT_ORDERED = "not_ordered"
    PENDING = "pending"
    PAID = "paid"
    CLOSED = "closed"
    """Not paid, and it can't be any more."""
    REFUND_PENDING = "refund_pending"
    REFUNDED = "refunded"


class FeeState(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The centre's word on the fee."""

    standing: FeeStanding
    fee_fen: Fen


class RequestToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/issuances/token. May a blank be fed?"""

    transaction_id: str


class IssuanceToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The centre's leave to feed one blank, for one job at one terminal. Asked again it is the same token."""

    job_id: str
    """The transaction id."""
    terminal: str
    expires_at_ms: Moment
    signature: bytes
    """Ed25519 by the key that signs the centre's answers, over :func:`token_bytes`."""

    def __repr__(self) -> str:
        return f"<IssuanceToken {self.job_id[:8]}>"


def token_bytes(job_id: str, terminal: str, expires_at_ms: int) -> bytes:
    """What the centre signs of a token: its heading, job, terminal and end, a line each but for the last."""
    return TOKEN_HEADING + f"{job_id}\n{terminal}\n{expires_at_ms}".encode()


class RegisterBlank(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/issuances/blank. The blank that was fed has told who it is."""

    transaction_id: str
    identification_code: IdentificationCode
    """AAZ501 of the blank, as its chip says."""
    bank_account: Annotated[str, msgspec.Meta(pattern=r"\A(\*{4}[0-9]{4})?\Z")] = ""
    """AAE010, masked to its last four digits, where the blank's bank side tells it."""

    def __repr__(self) -> str:
        return "<RegisterBlank>"


class BlankVerdict(Enum):
    """What the centre makes of a blank."""

    REGISTERED = "registered"
    KNOWN_CARD = "known_card"
    """That is somebody's card."""
    USED_BLANK = "used_blank"
    """It was fed for another transaction."""
    ANOTHER_BLANK = "another_blank"
    """This transaction has its blank: a job feeds once."""


class BlankRegistered(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The verdict. Only a blank that is registered may be written to."""

    verdict: BlankVerdict


class BlankPurpose(Enum):
    """What a blank's chip is to be opened for."""

    WRITING = "writing"
    """By its personalisation key, before it is somebody's card."""
    READING_BACK = "reading_back"
    """By its external key, afterwards: from norm 3.00 on a chip shows its holder to nobody else."""


class AuthenticateBlank(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/issuances/blank-authentication. The chip's challenge, before it lets itself be written to or read."""

    transaction_id: str
    challenge: bytes
    """8 bytes of a 3DES card, 16 of an SM4 card."""
    purpose: BlankPurpose = BlankPurpose.WRITING


class BlankAuthenticated(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the chip wants in EXTERNAL AUTHENTICATE with the key for that purpose."""

    cryptogram: bytes


class SwitchCards(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/issuances/switch. The new card is made and was read back: let it take the old one's place.

    The point of no return: before it the new card is a dead thing, after it the old one.
    """

    transaction_id: str
    identification_code: IdentificationCode
    """AAZ501 as it was read back from the new card."""
    old_card_kept: bool
    """The terminal has taken the old card in. A card that is not reported lost is never left with its holder."""

    def __repr__(self) -> str:
        return "<SwitchCards>"


class SwitchVerdict(Enum):
    """What became of the switch. With any other word than SWITCHED nothing has changed, and the terminal abandons."""

    SWITCHED = "switched"
    CANCELLED = "cancelled"
    """An office has ended the old card meanwhile."""
    ANOTHER_CARD = "another_card"
    """Another card of the holder has been started meanwhile."""


class CardsSwitched(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The verdict, and with SWITCHED what the new card is now."""

    verdict: SwitchVerdict
    switched_at_ms: Moment | None = None
    sealed: bool = False
    """The new card must still be started, elsewhere."""


class NewCardFate(Enum):
    """Where a new card went after the switch."""

    TAKEN = "taken"
    RETAINED = "retained"
    """Nobody took it: it lies in the terminal."""
    UNKNOWN = "unknown"
    """The terminal can't tell: it had no power, or a sensor failed."""


class CommitIssuance(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/issuances/commit. After the switch: where the new card went."""

    transaction_id: str
    fate: NewCardFate


class IssuanceStage(Enum):
    """How far an issuance has come."""

    RESERVED = "reserved"
    TOKEN_GIVEN = "token_given"  # noqa: S105 - a word of the protocol
    BLANK_REGISTERED = "blank_registered"
    PERSONALISING = "personalising"
    SWITCHED = "switched"
    COMMITTED = "committed"
    ABANDONED = "abandoned"
    """Ended before the switch, by the terminal or because its time was over: the old card is what it was."""
    OPEN_CASE = "open_case"
    """Switched, and the new card is not known to be with its holder: staff see to it."""


class IssuanceCommitted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What comes of it."""

    stage: IssuanceStage
    """COMMITTED, or OPEN_CASE."""
    place: str = ""
    """With OPEN_CASE: where the holder collects the card."""


class AbandonedWhy(Enum):
    """Why no card is made after all."""

    CITIZEN = "citizen"
    """Not wanted any more, or gone."""
    FEE = "fee"
    """Not paid in time."""
    DEVICE = "device"
    BLANK = "blank"
    """The blank is used, dead, or did not read back what was ordered."""
    REFUSED = "refused"
    """The centre said no at a later step."""
    NO_ANSWER = "no_answer"
    """The centre did not answer a later step."""
    RESTART = "restart"
    """The terminal has started anew."""


class BlankFate(Enum):
    """Where the blank of an issuance that was abandoned went."""

    NOT_FED = "not_fed"
    REJECTED = "rejected"
    """It lies in the reject bin."""
    UNKNOWN = "unknown"


class AbandonIssuance(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/issuances/abandon. Before the switch: no card is made. What was paid goes back."""

    transaction_id: str
    why: AbandonedWhy
    blank: BlankFate


class AbandonVerdict(Enum):
    """What became of it."""

    ABANDONED = "abandoned"
    SWITCHED = "switched"
    """Too late: the new card is the valid one, and the terminal commits where it went."""


class IssuanceAbandoned(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The verdict. How the refund comes on :class:`AskFee` tells."""

    verdict: AbandonVerdict


class AskIssuance(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/issuances/standing. What the centre believes: for a terminal that has lost an answer, or its power."""

    transaction_id: str


class IssuanceStanding(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the centre believes. Changes nothing but what had run out."""

    stage: IssuanceStage
    fee: FeeState
    blank: str = ""
    """AAZ501 of the blank that was registered; empty without one."""
    sealed: bool = False
    """After the switch: the new card must still be started, elsewhere."""
    place: str = ""
    """With OPEN_CASE: where the card is collected."""

    def __repr__(self) -> str:
        return f"<IssuanceStanding {self.stage.value}>"
