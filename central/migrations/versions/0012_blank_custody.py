"""Blank cards of terminals: movements, the balance they come to, and which jobs have had theirs."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "blank_stocks",
        sa.Column("terminal", sa.Text(), nullable=False),
        sa.Column("ledger_id", sa.LargeBinary(), nullable=False),
        sa.Column("movements", sa.BigInteger(), nullable=False, comment="the terminal's number of the last one"),
        sa.Column("handed_over", sa.BigInteger(), nullable=False),
        sa.Column("hopper", sa.BigInteger(), nullable=False),
        sa.Column("printer", sa.BigInteger(), nullable=False),
        sa.Column("exit", sa.BigInteger(), nullable=False),
        sa.Column("reject_bin", sa.BigInteger(), nullable=False),
        sa.Column("retained_bin", sa.BigInteger(), nullable=False),
        sa.Column("citizen", sa.BigInteger(), nullable=False),
        sa.Column("staff", sa.BigInteger(), nullable=False, comment="taken out again by two people"),
        sa.Column(
            "missing", sa.BigInteger(), nullable=False, comment="below zero where more was found than handed over"
        ),
        sa.Column(
            "flagged", sa.BigInteger(), nullable=False, comment="movements since the last close-out that can't be"
        ),
        sa.Column("closed_out_at", sa.BigInteger(), nullable=True, comment="of the last count that balanced"),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["terminal", "ledger_id"], ["ledgers.terminal", "ledgers.ledger_id"], name=op.f("fk_blank_stocks_terminal")
        ),
        sa.PrimaryKeyConstraint("terminal", "ledger_id", name=op.f("pk_blank_stocks")),
    )
    op.create_table(
        "blank_movements",
        sa.Column("terminal", sa.Text(), nullable=False),
        sa.Column("ledger_id", sa.LargeBinary(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False, comment="the terminal's own count of its movements"),
        sa.Column("move", sa.Text(), nullable=False, comment="handed_over, fed, rejected, presented, taken …"),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False, comment="what was emptied; empty for the rest"),
        sa.Column(
            "job",
            sa.Text(),
            nullable=False,
            comment="transaction id of the replacement; empty where there is none",
        ),
        sa.Column(
            "identification_code",
            sa.Text(),
            nullable=False,
            comment="AAZ501 of the blank; empty until its chip has told it",
        ),
        sa.Column("why", sa.Text(), nullable=False, comment="a machine word"),
        sa.Column(
            "explanation",
            sa.Text(),
            nullable=False,
            comment="of a difference, in the words of the two who signed",
        ),
        sa.Column("signed_by", sa.Text(), nullable=False, comment="staff number or initials"),
        sa.Column("and_by", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.BigInteger(), nullable=False, comment="by the terminal's corrected clock"),
        sa.Column("problem", sa.Text(), nullable=False, comment="why it can't be; empty: it can"),
        sa.PrimaryKeyConstraint("terminal", "ledger_id", "sequence", name=op.f("pk_blank_movements")),
    )
    op.create_index("ix_blank_movements_job", "blank_movements", ["job"])
    op.create_table(
        "fed_jobs",
        sa.Column("job", sa.Text(), nullable=False, comment="transaction id of the replacement"),
        sa.Column("terminal", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_fed_jobs")),
    )


def downgrade() -> None:
    """Take the tables back."""
    op.drop_table("fed_jobs")
    op.drop_table("blank_movements")
    op.drop_table("blank_stocks")
