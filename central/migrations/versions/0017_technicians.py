"""Technicians, the changes of their roster, and what they did at terminals."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "technicians",
        sa.Column("staff", sa.Text(), nullable=False, comment="staff number"),
        sa.Column("role", sa.Text(), nullable=False, comment="supplies, configure, full"),
        sa.Column("region", sa.Text(), nullable=False, comment="at whose terminals; empty: at all"),
        sa.Column("card_key", sa.LargeBinary(), nullable=True, comment="P-256, uncompressed point"),
        sa.Column("certificate_sha256", sa.Text(), nullable=False, comment="of the card's certificate; empty: no card"),
        sa.Column(
            "wrapped_secret",
            sa.LargeBinary(),
            nullable=False,
            comment="of one-time codes, under the storage key; empty: revoked",
        ),
        sa.Column("valid_until", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("staff", name=op.f("pk_technicians")),
    )
    op.create_table(
        "roster_changes",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("staff", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False, comment="added, revoked"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_roster_changes")),
    )
    op.create_table(
        "technician_acts",
        sa.Column("terminal", sa.Text(), nullable=False),
        sa.Column("ledger_id", sa.LargeBinary(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("staff", sa.Text(), nullable=False, comment="staff number; empty: nobody was known"),
        sa.Column("role", sa.Text(), nullable=False, comment="supplies, configure, full; empty: nobody was known"),
        sa.Column("act", sa.Text(), nullable=False, comment="admission, lock_out, restart …"),
        sa.Column("page", sa.Text(), nullable=False, comment="of the technician's screen"),
        sa.Column("outcome", sa.Text(), nullable=False, comment="done, refused, failed"),
        sa.Column("why", sa.Text(), nullable=False, comment="a machine word"),
        sa.Column("happened_at", sa.BigInteger(), nullable=False, comment="by the terminal's corrected clock"),
        sa.PrimaryKeyConstraint("terminal", "ledger_id", "sequence", name=op.f("pk_technician_acts")),
    )
    op.create_index("ix_technician_acts_happened_at", "technician_acts", ["happened_at"])


def downgrade() -> None:
    """Take the tables back."""
    op.drop_table("technician_acts")
    op.drop_table("roster_changes")
    op.drop_table("technicians")
