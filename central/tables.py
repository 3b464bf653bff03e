"""Tables of the centre. Comments carry the field codes of Chinese social-security systems.

Times are milliseconds since 1970 UTC by the centre's clock, money is fen (1/100 yuan).
"""

from typing import Annotated

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Milliseconds = Annotated[int, mapped_column(BigInteger)]
Fen = Annotated[int, mapped_column(BigInteger)]
Count = Annotated[int, mapped_column(BigInteger)]


class Base(DeclarativeBase):
    """Common ground of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: Text(), bytes: LargeBinary(), bool: Boolean(), int: BigInteger()}  # noqa: RUF012 - SQLAlchemy's own declaration


class Terminal(Base):
    """A terminal that was enrolled."""

    __tablename__ = "terminals"

    id: Mapped[str] = mapped_column(primary_key=True)
    public_key: Mapped[bytes] = mapped_column(comment="Ed25519, raw 32 bytes")
    region: Mapped[str] = mapped_column(comment="AAB301's pack key, such as beijing")
    enrolled_at: Mapped[Milliseconds]
    revoked_at: Mapped[Milliseconds | None]
    last_seen: Mapped[Milliseconds | None]


class TerminalLedger(Base):
    """One ledger of a terminal; a replaced disk starts another. The row is the lock of an ingest."""

    __tablename__ = "ledgers"

    terminal: Mapped[str] = mapped_column(ForeignKey("terminals.id"), primary_key=True)
    ledger_id: Mapped[bytes] = mapped_column(primary_key=True)
    registered_at: Mapped[Milliseconds]
    head_sequence: Mapped[Count] = mapped_column(default=0)
    head_hash: Mapped[bytes]
    frozen_reason: Mapped[str | None]


class EnrolmentCode(Base):
    """The newest code that lets one terminal in, once. A newer one takes its place."""

    __tablename__ = "enrolment_codes"

    terminal: Mapped[str] = mapped_column(primary_key=True)
    region: Mapped[str]
    code_hash: Mapped[bytes] = mapped_column(comment="the code itself is kept nowhere")
    made_at: Mapped[Milliseconds]
    expires_at: Mapped[Milliseconds]
    wrong_tries: Mapped[Count]
    used_at: Mapped[Milliseconds | None]
    used_key: Mapped[bytes | None] = mapped_column(comment="Ed25519 of who used it: the same may ask again")


class ReadinessRow(Base):
    """A terminal's signed word that it was ready, or was not, after its technician had set it up. Never changed."""

    __tablename__ = "readiness_reports"

    terminal: Mapped[str] = mapped_column(ForeignKey("terminals.id"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(primary_key=True, comment="SHA-256 of the report as it was signed")
    report: Mapped[bytes] = mapped_column(comment="JSON, byte by byte as it was signed")
    signature: Mapped[bytes] = mapped_column(comment="Ed25519 of the terminal")
    passed: Mapped[bool]
    made_at: Mapped[Milliseconds] = mapped_column(comment="by the terminal's corrected clock")
    received_at: Mapped[Milliseconds]


class Entry(Base):
    """One sequence of one ledger as it arrived, and the verdict on it. A tombstone has no header and no ciphertext."""

    __tablename__ = "entries"

    # The key that makes "exactly once" true: the same sequence can't be stored a second time. No foreign key beside
    # it: rows go in only while the row of their ledger is held locked, and a check of every row is dear.
    terminal: Mapped[str] = mapped_column(primary_key=True)
    ledger_id: Mapped[bytes] = mapped_column(primary_key=True)
    sequence: Mapped[Count] = mapped_column(primary_key=True)
    hash: Mapped[bytes]
    previous_hash: Mapped[bytes | None]
    header: Mapped[bytes | None]
    suite: Mapped[Count | None]
    sealed_key: Mapped[bytes | None]
    nonce: Mapped[bytes | None]
    ciphertext: Mapped[bytes | None]
    tombstone_signature: Mapped[bytes | None]
    verdict: Mapped[str]
    reason: Mapped[str] = mapped_column(comment="why refused, superseded or lost; a machine word")
    received_at: Mapped[Milliseconds]


class EpochKey(Base):
    """An epoch key as the terminal sealed it for the centre."""

    __tablename__ = "epoch_keys"
    __table_args__ = (ForeignKeyConstraint(["terminal", "ledger_id"], ["ledgers.terminal", "ledgers.ledger_id"]),)

    terminal: Mapped[str] = mapped_column(primary_key=True)
    ledger_id: Mapped[bytes] = mapped_column(primary_key=True)
    epoch: Mapped[Count] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]


class TransactionRow(Base):
    """One transaction as the centre knows it: what it did online, and what the terminal's entries say."""

    __tablename__ = "transactions"
    __table_args__ = (
        Index("ix_transactions_changed_at", "changed_at"),
        # Staff look at these every second; an index over all verdicts would cost every entry.
        Index(
            "ix_transactions_superseded",
            "changed_at",
            postgresql_where=text("verdict = 'superseded'"),
            sqlite_where=text("verdict = 'superseded'"),
        ),
    )

    transaction_id: Mapped[str] = mapped_column(primary_key=True)
    # No foreign key: a terminal whose signature was checked has its row, and rows of terminals are never deleted.
    terminal: Mapped[str]
    region: Mapped[str]
    service: Mapped[str]
    identification_code: Mapped[str] = mapped_column(comment="AAZ501")
    card_number: Mapped[str] = mapped_column(comment="AAZ500")
    social_security_number: Mapped[str] = mapped_column(comment="AAC002", default="")
    identified_by: Mapped[str | None] = mapped_column(
        comment="of a loss report: card, id_card, typed; the terminal's word for it; empty: not said"
    )
    record_disclosed_at: Mapped[Milliseconds | None]
    pin_changed_at: Mapped[Milliseconds | None]
    loss_reported_at: Mapped[Milliseconds | None]
    loss_lifted_at: Mapped[Milliseconds | None]
    formal_loss_at: Mapped[Milliseconds | None]
    loss_answer: Mapped[str | None] = mapped_column(comment="what was answered, as JSON, to be given again")
    examination: Mapped[str | None] = mapped_column(comment="what an examination found, as JSON, to be given again")
    activated_at: Mapped[Milliseconds | None]
    activation: Mapped[str | None] = mapped_column(comment="what starting a card came to, as JSON, to be given again")
    switched_at: Mapped[Milliseconds | None] = mapped_column(comment="a new card took the old one's place")
    begun_ledger: Mapped[bytes | None]
    begun_sequence: Mapped[Count | None]
    finished_ledger: Mapped[bytes | None]
    finished_sequence: Mapped[Count | None]
    outcome: Mapped[str | None]
    reason: Mapped[str] = mapped_column(default="")
    rule: Mapped[str] = mapped_column(default="")
    pin_held_by: Mapped[str] = mapped_column(default="")
    done_online: Mapped[bool] = mapped_column(default=False)
    created_ms: Mapped[Milliseconds | None] = mapped_column(comment="AAE036, by the terminal's corrected clock")
    verdict: Mapped[str | None]
    verdict_reason: Mapped[str] = mapped_column(default="")
    effects: Mapped[Count] = mapped_column(default=0, comment="how often this transaction changed something")
    changed_at: Mapped[Milliseconds]


class Holder(Base):
    """A person, with a card or about to get one."""

    __tablename__ = "holders"

    social_security_number: Mapped[str] = mapped_column(primary_key=True, comment="AAC002")
    name: Mapped[str] = mapped_column(comment="AAC003")
    sex: Mapped[str] = mapped_column(comment="AAC004")
    birth_date: Mapped[str] = mapped_column(comment="AAC006, YYYY-MM-DD")
    ethnic_group: Mapped[str | None] = mapped_column(comment="AAC005, 01 to 56; empty: not kept")
    birthplace: Mapped[str | None] = mapped_column(comment="GB/T 2260, six digits; empty: not kept")
    person_state: Mapped[str] = mapped_column(comment="AAC008: 1 insured, 2 paused, 4 ended")
    benefits_blocked: Mapped[str | None] = mapped_column(
        comment="why care is not settled, a machine word; empty: it is"
    )
    phone: Mapped[str | None] = mapped_column(comment="AAE005")
    address: Mapped[str | None] = mapped_column(comment="AAE006")
    postcode: Mapped[str | None] = mapped_column(comment="AAE007")


class MedicalAccount(Base):
    """The personal medical account, the social side's own."""

    __tablename__ = "medical_accounts"

    social_security_number: Mapped[str] = mapped_column(
        ForeignKey("holders.social_security_number"), primary_key=True, comment="AAC002"
    )
    balance_fen: Mapped[Fen]
    as_of: Mapped[str] = mapped_column(comment="YYYY-MM-DD")


class Insurance(Base):
    """One kind of insurance of one holder."""

    __tablename__ = "insurances"

    social_security_number: Mapped[str] = mapped_column(
        ForeignKey("holders.social_security_number"), primary_key=True, comment="AAC002"
    )
    kind: Mapped[str] = mapped_column(primary_key=True, comment="AAE140 in words: pension, medical …")
    active: Mapped[bool]
    paid_until: Mapped[str] = mapped_column(comment="YYYY-MM, empty when never paid")


class SharesColumns:
    """Who pays what. The table itself refuses figures whose sums do not come out, whoever writes them."""

    total_fen: Mapped[Fen]
    in_range_fen: Mapped[Fen] = mapped_column(comment="what medical insurance takes into account")
    fund_fen: Mapped[Fen] = mapped_column(comment="paid by the fund")
    person_fen: Mapped[Fen] = mapped_column(comment="borne by the person")
    own_share_fen: Mapped[Fen] = mapped_column(comment="of that in range")
    out_of_range_fen: Mapped[Fen] = mapped_column(comment="of that out of range")
    cash_fen: Mapped[Fen] = mapped_column(comment="of that paid in cash")
    mutual_aid_fen: Mapped[Fen] = mapped_column(comment="paid by the large-sum mutual aid since 1 January")


def _sums_come_out(table: str, *further: str) -> tuple[CheckConstraint, ...]:
    """The sums of :func:`kiosk.records.settlement.disagreements` as the database checks them."""
    columns = (*(name for name in SharesColumns.__annotations__), *further)
    return (
        CheckConstraint(" AND ".join(f"{column} >= 0" for column in columns), name=f"ck_{table}_not_negative"),
        CheckConstraint("total_fen = fund_fen + person_fen", name=f"ck_{table}_total"),
        CheckConstraint("person_fen = out_of_range_fen + own_share_fen", name=f"ck_{table}_person"),
        CheckConstraint("in_range_fen = fund_fen + own_share_fen", name=f"ck_{table}_in_range"),
        CheckConstraint("cash_fen <= person_fen", name=f"ck_{table}_cash"),
    )


class MedicalYearRow(SharesColumns, Base):
    """What one calendar year has come to."""

    __tablename__ = "medical_years"
    __table_args__ = _sums_come_out("medical_years", "deductible_used_fen")

    social_security_number: Mapped[str] = mapped_column(
        ForeignKey("holders.social_security_number"), primary_key=True, comment="AAC002"
    )
    year: Mapped[Count] = mapped_column(primary_key=True)
    standing: Mapped[str] = mapped_column(comment="working or retired: which deductible counts")
    deductible_used_fen: Mapped[Fen]


class ReceiptRow(SharesColumns, Base):
    """What a hospital printed after one visit. Receipts are added, never changed."""

    __tablename__ = "settlement_receipts"
    __table_args__ = (
        Index("ix_settlement_receipts_social_security_number", "social_security_number", "day"),
        *_sums_come_out("settlement_receipts"),
    )

    number: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    social_security_number: Mapped[str] = mapped_column(ForeignKey("holders.social_security_number"), comment="AAC002")
    day: Mapped[str] = mapped_column(comment="YYYY-MM-DD")
    place: Mapped[str]


class Card(Base):
    """A card that was issued."""

    __tablename__ = "cards"
    __table_args__ = (
        Index("ix_cards_social_security_number", "social_security_number"),
        Index("ix_cards_loss_lapses_at", "loss_lapses_at"),
    )

    identification_code: Mapped[str] = mapped_column(primary_key=True, comment="AAZ501, 32 upper-case hex characters")
    card_number: Mapped[str] = mapped_column(unique=True, comment="AAZ500")
    social_security_number: Mapped[str] = mapped_column(ForeignKey("holders.social_security_number"), comment="AAC002")
    region: Mapped[str] = mapped_column(comment="AAB301's pack key")
    norm_version: Mapped[str] = mapped_column(comment="AAZ508: 1.00, 2.00, 3.00")
    state: Mapped[str] = mapped_column(
        comment="AAZ502: 0 sealed 1 normal 2 lost 3 locked 4 temporarily lost 9 cancelled"
    )
    bank: Mapped[str] = mapped_column(comment="AAE008")
    bank_account: Mapped[str] = mapped_column(comment="AAE010, last four digits only")
    bank_side_active: Mapped[bool]
    chip_pin_changed_at: Mapped[Milliseconds | None] = mapped_column(comment="AAE036 of the last change on the chip")
    chip_pin_changed_by: Mapped[str | None] = mapped_column(comment="terminal of that change")
    state_changed_at: Mapped[Milliseconds | None] = mapped_column(comment="of the newest card event; empty without one")
    state_before_loss: Mapped[str | None] = mapped_column(comment="AAZ502 to which a temporary report returns")
    loss_lapses_at: Mapped[Milliseconds | None] = mapped_column(
        comment="when a temporary report lifts by itself; empty: never"
    )
    replaced_by: Mapped[str | None] = mapped_column(comment="AAZ501 of the card that was made in its place")
    pin_repeated: Mapped[bool | None] = mapped_column(
        comment="the PIN carried over from an older card is one digit all through; empty: not kept"
    )


class CardEvent(Base):
    """A change of a card's state. Events are added, never changed."""

    __tablename__ = "card_events"
    __table_args__ = (Index("ix_card_events_at_ms", "at_ms"),)

    number: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    identification_code: Mapped[str] = mapped_column(ForeignKey("cards.identification_code"), comment="AAZ501")
    at_ms: Mapped[Milliseconds] = mapped_column(comment="when it took effect, which is not always when it was written")
    event: Mapped[str] = mapped_column(comment="reported, lifted, lapsed; a window's own words")
    from_state: Mapped[str] = mapped_column(comment="AAZ502")
    to_state: Mapped[str] = mapped_column(comment="AAZ502")
    terminal: Mapped[str] = mapped_column(comment="empty for a window and for a term that ran out")
    transaction_id: Mapped[str]
    reason: Mapped[str] = mapped_column(comment="a machine word")


class ReplacementOrder(Base):
    """A new card that was asked for in place of another. At most one is in progress for a card."""

    __tablename__ = "replacement_orders"
    __table_args__ = (
        Index(
            "ix_replacement_orders_in_progress",
            "identification_code",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
    )

    order_id: Mapped[str] = mapped_column(primary_key=True, comment="32 lower-case hex characters")
    identification_code: Mapped[str] = mapped_column(
        ForeignKey("cards.identification_code"), comment="AAZ501 of the old card"
    )
    reason: Mapped[str] = mapped_column(comment="AAE160 in this centre's words: lost, damaged …")
    accepted_at: Mapped[Milliseconds] = mapped_column(comment="AAE036")
    ended_at: Mapped[Milliseconds | None] = mapped_column(comment="empty: in progress")
    issued: Mapped[str | None] = mapped_column(comment="AAZ501 of the new card")


class Issuance(Base):
    """A new card that a terminal makes while its holder waits; its order is the replacement order of the same id.

    Whatever the code above them does, these indexes let nobody have two under way, and no blank serve twice.
    """

    __tablename__ = "issuances"
    __table_args__ = (
        Index(
            "ix_issuances_under_way",
            "social_security_number",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
        Index(
            "ix_issuances_card_under_way",
            "old_card",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
        CheckConstraint(
            "stage NOT IN ('switched', 'open_case', 'committed') OR (blank IS NOT NULL AND switched_at IS NOT NULL)",
            name="ck_issuances_switched",
        ),
        CheckConstraint("stage <> 'abandoned' OR switched_at IS NULL", name="ck_issuances_abandoned"),
        CheckConstraint("(stage IN ('committed', 'abandoned')) = (ended_at IS NOT NULL)", name="ck_issuances_ended"),
    )

    transaction_id: Mapped[str] = mapped_column(
        ForeignKey("replacement_orders.order_id"), primary_key=True, comment="32 lower-case hex characters"
    )
    terminal: Mapped[str] = mapped_column(ForeignKey("terminals.id"))
    region: Mapped[str] = mapped_column(comment="AAB301's pack key")
    social_security_number: Mapped[str] = mapped_column(ForeignKey("holders.social_security_number"), comment="AAC002")
    old_card: Mapped[str] = mapped_column(ForeignKey("cards.identification_code"), comment="AAZ501")
    card_number: Mapped[str] = mapped_column(unique=True, comment="AAZ500, allotted to the new card")
    question: Mapped[str] = mapped_column(comment="what was asked, as JSON, to know it again")
    answer: Mapped[str] = mapped_column(
        comment="what was answered, as JSON, to be given again; what chip and face must carry, and what it costs"
    )
    stage: Mapped[str] = mapped_column(
        comment="reserved, token_given, blank_registered, personalising, switched, committed, abandoned, open_case"
    )
    reserved_at: Mapped[Milliseconds] = mapped_column(comment="AAE036")
    expires_at: Mapped[Milliseconds] = mapped_column(comment="of what was reserved; after the switch of its commit")
    token_expires_at: Mapped[Milliseconds | None]
    blank: Mapped[str | None] = mapped_column(unique=True, comment="AAZ501 of the blank that was fed for it")
    bank_account: Mapped[str] = mapped_column(comment="AAE010 of the blank, last four digits only", default="")
    switched_at: Mapped[Milliseconds | None]
    sealed: Mapped[bool] = mapped_column(comment="the new card must still be started", default=False)
    ended_at: Mapped[Milliseconds | None] = mapped_column(comment="empty: under way, or a case is open")
    why: Mapped[str] = mapped_column(comment="why it was abandoned or a case is open; a machine word", default="")
    blank_fate: Mapped[str] = mapped_column(comment="where the blank went, by the terminal's word", default="")
    place: Mapped[str] = mapped_column(comment="of an open case: where the card is collected", default="")


class Fee(Base):
    """What one issuance costs, and how far that has come. One order, at most one refund."""

    __tablename__ = "issuance_fees"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="ck_issuance_fees_amount"),
        CheckConstraint(
            "state NOT IN ('paid', 'refund_pending', 'refunded') OR paid_fen IS NOT NULL", name="ck_issuance_fees_paid"
        ),
        CheckConstraint(
            "state NOT IN ('refund_pending', 'refunded') OR refund_number IS NOT NULL", name="ck_issuance_fees_refund"
        ),
        Index("ix_issuance_fees_state", "state"),
    )

    transaction_id: Mapped[str] = mapped_column(ForeignKey("issuances.transaction_id"), primary_key=True)
    amount_fen: Mapped[Fen]
    state: Mapped[str] = mapped_column(comment="pending, paid, closed, refund_pending, refunded")
    ordered_at: Mapped[Milliseconds]
    expires_at: Mapped[Milliseconds] = mapped_column(comment="until when somebody can pay")
    code_url: Mapped[str] = mapped_column(comment="empty until the provider has answered", default="")
    paid_fen: Mapped[Fen | None]
    paid_at: Mapped[Milliseconds | None] = mapped_column(comment="when the centre learnt it")
    closed_at: Mapped[Milliseconds | None]
    refund_number: Mapped[str | None] = mapped_column(unique=True, comment="its own number; the same at every asking")
    refunded_at: Mapped[Milliseconds | None]
    trouble: Mapped[str] = mapped_column(comment="what staff must see to; a machine word", default="")


class CardNumberSeries(Base):
    """How far the numbers of new cards with one beginning are allotted. The row is the lock."""

    __tablename__ = "card_number_series"

    prefix: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[Count]


class Filing(Base):
    """What somebody filed for an office to act on."""

    __tablename__ = "filings"
    __table_args__ = (Index("ix_filings_social_security_number", "social_security_number"),)

    transaction_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(comment="what an office finds it by")
    terminal: Mapped[str] = mapped_column(comment="empty for a window")
    region: Mapped[str] = mapped_column(comment="AAB301's pack key")
    social_security_number: Mapped[str] = mapped_column(ForeignKey("holders.social_security_number"), comment="AAC002")
    identified_by: Mapped[str] = mapped_column(comment="card, id_card; the terminal's word for it")
    matter_key: Mapped[str] = mapped_column(comment="card_application, offsite_care …, or a paper's kind")
    matter: Mapped[str] = mapped_column(comment="all of it, as JSON")
    state: Mapped[str] = mapped_column(comment="received, in_production, ready, done, refused, withdrawn")
    filed_at: Mapped[Milliseconds] = mapped_column(comment="AAE036")
    changed_at: Mapped[Milliseconds]
    valid_until: Mapped[str | None] = mapped_column(comment="YYYY-MM-DD, its last day")
    rests_on: Mapped[str | None] = mapped_column(
        comment="of a paper: transaction id or order id of what it was issued for; empty: not kept"
    )
    place: Mapped[str] = mapped_column(default="", comment="where it is collected")
    note: Mapped[str] = mapped_column(default="", comment="AAE013, an office's own words to its person")
    verdict: Mapped[str | None] = mapped_column(
        comment="why it was refused on its arrival, taken down without the centre; empty for all else"
    )


class FilingProxy(Base):
    """Who filed for the holder, and what a window has still to see."""

    __tablename__ = "filing_proxies"

    transaction_id: Mapped[str] = mapped_column(ForeignKey("filings.transaction_id"), primary_key=True)
    number: Mapped[str] = mapped_column(comment="AAE135, of the ID card that was read first")
    name: Mapped[str]
    relation: Mapped[str] = mapped_column(comment="sent, guardian; the person's word for it")
    to_show: Mapped[str] = mapped_column(comment="papers in the packs' words, with blanks between")


class FilingPortrait(Base):
    """The portrait that came with an application, sealed as it came; gone when the application has ended."""

    __tablename__ = "filing_portraits"

    transaction_id: Mapped[str] = mapped_column(ForeignKey("filings.transaction_id"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(comment="HPKE to the centre's opening key, for this transaction")
    consent_by: Mapped[str] = mapped_column(comment="holder, guardian; who agreed at the terminal")
    consent_text: Mapped[str] = mapped_column(comment="which words they read")
    likeness: Mapped[str | None] = mapped_column(
        comment="same, not_the_same, open; a hint: the portrait beside the ID card's photo, compared at the terminal"
    )
    comparison_text: Mapped[str | None] = mapped_column(comment="which words they read before it was compared")


class CentrePin(Base):
    """The PIN of a card where the centre holds it."""

    __tablename__ = "centre_pins"

    identification_code: Mapped[str] = mapped_column(
        ForeignKey("cards.identification_code"), primary_key=True, comment="AAZ501"
    )
    salt: Mapped[bytes]
    hash: Mapped[bytes] = mapped_column(comment="HMAC-SHA-256 under the centre's key")
    initial: Mapped[bool] = mapped_column(comment="never changed yet")
    tries_left: Mapped[Count]
    changed_at: Mapped[Milliseconds | None]


class PinAnswer(Base):
    """What was answered to PIN blocks of a transaction, so that a lost answer can be given again."""

    __tablename__ = "pin_answers"

    transaction_id: Mapped[str] = mapped_column(primary_key=True)
    block_digest: Mapped[bytes] = mapped_column(primary_key=True, comment="keyed: PIN blocks themselves are not kept")
    answer: Mapped[str]
    tries_left: Mapped[Count | None]


class Pad(Base):
    """A PIN pad and its master key."""

    __tablename__ = "pads"

    serial: Mapped[str] = mapped_column(primary_key=True)
    terminal: Mapped[str] = mapped_column(ForeignKey("terminals.id"))
    wrapped_master_key: Mapped[bytes] = mapped_column(comment="under the storage key")


class WorkingKeyRow(Base):
    """A working key given to a pad; the newest two are kept."""

    __tablename__ = "working_keys"

    pad_serial: Mapped[str] = mapped_column(ForeignKey("pads.serial"), primary_key=True)
    number: Mapped[Count] = mapped_column(primary_key=True)
    wrapped_key: Mapped[bytes] = mapped_column(comment="under the storage key")
    given_at: Mapped[Milliseconds]


class CardSession(Base):
    """A card that asked to be believed."""

    __tablename__ = "card_sessions"
    __table_args__ = (Index("ix_card_sessions_expires_at", "expires_at"),)

    session_id: Mapped[str] = mapped_column(primary_key=True)
    terminal: Mapped[str] = mapped_column(ForeignKey("terminals.id"))
    transaction_id: Mapped[str]
    region: Mapped[str]
    identification_code: Mapped[str] = mapped_column(comment="AAZ501, as the card says")
    card_number: Mapped[str] = mapped_column(comment="AAZ500, as the card says")
    norm_version: Mapped[str] = mapped_column(comment="AAZ508, as the card says")
    challenge: Mapped[bytes]
    expires_at: Mapped[Milliseconds]
    stage: Mapped[str] = mapped_column(comment="open, proved, over")


class BlankStock(Base):
    """How many blank cards are where, by the movements of one ledger. Written while the row of the ledger is locked."""

    __tablename__ = "blank_stocks"
    __table_args__ = (ForeignKeyConstraint(["terminal", "ledger_id"], ["ledgers.terminal", "ledgers.ledger_id"]),)

    terminal: Mapped[str] = mapped_column(primary_key=True)
    ledger_id: Mapped[bytes] = mapped_column(primary_key=True)
    movements: Mapped[Count] = mapped_column(comment="the terminal's number of the last one")
    handed_over: Mapped[Count]
    hopper: Mapped[Count]
    printer: Mapped[Count]
    exit: Mapped[Count]
    reject_bin: Mapped[Count]
    retained_bin: Mapped[Count]
    citizen: Mapped[Count]
    staff: Mapped[Count] = mapped_column(comment="taken out again by two people")
    missing: Mapped[Count] = mapped_column(comment="below zero where more was found than handed over")
    flagged: Mapped[Count] = mapped_column(comment="movements since the last close-out that can't be")
    closed_out_at: Mapped[Milliseconds | None] = mapped_column(comment="of the last count that balanced")
    changed_at: Mapped[Milliseconds]


class BlankMovement(Base):
    """One movement of blank cards as an entry told it. Added, never changed."""

    __tablename__ = "blank_movements"
    __table_args__ = (Index("ix_blank_movements_job", "job"),)

    # No foreign key, as with entries.
    terminal: Mapped[str] = mapped_column(primary_key=True)
    ledger_id: Mapped[bytes] = mapped_column(primary_key=True)
    sequence: Mapped[Count] = mapped_column(primary_key=True)
    number: Mapped[Count] = mapped_column(comment="the terminal's own count of its movements")
    move: Mapped[str] = mapped_column(comment="handed_over, fed, rejected, presented, taken …")
    count: Mapped[Count]
    place: Mapped[str] = mapped_column(comment="what was emptied; empty for the rest")
    job: Mapped[str] = mapped_column(comment="transaction id of the replacement; empty where there is none")
    identification_code: Mapped[str] = mapped_column(comment="AAZ501 of the blank; empty until its chip has told it")
    why: Mapped[str] = mapped_column(comment="a machine word")
    explanation: Mapped[str] = mapped_column(comment="of a difference, in the words of the two who signed")
    signed_by: Mapped[str] = mapped_column(comment="staff number or initials")
    and_by: Mapped[str]
    happened_at: Mapped[Milliseconds] = mapped_column(comment="by the terminal's corrected clock")
    problem: Mapped[str] = mapped_column(comment="why it can't be; empty: it can")


class FedJob(Base):
    """A job that has had its blank. Its key lets no second one in, from whatever terminal, however close together."""

    __tablename__ = "fed_jobs"

    job: Mapped[str] = mapped_column(primary_key=True, comment="transaction id of the replacement")
    terminal: Mapped[str]


class Technician(Base):
    """A member of staff who may work at terminals. By number; nobody's name is kept."""

    __tablename__ = "technicians"

    staff: Mapped[str] = mapped_column(primary_key=True, comment="staff number")
    role: Mapped[str] = mapped_column(comment="supplies, configure, full")
    region: Mapped[str] = mapped_column(comment="at whose terminals; empty: at all")
    card_key: Mapped[bytes | None] = mapped_column(comment="P-256, uncompressed point")
    certificate_sha256: Mapped[str] = mapped_column(comment="of the card's certificate; empty: no card")
    wrapped_secret: Mapped[bytes] = mapped_column(comment="of one-time codes, under the storage key; empty: revoked")
    valid_until: Mapped[Milliseconds]
    added_at: Mapped[Milliseconds]
    revoked_at: Mapped[Milliseconds | None]


class RosterChange(Base):
    """A change of who may work at terminals. The newest number is that of every terminal's roster."""

    __tablename__ = "roster_changes"

    number: Mapped[Count] = mapped_column(primary_key=True, autoincrement=False)
    changed_at: Mapped[Milliseconds]
    staff: Mapped[str]
    what: Mapped[str] = mapped_column(comment="added, revoked")


class TechnicianActRow(Base):
    """One act of a technician as an entry told it. Added, never changed."""

    __tablename__ = "technician_acts"
    __table_args__ = (Index("ix_technician_acts_happened_at", "happened_at"),)

    # No foreign key, as with entries.
    terminal: Mapped[str] = mapped_column(primary_key=True)
    ledger_id: Mapped[bytes] = mapped_column(primary_key=True)
    sequence: Mapped[Count] = mapped_column(primary_key=True)
    staff: Mapped[str] = mapped_column(comment="staff number; empty: nobody was known")
    role: Mapped[str] = mapped_column(comment="supplies, configure, full; empty: nobody was known")
    act: Mapped[str] = mapped_column(comment="admission, lock_out, restart …")
    page: Mapped[str] = mapped_column(comment="of the technician's screen")
    outcome: Mapped[str] = mapped_column(comment="done, refused, failed")
    why: Mapped[str] = mapped_column(comment="a machine word")
    happened_at: Mapped[Milliseconds] = mapped_column(comment="by the terminal's corrected clock")


class UsedNonce(Base):
    """Nonces of genuine requests, kept for ten minutes."""

    __tablename__ = "used_nonces"
    __table_args__ = (Index("ix_used_nonces_seen_at", "seen_at"),)

    terminal: Mapped[str] = mapped_column(primary_key=True)
    nonce: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[Milliseconds]


class Alarm(Base):
    """Something that staff must look at."""

    __tablename__ = "alarms"

    number: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    raised_at: Mapped[Milliseconds]
    terminal: Mapped[str]
    kind: Mapped[str] = mapped_column(comment="fork, not_genuine, forged_tombstone")
    detail: Mapped[str] = mapped_column(comment="for staff; holds nothing personal")
