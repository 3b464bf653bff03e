"""Temporary loss reports: terms of cards, events of cards, what was answered."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_CARDS = (
    sa.Column(
        "state_changed_at", sa.BigInteger(), nullable=True, comment="of the newest card event; empty without one"
    ),
    sa.Column("state_before_loss", sa.Text(), nullable=True, comment="AAZ502 to which a temporary report returns"),
    sa.Column(
        "loss_lapses_at",
        sa.BigInteger(),
        nullable=True,
        comment="when a temporary report lifts by itself; empty: never",
    ),
    sa.Column("replaced_by", sa.Text(), nullable=True, comment="AAZ501 of the card that was made in its place"),
)
_TRANSACTIONS = (
    sa.Column("loss_reported_at", sa.BigInteger(), nullable=True),
    sa.Column("loss_lifted_at", sa.BigInteger(), nullable=True),
    sa.Column("loss_answer", sa.Text(), nullable=True, comment="what was answered, as JSON, to be given again"),
)


def upgrade() -> None:
    """Bring the tables forward."""
    # Without a batch: SQLite adds columns in place, and a table copied and dropped would take its referrers along.
    for column in _CARDS:
        op.add_column("cards", column.copy())
    for column in _TRANSACTIONS:
        op.add_column("transactions", column.copy())
    op.create_index("ix_cards_social_security_number", "cards", ["social_security_number"])
    op.create_index("ix_cards_loss_lapses_at", "cards", ["loss_lapses_at"])
    superseded = sa.text("verdict = 'superseded'")
    op.create_index(
        "ix_transactions_superseded",
        "transactions",
        ["changed_at"],
        postgresql_where=superseded,
        sqlite_where=superseded,
    )
    op.create_table(
        "card_events",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("identification_code", sa.Text(), nullable=False, comment="AAZ501"),
        sa.Column(
            "at_ms",
            sa.BigInteger(),
            nullable=False,
            comment="when it took effect, which is not always when it was written",
        ),
        sa.Column("event", sa.Text(), nullable=False, comment="reported, lifted, lapsed; a window's own words"),
        sa.Column("from_state", sa.Text(), nullable=False, comment="AAZ502"),
        sa.Column("to_state", sa.Text(), nullable=False, comment="AAZ502"),
        sa.Column("terminal", sa.Text(), nullable=False, comment="empty for a window and for a term that ran out"),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, comment="a machine word"),
        sa.ForeignKeyConstraint(
            ["identification_code"], ["cards.identification_code"], name=op.f("fk_card_events_identification_code")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_card_events")),
    )
    op.create_index("ix_card_events_at_ms", "card_events", ["at_ms"])


def downgrade() -> None:
    """Take the tables back."""
    op.drop_table("card_events")
    op.drop_index("ix_transactions_superseded", "transactions")
    op.drop_index("ix_cards_loss_lapses_at", "cards")
    op.drop_index("ix_cards_social_security_number", "cards")
    for column in _TRANSACTIONS:
        op.drop_column("transactions", column.name)
    for column in _CARDS:
        op.drop_column("cards", column.name)
