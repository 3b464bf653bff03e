"""What was done for a citizen: the plaintext of a ledger entry."""

from enum import Enum
from typing import Final

import msgspec

from kiosk.records.filings import IdentifiedBy, TakenDown
from kiosk.records.portrait import Consent

SCHEMA_VERSION: Final = 1


class Service(Enum):
    """What a citizen can ask for."""

    CARD_QUERY = "card_query"
    PIN_CHANGE = "pin_change"
    TEMPORARY_LOSS = "temporary_loss"
    """预挂失, 临时挂失, 口头挂失: the card is gone, its social side stops for now."""
    LOSS_LIFTING = "loss_lifting"
    """撤销预挂失, 解挂: the card is found again."""
    CARD_APPLICATION = "card_application"
    """申领: a first card."""
    OFFSITE_CARE = "offsite_care"
    """异地就医备案: care away from the place of insurance."""
    DATA_CHANGE = "data_change"
    """个人信息变更."""
    CANCELLING = "cancelling"
    """注销: the card is given up."""
    FILING_PROGRESS = "filing_progress"
    """How far an application or another matter has come."""
    PAPERS = "papers"
    """Temporary card, medical slip, certificates."""
    CARD_EXAMINATION = "card_examination"
    """Why does my card not work? Changes nothing and asks for no PIN."""
    FORMAL_LOSS = "formal_loss"
    """正式挂失, 书面挂失: the card is gone for good."""
    ASK_HANDBOOK = "ask_handbook"
    """What the handbook states. Nobody is identified, so no entry is written."""
    CARD_ACTIVATION = "card_activation"
    """启用, 激活: the social side of a new card is started."""
    CARD_REPLACEMENT = "card_replacement"
    """补卡, 换卡: a new card in place of another, made here or ordered."""


class Stage(Enum):
    """Where in a transaction an entry was written. An irrevocable step is recorded before and after."""

    BEGUN = "begun"
    STEP = "step"
    """On the way: what is being done now, or has been; :attr:`Transaction.step` says what."""
    FINISHED = "finished"
    CONSENT = "consent"
    """What was said to a portrait's being taken; as often as it was said. Changes nothing."""
    CARD_KEPT = "card_kept"
    """A card that nobody took, before and after the slot's motor takes it in; ``reason`` says how far it has come.

    Whose it is may not be known. Changes nothing."""


class IssuanceStep(Enum):
    """How far a new card has come. What can't be undone stands twice: before it and after it."""

    RESERVED = "reserved"
    FEE_ORDERED = "fee_ordered"
    FEE_PAID = "fee_paid"
    PERSONALISING = "personalising"
    PERSONALISED = "personalised"
    PRINTING = "printing"
    PRINTED = "printed"
    READ_BACK = "read_back"
    """Chip and order agree."""
    HOLDING_OLD_CARD = "holding_old_card"
    OLD_CARD_HELD = "old_card_held"
    SWITCHING = "switching"
    """The centre is asked for the point of no return."""
    SWITCHED = "switched"
    OLD_CARD_RETAINED = "old_card_retained"
    REJECTING = "rejecting"
    """The spoilt blank is about to go into the reject bin."""
    RETAINING = "retaining"
    """The card that nobody took is about to go into the retained bin."""
    RETURNING_OLD_CARD = "returning_old_card"
    OLD_CARD_RETURNED = "old_card_returned"
    COMMITTED = "committed"
    ABANDONED = "abandoned"


class Outcome(Enum):
    """How a transaction ended."""

    DONE = "done"
    PARTLY_DONE = "partly_done"
    """Only the chip's own data could be shown."""
    RECORDED = "recorded"
    """Taken down without the centre; takes effect when the entry arrives there, or is found superseded."""
    REFUSED = "refused"
    """A rule or a check said no; ``reason`` says which."""
    CANCELLED = "cancelled"
    """The citizen ended it, walked away, or took the card."""
    FAILED = "failed"
    """A device or the centre failed before anything changed."""
    UNKNOWN = "unknown"
    """Something may have changed and no answer came; the centre or staff must look."""


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What of an entry stays readable on the terminal and on the way. Holds nothing personal."""

    service: str
    stage: str
    outcome: str | None
    region: str
    created_ms: int
    """Terminal clock, milliseconds since 1970 UTC."""
    clock_offset_ms: int
    """Centre's clock minus terminal's, as last told by a signed answer."""
    epoch: int
    """Which epoch key sealed the content key."""


class Transaction(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, repr_omit_defaults=True):
    """One stage of one transaction. Field codes of Chinese social-security systems stand beside the names."""

    schema: int = SCHEMA_VERSION
    transaction_id: str
    """32 hex characters, random; the same for every stage and for the online request that did the work."""
    service: Service
    stage: Stage
    step: IssuanceStep | None = None
    """With stage STEP only."""
    outcome: Outcome | None = None
    """None unless ``stage`` is FINISHED."""
    reason: str = ""
    """A machine word such as ``pin_locked``; empty when done. An examination names what it found, the gravest first,
    with commas between."""
    region: str
    """Pack key: ``beijing``."""
    social_security_number: str = ""
    """AAC002; empty when a closed chip did not give it."""
    holder_name: str = ""
    """AAC003 as the citizen typed it, or as their ID card has it; empty where a social security card was there to say
    it."""
    identified_by: IdentifiedBy | None = None
    """Of a loss report or a filing taken down: how its holder was identified. None elsewhere, and in entries older than
    this field."""
    proxy_number: str = ""
    """AAE135 of who acted for the holder; empty where the holder did."""
    proxy_name: str = ""
    card_number: str
    """AAZ500; empty where no card was at hand."""
    identification_code: str
    """AAZ501; empty where no card was at hand."""
    assumed_card_state: str = ""
    """AAZ502 as the centre last told it in this transaction, or as an offline entry takes it to be; else empty."""
    pin_held_by: str = ""
    """``chip`` or ``centre`` for a PIN service."""
    done_online: bool = False
    """The centre has already done it under this transaction id; the entry must change nothing again."""
    rule: str = ""
    """The pack's rule that decided, such as ``pin.tries``."""
    consent: Consent | None = None
    """With stage CONSENT, and with no other."""
    filing: TakenDown | None = None
    """What is filed by this entry, with the outcome RECORDED of a matter for an office, and with no other."""

    def __repr__(self) -> str:
        return f"<Transaction {self.service.value} {self.stage.value} {self.transaction_id[:8]}>"
