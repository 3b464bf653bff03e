"""Formal loss reports, and orders for new cards."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column("transactions", sa.Column("formal_loss_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "replacement_orders",
        sa.Column("order_id", sa.Text(), nullable=False, comment="32 lower-case hex characters"),
        sa.Column("identification_code", sa.Text(), nullable=False, comment="AAZ501 of the old card"),
        sa.Column("reason", sa.Text(), nullable=False, comment="AAE160 in this centre's words: lost, damaged …"),
        sa.Column("accepted_at", sa.BigInteger(), nullable=False, comment="AAE036"),
        sa.Column("ended_at", sa.BigInteger(), nullable=True, comment="empty: in progress"),
        sa.Column("issued", sa.Text(), nullable=True, comment="AAZ501 of the new card"),
        sa.ForeignKeyConstraint(
            ["identification_code"],
            ["cards.identification_code"],
            name=op.f("fk_replacement_orders_identification_code"),
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_replacement_orders")),
    )
    in_progress = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_replacement_orders_in_progress",
        "replacement_orders",
        ["identification_code"],
        unique=True,
        postgresql_where=in_progress,
        sqlite_where=in_progress,
    )


def downgrade() -> None:
    """Take the tables back."""
    op.drop_table("replacement_orders")
    op.drop_column("transactions", "formal_loss_at")
