"""Why a filing that was taken down without the centre was refused when it arrived."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_VERDICT = "why it was refused on its arrival, taken down without the centre; empty for all else"


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column("filings", sa.Column("verdict", sa.Text(), nullable=True, comment=_VERDICT))


def downgrade() -> None:
    """Take the tables back."""
    op.drop_column("filings", "verdict")
