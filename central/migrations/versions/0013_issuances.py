"""New cards made while people wait, and their fees."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "card_number_series",
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_card_number_series")),
    )
    op.create_table(
        "issuances",
        sa.Column("transaction_id", sa.Text(), nullable=False, comment="32 lower-case hex characters"),
        sa.Column("terminal", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False, comment="AAB301's pack key"),
        sa.Column("social_security_number", sa.Text(), nullable=False, comment="AAC002"),
        sa.Column("old_card", sa.Text(), nullable=False, comment="AAZ501"),
        sa.Column("card_number", sa.Text(), nullable=False, comment="AAZ500, allotted to the new card"),
        sa.Column("question", sa.Text(), nullable=False, comment="what was asked, as JSON, to know it again"),
        sa.Column(
            "answer",
            sa.Text(),
            nullable=False,
            comment="what was answered, as JSON, to be given again; what chip and face must carry, and what it costs",
        ),
        sa.Column(
            "stage",
            sa.Text(),
            nullable=False,
            comment="reserved, token_given, blank_registered, personalising, switched, committed, abandoned, open_case",
        ),
        sa.Column("reserved_at", sa.BigInteger(), nullable=False, comment="AAE036"),
        sa.Column(
            "expires_at",
            sa.BigInteger(),
            nullable=False,
            comment="of what was reserved; after the switch of its commit",
        ),
        sa.Column("token_expires_at", sa.BigInteger(), nullable=True),
        sa.Column("blank", sa.Text(), nullable=True, comment="AAZ501 of the blank that was fed for it"),
        sa.Column("bank_account", sa.Text(), nullable=False, comment="AAE010 of the blank, last four digits only"),
        sa.Column("switched_at", sa.BigInteger(), nullable=True),
        sa.Column("sealed", sa.Boolean(), nullable=False, comment="the new card must still be started"),
        sa.Column("ended_at", sa.BigInteger(), nullable=True, comment="empty: under way, or a case is open"),
        sa.Column("why", sa.Text(), nullable=False, comment="why it was abandoned or a case is open; a machine word"),
        sa.Column("blank_fate", sa.Text(), nullable=False, comment="where the blank went, by the terminal's word"),
        sa.Column("place", sa.Text(), nullable=False, comment="of an open case: where the card is collected"),
        sa.CheckConstraint("(stage IN ('committed', 'abandoned')) = (ended_at IS NOT NULL)", name="ck_issuances_ended"),
        sa.CheckConstraint("stage <> 'abandoned' OR switched_at IS NULL", name="ck_issuances_abandoned"),
        sa.CheckConstraint(
            "stage NOT IN ('switched', 'open_case', 'committed') OR (blank IS NOT NULL AND switched_at IS NOT NULL)",
            name="ck_issuances_switched",
        ),
        sa.ForeignKeyConstraint(["old_card"], ["cards.identification_code"], name=op.f("fk_issuances_old_card")),
        sa.ForeignKeyConstraint(
            ["social_security_number"],
            ["holders.social_security_number"],
            name=op.f("fk_issuances_social_security_number"),
        ),
        sa.ForeignKeyConstraint(["terminal"], ["terminals.id"], name=op.f("fk_issuances_terminal")),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["replacement_orders.order_id"], name=op.f("fk_issuances_transaction_id")
        ),
        sa.PrimaryKeyConstraint("transaction_id", name=op.f("pk_issuances")),
        sa.UniqueConstraint("blank", name=op.f("uq_issuances_blank")),
        sa.UniqueConstraint("card_number", name=op.f("uq_issuances_card_number")),
    )
    op.create_index(
        "ix_issuances_card_under_way",
        "issuances",
        ["old_card"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_issuances_under_way",
        "issuances",
        ["social_security_number"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "issuance_fees",
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="pending, paid, closed, refund_pending, refunded"),
        sa.Column("ordered_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False, comment="until when somebody can pay"),
        sa.Column("code_url", sa.Text(), nullable=False, comment="empty until the provider has answered"),
        sa.Column("paid_fen", sa.BigInteger(), nullable=True),
        sa.Column("paid_at", sa.BigInteger(), nullable=True, comment="when the centre learnt it"),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("refund_number", sa.Text(), nullable=True, comment="its own number; the same at every asking"),
        sa.Column("refunded_at", sa.BigInteger(), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False, comment="what staff must see to; a machine word"),
        sa.CheckConstraint(
            "state NOT IN ('paid', 'refund_pending', 'refunded') OR paid_fen IS NOT NULL", name="ck_issuance_fees_paid"
        ),
        sa.CheckConstraint(
            "state NOT IN ('refund_pending', 'refunded') OR refund_number IS NOT NULL", name="ck_issuance_fees_refund"
        ),
        sa.CheckConstraint("amount_fen > 0", name="ck_issuance_fees_amount"),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["issuances.transaction_id"], name=op.f("fk_issuance_fees_transaction_id")
        ),
        sa.PrimaryKeyConstraint("transaction_id", name=op.f("pk_issuance_fees")),
        sa.UniqueConstraint("refund_number", name=op.f("uq_issuance_fees_refund_number")),
    )
    op.create_index("ix_issuance_fees_state", "issuance_fees", ["state"], unique=False)
    op.add_column(
        "holders", sa.Column("ethnic_group", sa.Text(), nullable=True, comment="AAC005, 01 to 56; empty: not kept")
    )
    op.add_column(
        "holders", sa.Column("birthplace", sa.Text(), nullable=True, comment="GB/T 2260, six digits; empty: not kept")
    )
    op.add_column(
        "transactions",
        sa.Column("switched_at", sa.BigInteger(), nullable=True, comment="a new card took the old one's place"),
    )


def downgrade() -> None:
    """Take the tables back."""
    op.drop_column("transactions", "switched_at")
    op.drop_column("holders", "birthplace")
    op.drop_column("holders", "ethnic_group")
    op.drop_index("ix_issuance_fees_state", table_name="issuance_fees")
    op.drop_table("issuance_fees")
    op.drop_index(
        "ix_issuances_under_way",
        table_name="issuances",
        postgresql_where=sa.text("ended_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index(
        "ix_issuances_card_under_way",
        table_name="issuances",
        postgresql_where=sa.text("ended_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL"),
    )
    op.drop_table("issuances")
    op.drop_table("card_number_series")
