"""Filings: applications, registrations, notices, papers."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "filings",
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False, comment="what an office finds it by"),
        sa.Column("terminal", sa.Text(), nullable=False, comment="empty for a window"),
        sa.Column("region", sa.Text(), nullable=False, comment="AAB301's pack key"),
        sa.Column("social_security_number", sa.Text(), nullable=False, comment="AAC002"),
        sa.Column("identified_by", sa.Text(), nullable=False, comment="card, id_card; the terminal's word for it"),
        sa.Column(
            "matter_key", sa.Text(), nullable=False, comment="card_application, offsite_care …, or a paper's kind"
        ),
        sa.Column("matter", sa.Text(), nullable=False, comment="all of it, as JSON"),
        sa.Column(
            "state", sa.Text(), nullable=False, comment="received, in_production, ready, done, refused, withdrawn"
        ),
        sa.Column("filed_at", sa.BigInteger(), nullable=False, comment="AAE036"),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.Text(), nullable=True, comment="YYYY-MM-DD, its last day"),
        sa.Column("place", sa.Text(), nullable=False, comment="where it is collected"),
        sa.Column("note", sa.Text(), nullable=False, comment="AAE013, an office's own words to its person"),
        sa.ForeignKeyConstraint(
            ["social_security_number"],
            ["holders.social_security_number"],
            name=op.f("fk_filings_social_security_number"),
        ),
        sa.PrimaryKeyConstraint("transaction_id", name=op.f("pk_filings")),
    )
    op.create_index("ix_filings_social_security_number", "filings", ["social_security_number"])


def downgrade() -> None:
    """Take the tables back."""
    op.drop_table("filings")
