"""How the holder in a loss report was identified, and what a paper was issued for."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column(
        "transactions",
        sa.Column(
            "identified_by",
            sa.Text(),
            nullable=True,
            comment="of a loss report: card, id_card, typed; the terminal's word for it; empty: not said",
        ),
    )
    op.add_column(
        "filings",
        sa.Column(
            "rests_on",
            sa.Text(),
            nullable=True,
            comment="of a paper: transaction id or order id of what it was issued for; empty: not kept",
        ),
    )


def downgrade() -> None:
    """Take the tables back."""
    op.drop_column("filings", "rests_on")
    op.drop_column("transactions", "identified_by")
