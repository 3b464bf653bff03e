"""Portraits that come with an application."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "filing_portraits",
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column(
            "sealed",
            sa.LargeBinary(),
            nullable=False,
            comment="HPKE to the centre's opening key, for this transaction",
        ),
        sa.Column("consent_by", sa.Text(), nullable=False, comment="holder, guardian; who agreed at the terminal"),
        sa.Column("consent_text", sa.Text(), nullable=False, comment="which words they read"),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["filings.transaction_id"], name=op.f("fk_filing_portraits_transaction_id")
        ),
        sa.PrimaryKeyConstraint("transaction_id", name=op.f("pk_filing_portraits")),
    )


def downgrade() -> None:
    """Take the tables back."""
    op.drop_table("filing_portraits")
