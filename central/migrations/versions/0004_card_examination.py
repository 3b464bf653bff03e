"""Examinations of cards: what they found, and what of it no column held."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_COLUMNS = (
    (
        "cards",
        "pin_repeated",
        sa.Boolean(),
        "the PIN carried over from an older card is one digit all through; empty: not kept",
    ),
    (
        "holders",
        "benefits_blocked",
        sa.Text(),
        "why care is not settled, a machine word; empty: it is",
    ),
    ("transactions", "examination", sa.Text(), "what an examination found, as JSON, to be given again"),
)


def upgrade() -> None:
    """Bring the tables forward."""
    for table, name, kind, comment in _COLUMNS:
        op.add_column(table, sa.Column(name, kind, nullable=True, comment=comment))


def downgrade() -> None:
    """Take the tables back."""
    for table, name, _kind, _comment in _COLUMNS:
        op.drop_column(table, name)
