"""What is asked for and done at a counter, in words that several sections of a region pack share.

A journey decides by these; a sentence that only stands on a screen is a :class:`~kiosk.policy.rule.Text`.
"""

from enum import Enum

import msgspec

from kiosk.policy.rule import Text


class Paper(Enum):
    """What has to be brought. Where a source only says "valid ID", it is :attr:`ID`."""

    ID = "id"
    """A valid ID document of the holder, 有效身份证件."""
    ID_CARD = "id_card"
    """The holder's resident ID card, 居民身份证, where no other document is named."""
    ID_COPY = "id_copy"
    CARD = "card"
    """The social security card itself."""
    CARD_COPY = "card_copy"
    OLD_MEDICAL_CARD = "old_medical_card"
    """The medical insurance or labour card before it."""
    HOUSEHOLD_REGISTER = "household_register"
    """The original, 户口本 or 户口簿."""
    HOUSEHOLD_REGISTER_COPY = "household_register_copy"
    PROXY_ID = "proxy_id"
    """The original ID of whoever acts for the holder."""
    PROXY_ID_COPY = "proxy_id_copy"
    FAMILY_ID = "family_id"
    """The ID of the family member who comes after a death."""
    MANDATE = "mandate"
    """A written authorisation; its name stands in ``proxy.form``."""
    GUARDIAN_CONSENT = "guardian_consent"
    """What a guardian signs for a child below fourteen; wanted by law, not by a pack."""
    PHOTO = "photo"
    PHOTO_FILE = "photo_file"
    PROOF_OF_CHANGE = "proof_of_change"
    """What proves the new name or number."""
    CHANGE_FORM = "change_form"
    """The region's form for changed or wrong data; its name stands in ``data_change.form``."""
    COLLECTION_SLIP = "collection_slip"
    CANCEL_NOTICE = "cancel_notice"
    BANK_NOTICE = "bank_notice"
    """What the bank hands out when a card is reported lost or asked for anew."""
    MEDICAL_HANDBOOK = "medical_handbook"
    BANK_CARD_COPY = "bank_card_copy"
    INPATIENT_RECEIPT = "inpatient_receipt"
    COST_LIST = "cost_list"
    """The list of costs of a stay."""
    STAMPED_MEDICAL_RECORD = "stamped_medical_record"
    """Copies of the inpatient record with the institution's stamp."""


class Doer(Enum):
    """Who takes a step."""

    HOLDER = "holder"
    EMPLOYER = "employer"
    FAMILY = "family"


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One of several steps that are taken in order."""

    who: Doer
    where: Text
    what: Text
    papers: tuple[Paper, ...] = ()
    """What this step wants brought."""


class Side(Enum):
    """One of the two accounts of a card."""

    SOCIAL = "social"
    BANK = "bank"


class Business(Enum):
    """What a holder may want done, and may or may not send someone else for."""

    APPLICATION = "application"
    COLLECTION = "collection"
    ACTIVATION = "activation"
    PIN_CHANGE = "pin_change"
    PIN_RESET = "pin_reset"
    TEMPORARY_LOSS = "temporary_loss"
    FORMAL_LOSS = "formal_loss"
    LOSS_LIFTING = "loss_lifting"
    REPLACEMENT = "replacement"
    DATA_CHANGE = "data_change"
    CANCELLING = "cancelling"


class ProxyPapers(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What someone brings who acts for the holder."""

    business: Business
    papers: tuple[Paper, ...]


class PhotoDemand(Enum):
    """What a photograph has to be like."""

    DARK_TOP = "dark_top"
    NO_HAT = "no_hat"
    NO_SCARF = "no_scarf"
    NO_GLASSES = "no_glasses"
    NO_JEWELLERY = "no_jewellery"
    WHITE_BACKGROUND = "white_background"
    ONE_INCH = "one_inch"
    DIGITAL = "digital"
    """A file, not a print."""
