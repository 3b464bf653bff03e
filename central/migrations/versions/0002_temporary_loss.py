"""Temporary loss reports: terms of cards, events of cards, what was answered."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("cards", "state_changed_at", sa.BigInteger(), "of the newest card event; empty without one"),
    ("cards", "state_before_loss", sa.Text(), "AAZ502 to which a temporary report returns"),
    ("cards", "loss_lapses_at", sa.BigInteger(), "when a temporary report lifts by itself; empty: never"),
    ("cards", "replaced_by", sa.Text(), "AAZ501 of the card that was made in its place"),
    ("transactions", "loss_reported_at", sa.BigInteger(), None),
    ("transactions", "loss_lifted_at", sa.BigInteger(), None),
    ("transactions", "loss_answer", sa.Text(), "what was answered, as JSON, to be given again"),
)


def upgrade() -> None:
    """Bring the tables forward."""
    # Without a batch: SQLite adds columns in place, and a table copied and dropped would take its referrers along.
    for table, name, kind, comment in _COLUMNS:
        op.add_column(table, sa.Column(name, kind, nullable=True, comment=comment))
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
    for table, name, _kind, _comment in _COLUMNS:
        op.drop_column(table, name)
