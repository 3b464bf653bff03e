"""How a portrait looked beside the ID card's photo."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_LIKENESS = "same, not_the_same, open; a hint: the portrait beside the ID card's photo, compared at the terminal"


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column("filing_portraits", sa.Column("likeness", sa.Text(), nullable=True, comment=_LIKENESS))
    op.add_column(
        "filing_portraits",
        sa.Column("comparison_text", sa.Text(), nullable=True, comment="which words they read before it was compared"),
    )


def downgrade() -> None:
    """Take the tables back."""
    op.drop_column("filing_portraits", "comparison_text")
    op.drop_column("filing_portraits", "likeness")
