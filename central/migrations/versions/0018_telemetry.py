"""What terminals tell of themselves, and what they had left."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "terminal_words",
        sa.Column("terminal", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "told",
            sa.Text(),
            nullable=False,
            comment="kiosk.records.telemetry.Telemetry, as JSON; names no citizen",
        ),
        sa.PrimaryKeyConstraint("terminal", name=op.f("pk_terminal_words")),
    )
    op.create_table(
        "supply_readings",
        sa.Column("terminal", sa.Text(), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False, comment="hours since 1970 UTC by the centre's clock"),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.Column("paper", sa.Text(), nullable=True, comment="enough, low, out; empty: not told"),
        sa.Column("faces_left", sa.BigInteger(), nullable=True),
        sa.Column("hopper", sa.BigInteger(), nullable=True),
        sa.Column("reject_bin_room", sa.BigInteger(), nullable=True, comment="cards that still go in"),
        sa.Column("retained_bin_room", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("terminal", "hour", name=op.f("pk_supply_readings")),
    )
    op.create_index("ix_supply_readings_read_at", "supply_readings", ["read_at"])


def downgrade() -> None:
    """Take the tables back."""
    op.drop_index("ix_supply_readings_read_at", table_name="supply_readings")
    op.drop_table("supply_readings")
    op.drop_table("terminal_words")
