"""Who filed for another."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "filing_proxies",
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False, comment="AAE135, of the ID card that was read first"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False, comment="sent, guardian; the person's word for it"),
        sa.Column("to_show", sa.Text(), nullable=False, comment="papers in the packs' words, with blanks between"),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["filings.transaction_id"], name=op.f("fk_filing_proxies_transaction_id")
        ),
        sa.PrimaryKeyConstraint("transaction_id", name=op.f("pk_filing_proxies")),
    )


def downgrade() -> None:
    """Take the tables back."""
    op.drop_table("filing_proxies")
